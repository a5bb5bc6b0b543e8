/** Symptoms of package managers: packages that are not carried, repositories not set up or set up wrongly. */
import { kernelName, text, type Pattern, type Rule, type Sight } from '../rule.ts';

const KERNEL_WORD = String.raw`(?:kernel|linux-(?:headers|image|modules)|systemtap)`;
/** yum, dnf, zypper, apt and stap-prep each say it in their own way. */
const NO_PACKAGE: readonly Pattern[] = [
  text('No package ', new RegExp(`No package (${KERNEL_WORD}\\S{0,160}) (?:is )?available`)),
  text('No match for argument', new RegExp(`No match for argument:? ["']?(${KERNEL_WORD}[^\\s"']{0,160})`)),
  text('Unable to find a match', new RegExp(`Unable to find a match:? ["']?(${KERNEL_WORD}[^\\s"']{0,160})`)),
  text('Could not find debug', /Could not find debug(?:info|source)\b[^:]{0,80}:? (\S{1,160})/),
  text('No debuginfo packages available', /No debuginfo packages available/),
  // apt speaks the user's language behind "E: ".
  text('linux-image-', /^E: .{0,160}?(linux-image-\d[\w.+~-]{2,80})/),
  text('linux-headers-', /^E: .{0,160}?(linux-headers-\d[\w.+~-]{2,80})/),
  text('Unable to locate package', new RegExp(`Unable to locate package (${KERNEL_WORD}\\S{0,160})`)),
  text(
    "Couldn't find any package by",
    new RegExp(`Couldn't find any package by (?:glob|regex) ["'](${KERNEL_WORD}[^"']{0,160})`),
  ),
  text(
    'has no installation candidate',
    new RegExp(`Package ["']?(${KERNEL_WORD}[^\\s"']{0,160})["']? has no installation candidate`),
  ),
  text(
    'was not found',
    new RegExp(`Version ["'][^"']{1,80}["'] for ["'](${KERNEL_WORD}[^"']{0,160})["'] was not found`),
  ),
  text('No provider of', new RegExp(`No provider of ["'](${KERNEL_WORD}[^"']{0,160})["']`)),
  text(
    'not found in package names',
    new RegExp(`["']?(${KERNEL_WORD}[^\\s"']{0,160})["']? not found in package names`),
  ),
  text('nothing provides', new RegExp(`nothing provides (${KERNEL_WORD}\\S{0,160})`)),
  text('is not available', new RegExp(`(?:^|[\\s"'])(${KERNEL_WORD}[-\\w.+~]{1,160})["']? is not available`)),
  text('does not exist', new RegExp(`(?:^|[\\s"'])(${KERNEL_WORD}[-\\w.+~]{1,160})["']? does not exist`)),
];
/** People's own words after following the hint. */
const IN_WORDS: readonly Pattern[] = [
  text('such version', /no such version (?:is )?(?:available|found|exist)/i),
  text('such package', /no such package/i),
  text('not available', /(?:version|package|kernel-\S{1,80}|rpm) (?:is |are )?(?:not|no longer) available/i),
  text('be found', /(?:version|package|kernel-\S{1,80}|rpm)s? (?:can ?not|can't|could not|couldn't) be found/i),
  text('no longer', /(?:version|package|kernel-\S{1,80}|rpm)s? (?:is|are) no longer in/i),
  text('Nothing to do', /^(?:Error: )?Nothing to do\.?$/),
];
/** stap-prep says this on Debian and Ubuntu for any package that apt does not know. */
const SEEMS_UNAVAILABLE = text(
  'seem to be available',
  /You need package (\S{1,160}) but it does not seem to be available/,
);
const SEPARATE = text('in a separate repository', /-dbgsym packages are typically in a separate repository/);
const WIKI = text('DebuggingProgramCrash');
const DISABLED: readonly Pattern[] = [
  text('no enabled repos', /no enabled repo/i),
  text('Repository list is empty'),
  text('is disabled', /repo\S{0,20} \S{0,80}debug\S{0,60} is disabled/i),
  text('There are no enabled repositories'),
  text('is not registered', /system is not registered|not registered (?:with|to) an entitlement/i),
  text('have no subscriptions'),
  text('No debuginfo repo', /No debuginfo repositor/i),
];
const DDEBS = text('ddebs.ubuntu.com');
/** A source that is there and does not work. */
const BROKEN: readonly Pattern[] = [
  text('NO_PUBKEY', /NO_PUBKEY (\w{8,40})/),
  text("signatures couldn't be verified"),
  text('signatures were invalid'),
  text(' is not signed', /The repository ["'].{1,300}["'] is not signed/),
  text('does not have a Release file', /The repository ["'](.{1,300}?)["'] does (?:not|no longer) have a Release file/),
  text('no longer has a Release file'),
  text('Malformed entry'),
  text('Malformed line'),
  text('Malformed stanza'),
  text('is not known on line', /Type ["'].{1,60}["'] is not known on line/),
  text('404  Not Found', /(?:^|\s)(?:Err|E|W|Ign)\S{0,6}:? .{0,300}404 {1,2}Not Found/),
  text(
    '404 Not Found',
    /(?:ddebs|debug|dbg|Release|Packages|repomd|repodata).{0,300}404 Not Found|404 Not Found.{0,200}(?:ddebs|debug|Release|repomd|Trying other mirror)/,
  ),
  text('Failed to fetch', /Failed to fetch (\S{1,300})/),
  text('/etc/apt/', /^[EW]: .{0,160}\/etc\/apt\/(?:sources|trusted|keyrings)/),
  text('InRelease', /^[EW]: .{0,120}?(https?:\/\/\S{1,200}\/InRelease)\b/),
  text('Cannot find a valid baseurl'),
  text('Could not retrieve mirrorlist'),
  text('retrieve repository metadata', /Cannot retrieve (?:repository )?metadata/),
  text('Failed to download metadata'),
  text('All mirrors were tried'),
  text('Public key for', /Public key for \S{1,200} is not installed/),
  text('GPG key retrieval failed'),
  text('GPG check FAILED'),
  text('Conflicting values set for option Signed-By'),
  text('Release file for', /Release file for .{1,200} is (?:expired|not valid)/),
  text('Skipping acquire of configured file'),
  text('Valid metadata not found'),
  text('Repository type can', /Repository type can ?not be determined|Repository ["'].{1,200}["'] is invalid/),
  text(
    'Could not resolve host',
    /Could not resolve host:? ["']?(?:mirrorlist|vault|debuginfo|mirror|ddebs|download|archive)\S{0,120}/,
  ),
  text('unsupported URL protocol'),
];
const DEBUG_REPOSITORY = /ddebs|debuginfo|dbgsym|-debug|debug-|\bdebug\b/i;
const OTHER_RUNNING = text(
  'version of currently running kernel',
  /Package (\S{1,160}) version (\S{1,80}) does not match version of currently running kernel: (\S{1,80})/,
);
const UPGRADE_REBOOT = text('upgrade && reboot');

export const REPOSITORY_RULES: readonly Rule[] = [
  {
    code: 'REPO_NO_PACKAGE',
    patterns: NO_PACKAGE,
    likelihood: (sight) =>
      brokenDebugSource(sight) ? 66 : sight.seen(SEPARATE) ? 64 : anySeen(sight, DISABLED) ? 60 : 86,
    cause: ({ groups, situation }) =>
      `The enabled repositories answer, but none of them carries ${groups[0] ?? 'the package'} for ${kernelName(situation)}: point releases move to a vault, and old builds are taken away.`,
  },
  {
    code: 'REPO_NO_PACKAGE',
    patterns: IN_WORDS,
    likelihood: ({ situation, lines }) => {
      const aboutKernel = situation.release !== null || situation.log.packages.length > 0;
      return aboutKernel
        ? /^(?:Error: )?Nothing to do/.test(lines[0]?.text ?? '') && lines.length === 1
          ? 45
          : 80
        : 25;
    },
    cause: ({ situation }) => `The enabled repositories do not carry the package of ${kernelName(situation)} any more.`,
  },
  {
    code: 'REPO_NOT_CONFIGURED',
    patterns: [SEEMS_UNAVAILABLE, SEPARATE, WIKI],
    likelihood: ({ seen }) => (seen(SEPARATE) || seen(WIKI) ? 88 : 74),
    cause: ({ groups }) =>
      `${groups[0] ?? 'The debug package'} is in a repository of its own (ddebs for Ubuntu, debug for others), which is not set up here.`,
  },
  {
    code: 'REPO_NO_PACKAGE',
    patterns: [SEEMS_UNAVAILABLE],
    likelihood: ({ seen }) => (seen(SEPARATE) ? 62 : 72),
    cause: ({ groups }) =>
      `apt knows no package ${groups[0] ?? ''}: its repository is not set up, or it was never published for this build.`,
  },
  {
    code: 'REPO_NOT_CONFIGURED',
    patterns: NO_PACKAGE,
    likelihood: (sight) => {
      const debug = sight.lines.some((line) => /debuginfo|dbgsym|-dbg\b/.test(line.text));
      if (!debug) return 30;
      if (anySeen(sight, DISABLED) || setUpAfterwards(sight)) return 88;
      return 68;
    },
    cause: ({ lines }) =>
      `${debugPackage(lines) ?? 'The debug package'} may be in a debug repository that is not enabled here.`,
  },
  {
    code: 'REPO_NOT_CONFIGURED',
    patterns: DISABLED,
    likelihood: () => 74,
    cause: () => 'No repository is enabled that could carry the packages.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: BROKEN,
    likelihood: (sight) => (brokenDebugSource(sight) ? 90 : 70),
    cause: ({ lines }) => {
      const expanded = lines.some((line) => /\$\{?\w|\$\(lsb_release/.test(line.text));
      return expanded
        ? 'A source was written with a shell variable that was never expanded, so its address does not exist.'
        : 'A configured repository cannot be used: its address, code name, architecture or key is wrong, or it has moved.';
    },
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: [text('ddebs.ubuntu.com', /deb\S{0,8} .{0,40}ddebs\.ubuntu\.com\S{0,4} (?:\$\{?\w|\$\(|main\b)/)],
    likelihood: (sight) => (anySeen(sight, BROKEN) ? 91 : 50),
    cause: () =>
      'The source of the debug packages names no code name: a shell variable was written into it unexpanded.',
  },
  {
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    patterns: [OTHER_RUNNING, UPGRADE_REBOOT],
    // Old stap-prep takes the word "Debian" out of uname -v for a version.
    likelihood: ({ groups, seen }) =>
      groups[2] === undefined ? (seen(OTHER_RUNNING) ? 0 : 60) : /^\d/.test(groups[2]) ? 87 : 0,
    cause: ({ groups }) =>
      `Version ${groups[1] ?? ''} of ${groups[0] ?? 'the package'} is installed, but the kernel that runs is ${groups[2] ?? 'another'}: it was upgraded and not rebooted.`,
  },
  {
    code: 'DEVEL_MISSING',
    patterns: [
      text('Please install linux-headers'),
      text('Need to install linux-headers'),
      text('Need to install the following packages'),
    ],
    likelihood: () => 52,
    cause: ({ situation }) => `The headers or debug packages of ${kernelName(situation)} are not installed.`,
  },
  {
    code: 'DEBUGINFO_MISSING',
    patterns: [SEEMS_UNAVAILABLE, text('Need to install linux-image')],
    likelihood: ({ lines }) => (lines.some((line) => /dbgsym|-dbg\b/.test(line.text)) ? 50 : 0),
    cause: ({ situation }) => `The debug package of ${kernelName(situation)} is not installed.`,
  },
];

/** The debug repository is only added after the package was asked for in vain. */
function setUpAfterwards(sight: Sight): boolean {
  const asked = sight.lines[0]?.position ?? 0;
  const added = sight.linesOf(DDEBS)[0]?.position;
  return added !== undefined && added > asked;
}

function debugPackage(lines: Sight['lines']): string | null {
  return (
    lines
      .map((line) => /[\w.+-]{0,120}(?:debuginfo|dbgsym|-dbg)[\w.+-]{0,120}/.exec(line.text)?.[0])
      .find((name) => name?.includes('-') === true) ?? null
  );
}

function anySeen(sight: Sight, patterns: readonly Pattern[]): boolean {
  return patterns.some((pattern) => sight.seen(pattern));
}

/** Whether the source that fails is the one of debug packages; any other may have nothing to do with it. */
function brokenDebugSource(sight: Sight): boolean {
  return BROKEN.some((pattern) => sight.linesOf(pattern).some((line) => DEBUG_REPOSITORY.test(line.text)));
}
