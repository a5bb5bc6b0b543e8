/** Symptoms of package managers: packages that are not carried, repositories not set up or set up wrongly. */
import { searchFor, searchIndex, setUpDebugRepository, upgradeByPacman } from '../common-remedies.ts';
import { CHECK_SOURCES, install, REBOOT, prepare, run, runAsRoot } from '../../make-remedy.ts';
import type { Remedy, ShellText } from '../../types.ts';
import { isNotFoundAnswer, NOT_FOUND_PATTERNS } from '../package-manager/asked-packages.ts';
import { findJudged, judgeNotFound } from '../package-manager/read-answers.ts';
import { isUnexpanded, type WhyNotFound } from '../package-manager/judge.ts';
import {
  BROKEN,
  CLOCK,
  DISABLED,
  EXCLUDED,
  EXCLUDES_KERNEL,
  OF_A_SOURCE,
  TLS,
  UNREGISTERED,
} from '../package-manager/source-messages.ts';
import { patternsOf } from '../package-manager/templates.ts';
import { INSTALLED, NOT_INSTALLABLE } from '../package-manager/translations.ts';
import type { PackageKind } from '../log-packages.ts';
import { besideImage } from '../beside-image.ts';
import { matchingDebuginfo } from '../other-packages.ts';
import { kernelName, text, type Pattern, type Rule, type Match } from '../rule.ts';
import { asksZypper, type Situation } from '../situation.ts';
import { findArchitecture } from '../../detect/architectures.ts';
import { findUbuntuRelease } from '../../detect/ubuntu-releases.ts';
import { quoteCommand, quoteWord, shellLine, shellText } from '../../shell-words.ts';
import { compareRpmVersions } from '../../version/rpm-vercmp.ts';

/** debuginfo-install names what is installed. A list of programs alone has nothing to do with the kernel. */
const NO_DEBUGINFO = text(
  'Could not find debug',
  /Could not find debug(?:info|source)\b(?!.{0,60} following installed packages: (?!.{0,1000}\bkernel))[^:]{0,80}:? \S/,
);
/** apt knows the package, and has another version of it. */
const VERSION_ABSENT = text('was not found', /^E: Version ["'][^"']{1,80}["'] for /);
/** Answers without a name: what was asked for stands elsewhere in the log, or nowhere. */
const NAMELESS: readonly Pattern[] = [
  NO_DEBUGINFO,
  text('No debuginfo packages available', /No debuginfo packages available/),
  text('No matching packages', /^Error\(\d{3,4}\) : No matching packages/),
];
/** apt speaks the user's language behind "E: ". */
const APT_ERRORS: readonly Pattern[] = [
  text('linux-image-', /^E: .{0,160}?(linux-image-\d[\w.+~-]{2,80})/),
  text('linux-headers-', /^E: .{0,160}?(linux-headers-\d[\w.+~-]{2,80})/),
];
const NO_PACKAGE: readonly Pattern[] = [...NOT_FOUND_PATTERNS, ...NAMELESS, ...APT_ERRORS];
/** Half of what belongs together is in the index. */
const UNMET: readonly Pattern[] = [
  text(
    'but it is not installable',
    /((?:linux|kernel|pve|proxmox)-\S{1,160}) : Depends: (\S{1,160}) .{0,80}but it is not installable/,
  ),
  text(
    'nothing provides',
    new RegExp(
      `nothing provides (?=.{1,160} needed by (?:the to be installed )?((?:kernel|linux)-\\S{1,160}))["'\`]?(\\S{1,160}(?: [<>=]{1,2} [^\\s"'\`]{1,80})?)`,
    ),
  ),
  ...NOT_INSTALLABLE.map((words) => text(words, /((?:linux|kernel|pve|proxmox)-\S{1,160}) : \S{1,40}: (\S{1,160}) /)),
  // The second and further ones of a package stand below the first, without its name.
  text(
    'but it is not installable',
    /^(?:Pre)?Depends: ()((?:linux|kernel)-\S{1,160}) .{0,80}but it is not installable/,
  ),
];
/** apt has it and will not take it: something that it needs is held, or is of another version. */
const NOT_TAKEN = text(
  'is not going to be installed',
  /((?:linux|kernel|pve|proxmox)-\S{1,160}) : \S{1,40} ((?:linux-(?:headers|kbuild|compiler|image)|(?:pve|proxmox)-headers)-\S{1,160}) .{0,80}but it is not going to be installed/,
);
const NOTHING_TO_DO = text('Nothing to do', /^(?:Error: )?Nothing to do\.?$/);
/** People's own words after following the hint. */
const IN_WORDS: readonly Pattern[] = [
  // NVIDIA's container, which asks the repositories of its own image.
  text('Could not resolve Linux kernel version'),
  text('such version', /no such version (?:is )?(?:available|found|exist)/i),
  text('such package', /no such package/i),
  text('not available', /(?:version|package|kernel-\S{1,80}|rpm) (?:is |are )?(?:not|no longer) available/i),
  text('be found', /(?:version|package|kernel-\S{1,80}|rpm)s? (?:can ?not|can't|could not|couldn't) be found/i),
  text('no longer', /(?:version|package|kernel-\S{1,80}|rpm)s? (?:is|are) no longer in/i),
  NOTHING_TO_DO,
];
/** What was asked for is there, in yum's, dnf's and zypper's words. */
const ALL_THERE: readonly Pattern[] = [text('already installed'), ...patternsOf(INSTALLED)];
/** stap-prep says this on Debian and Ubuntu for any package that apt does not know. */
const SEEMS_UNAVAILABLE = text(
  'seem to be available',
  /You need package (\S{1,160}) but it does not seem to be available/,
);
const SEPARATE = text('in a separate repository', /-dbgsym packages are typically in a separate repository/);
const WIKI = text('DebuggingProgramCrash');
/** The same on systems of rpm, with the names below it. */
const NEEDED_LIST = text('Need to install the following packages');
const DDEBS = text('ddebs.ubuntu.com');
/** apt read the index of the debug packages. */
const DDEBS_READ = text('ddebs.ubuntu.com', /^(?:Hit|Get) ?:\d{1,3} https?:\/\/ddebs\.ubuntu\.com\/?\s/);
/** Sources as apt asks them, and as they are written down. */
const SOURCES: readonly Pattern[] = [
  text('InRelease', /^\S{2,20} ?:\d{1,3} https?:\/\/\S{1,200} \S{1,60} InRelease/),
  text('deb http', /^deb https?:\/\/\S{1,200} /),
  text('signed-by=', /^deb \[[^\]]{1,200}\] https?:\/\/\S{1,200} /),
];
/** What curl and apt say of a proxy. */
const PROXY: readonly Pattern[] = [
  text('resolve proxy', /[Cc]ould(?: not|n't) resolve proxy(?:(?: name)?: (?!https?:)([\w.:-]{1,200}\w))?/),
  text('from proxy after CONNECT', /Received HTTP code \d{3} from proxy after CONNECT/),
  text('Proxy CONNECT aborted'),
  text('CONNECT tunnel failed', /CONNECT tunnel failed, response \d{3}/),
  text('rror connecting to proxy'),
];
/** Debian's debug archive has suites of names of its own: bookworm-debug. */
const PLAIN_SUITE = text(
  'debian-debug',
  /debian-debug\/? ([a-z]{3,20}(?:-(?:backports|proposed-updates))?) Release["']/,
);
/** curl's error of a key, or of an index, that lies on the system itself. */
const FILE_ABSENT = text('read a file:// file', /Couldn't read a file:\/\/ file for file:\/\/(\/[^\s\]]{1,300})/);
/** Whoever registers with Red Hat asks through a plugin that says so each time; debug packages are in repositories that are off until they are asked for. */
const SUBSCRIBED = text('Updating Subscription Management repositories');
const DEBUG_ASKED: readonly Pattern[] = [
  text('-debug-rpms'),
  text('(Debug RPMs)'),
  text('--enablerepo', /--enablerepo[= ]["']?\S{0,80}debug/),
];
/** Ubuntu's own tool, on any release. */
const NOT_ATTACHED = text('not attached to', /not attached to an? Ubuntu (?:Pro|Advantage)/);
/** As one logs in, where the standard support has ended; before that it is said of Applications. */
const STANDARD_ENDED = text('Infrastructure is not enabled', /Security Maintenance for Infrastructure is not enabled/);
const UBUNTU_SUITE = text('.ubuntu.com', /\.ubuntu\.com\/ubuntu\S{0,10} ([a-z]{4,12})(?:-[a-z]{1,20})?[ /]/);
const DEBUG_REPOSITORY = /ddebs|debuginfo|dbgsym|-debug|debug-|\bdebug\b/i;
const OTHER_RUNNING = text(
  'version of currently running kernel',
  /Package (\S{1,160}) version (\S{1,80}) does not match version of currently running kernel: (\S{1,80})/,
);
const UPGRADE_REBOOT = text('upgrade && reboot');

/** An image has one kernel, which the development package of another would replace. */
const NOT_BOTH = text(
  'cannot install both kernel-core-',
  /cannot install both kernel-core-(\d\S{1,100}) from \S{1,80} and kernel-core-(\d\S{1,100}) from @System/,
);
const NEEDS_CORE = text('requires kernel-core', /package kernel-devel\S{1,120} from \S{1,80} requires kernel-core/);

/** The package manager has nothing to do: what was asked for is there. */
const THERE_ALREADY = text(
  'already installed',
  /(?:Package )?((?:vz)?kernel(?:-[a-z]\w*)*-devel)-\d\S{1,100} (?:is )?already installed/,
);
const FIND_EXCLUDES = run("grep -Ers '^ *exclude' /etc/dnf /etc/yum.conf /etc/yum.repos.d");
/** What dnf prints while its sources answer. */
const AT_WORK: readonly Pattern[] = [
  text('Dependencies resolved'),
  text('Last metadata expiration check'),
  text(' kB/s | '),
  text(' MB/s | '),
];
const IN_VAIN: readonly WhyNotFound[] = ['right-name', 'meta-package', 'unknown'];

/** Asked for by its right name, or by none that is shown. */
function isAskedInVain(match: Match): boolean {
  const judged = judgeNotFound(match);
  if (judged.length > 0) return judged.some(({ why }) => IN_VAIN.includes(why));
  const nameless = NAMELESS.some((pattern) => match.seen(pattern));
  return nameless && match.situation.release !== null;
}

/** What the packages are really called, for a sentence. */
function rightNames({ situation }: Match, isDebuginfo: boolean, wrongStem: string | null = null): string {
  const { packages } = situation;
  const [words, stems] = isDebuginfo
    ? [packages.debuginfo, packages.debuginfoStems]
    : [packages.devel, packages.develStems];
  const others = stems.filter((stem) => stem !== wrongStem);
  return (words.length > 0 ? words : others.length > 0 ? others : stems).join(' or ');
}

export const REPOSITORY_RULES: readonly Rule[] = [
  {
    code: 'REPO_NO_PACKAGE',
    patterns: NO_PACKAGE,
    hints: [...SOURCES, DDEBS, SUBSCRIBED, ...DEBUG_ASKED],
    grade: (match) =>
      !isAskedInVain(match) ? null : hasNoDebugSource(match) || isWithoutDebugRpms(match) ? 'allows' : 'points',
    cause: (match) =>
      `The enabled repositories answer, but none of them carries ${judgeNotFound(match)[0]?.asked.name ?? (match.seen(NO_DEBUGINFO) ? 'the debug package' : 'the package')} for ${kernelName(match.situation)}: ${isSubscribed(match) ? 'which builds are there depends on what the subscription enables' : 'point releases move to a vault, and old builds are taken away'}.`,
    remedies: (situation, match) => {
      // pacman has the newest alone, by a name that always is there: where it is not found, the list is old or was never fetched.
      const asked = judgeNotFound(match)[0]?.asked;
      const upgrade = /^linux(?:-[a-z]+)?-headers$/.test(asked?.name ?? '') ? upgradeByPacman(situation) : null;
      if (upgrade !== null) return upgrade.remedies;
      const stem = asked?.stem;
      const known = situation.packages.develStems.length > 0 || stem === undefined;
      const isDebug =
        match.seen(NO_DEBUGINFO) ||
        asked?.role === 'debuginfo' ||
        situation.log.packages.some(({ kind, installed }) => kind === 'debuginfo' && !installed);
      const search = known || !asksZypper(situation.place) ? searchIndex(situation, isDebug) : [searchFor([stem])];
      // What was asked for is not shown: by its right name it may be there.
      // What was asked for may also have another name for the same.
      const wanted = isDebug ? situation.packages.debuginfo : situation.packages.devel;
      const isNamed = (stem === undefined && search.length === 0) || isOtherDebugName(match);
      const named = isNamed ? [install(wanted, 'kernel', isDebug ? 'debug' : 'enabled')] : [];
      return [...search, ...activateModule(situation), ...named, ...compareVersions(situation), prepare()];
    },
  },
  {
    code: 'REPO_NO_PACKAGE',
    patterns: UNMET,
    grade: 'points',
    cause: ({ groups }) =>
      `${groups[0] || 'A package'} needs ${groups[1] ?? 'another'}, and no enabled repository has that one: only a part of this build's packages is in the index.`,
  },
  {
    code: 'REPO_NO_PACKAGE',
    patterns: [text('Requires: kernel', /(?:^|\s)Requires: (kernel(?:-\w{1,20}){0,3}-(?:devel|debuginfo)\S{0,80})/)],
    grade: 'points',
    cause: ({ groups }) =>
      `A package needs ${groups[0] ?? 'another'}, which is neither given beside it nor in an enabled repository.`,
  },
  {
    code: 'DEVEL_MISSING',
    patterns: [NOT_TAKEN],
    grade: 'points',
    cause: ({ groups }) =>
      `apt has ${groups[1] ?? 'the headers'} and does not install it: a package that it needs is held back, half installed or of another version.`,
    remedies: (_situation, { groups }) => [
      run('apt-mark showhold'),
      runAsRoot('apt-get --fix-broken install'),
      ...(groups[1] === undefined ? [] : [install([groups[1]], 'kernel')]),
    ],
  },
  {
    code: 'CUSTOM_KERNEL_NO_PACKAGE',
    patterns: NO_PACKAGE,
    grade: (match) => (findJudged(match, 'custom-kernel') === null ? null : 'points'),
    cause: ({ situation }) =>
      `The repositories have no packages of ${kernelName(situation)}, and its release has no form of ${situation.distribution ?? 'any distribution'}: ${situation.packages.custom ?? 'whoever built that kernel has to publish its build tree'}.`,
  },
  {
    code: 'DEVEL_MISSING',
    patterns: [THERE_ALREADY],
    grade: ({ situation, captures }) => {
      const { develStems } = situation.packages;
      const stems = captures.map(([name]) => name ?? '');
      return develStems.length > 0 && !stems.some((name) => develStems.includes(name)) ? 'points' : null;
    },
    cause: (match) =>
      `${match.groups[0] ?? 'What is there'} is of another line of kernels: ${kernelName(match.situation)} needs ${rightNames(match, false)}.`,
  },
  {
    code: 'DEVEL_MISSING',
    patterns: NO_PACKAGE,
    grade: (match) => (findJudged(match, 'wrong-name', ['build-tree', 'program-headers']) === null ? null : 'points'),
    cause: (match) => {
      const asked = findJudged(match, 'wrong-name', ['build-tree', 'program-headers']);
      const why =
        asked?.role === 'program-headers'
          ? 'has the headers for programs and no build tree'
          : 'is not what its packages are called';
      const right = rightNames(match, false, asked?.stem);
      if (asked !== null && isUnexpanded(asked.name))
        return `${asked.name} is what is left of a name with $(uname -r) behind it, which was typed without its marks or printed nothing: ${kernelName(match.situation)} needs ${right === '' ? 'the development package of its release' : right}.`;
      const nameless =
        match.situation.packages.ask === null
          ? 'the development package of its release'
          : 'a development package whose name does not hold the release';
      return `${asked?.name ?? 'What was asked for'} ${why}: ${kernelName(match.situation)} needs ${right === '' ? nameless : right}.`;
    },
  },
  {
    code: 'DEBUGINFO_MISSING',
    patterns: NO_PACKAGE,
    grade: (match) => (findJudged(match, 'wrong-name', ['debuginfo']) === null ? null : 'points'),
    cause: (match) =>
      `${findJudged(match, 'wrong-name', ['debuginfo'])?.name ?? 'What was asked for'} is not what its packages are called: the debug information of ${kernelName(match.situation)} is in ${rightNames(match, true)}.`,
  },
  {
    code: 'REPO_NO_PACKAGE',
    patterns: IN_WORDS,
    hints: ALL_THERE,
    grade: (match) => {
      const { situation, linesOf } = match;
      if (situation.release === null && situation.log.packages.length === 0) return null;
      // What a package manager answers is judged by the name in it.
      const lines = match.lines.filter((line) => !isNotFoundAnswer(line.text));
      if (lines.length > linesOf(NOTHING_TO_DO).length) return 'points';
      if (lines.length === 0) return null;
      // Beside a package that was not found it is a failure, and else what is there already.
      return anySeen(match, ALL_THERE) && !anySeen(match, NO_PACKAGE) ? null : lines.length === 1 ? 'allows' : 'points';
    },
    cause: ({ situation }) => `The enabled repositories do not carry the package of ${kernelName(situation)} any more.`,
  },
  {
    code: 'REPO_NOT_CONFIGURED',
    patterns: NOT_FOUND_PATTERNS,
    hints: [VERSION_ABSENT],
    grade: (match) => (findJudged(match, 'meta-package') === null || match.seen(VERSION_ABSENT) ? null : 'points'),
    cause: (match) =>
      `${findJudged(match, 'meta-package')?.name ?? 'What was asked for'} leads to the newest of its flavour, and every archive that has such kernels as ${match.situation.release ?? ''} has it: the sources of apt name none, or their lists were not fetched.`,
    remedies: ({ packages }, match) => [
      CHECK_SOURCES,
      install(isDebuginfoAsked(match) ? packages.debuginfo : packages.devel, 'kernel'),
    ],
  },
  {
    code: 'REPO_NOT_CONFIGURED',
    patterns: [SEEMS_UNAVAILABLE, SEPARATE, WIKI],
    grade: (match) => (asksOtherSuffix(match) ? null : match.seen(SEPARATE) || match.seen(WIKI) ? 'proves' : 'points'),
    cause: ({ groups }) =>
      `${groups[0] ?? 'The debug package'} is in a repository of its own (ddebs for Ubuntu, debug for others), which is not set up here.`,
  },
  {
    code: 'DEBUGINFO_MISSING',
    patterns: [SEEMS_UNAVAILABLE, SEPARATE],
    grade: (match) => (asksOtherSuffix(match) && matchingDebuginfo(match.situation) === null ? 'points' : null),
    cause: (match) =>
      `stap-prep asks for ${findJudged(match, 'wrong-name', ['debuginfo'])?.name ?? 'a -dbgsym package'}, as other distributions name it: the debug information of ${kernelName(match.situation)} is in ${rightNames(match, true)}, which needs no repository of its own.`,
    remedies: ({ packages }) => [install(packages.debuginfo, 'kernel', 'debug')],
  },
  {
    code: 'REPO_NO_PACKAGE',
    patterns: [SEEMS_UNAVAILABLE],
    grade: (match) => (asksOtherSuffix(match) ? null : 'points'),
    cause: ({ groups }) =>
      `apt knows no package ${groups[0] ?? ''}: its repository is not set up, or it was never published for this build.`,
  },
  {
    code: 'REPO_NOT_CONFIGURED',
    patterns: NO_PACKAGE,
    grade: (match) => (isAskedInVain(match) && isWithoutDebugRpms(match) ? 'points' : null),
    cause: ({ situation }) =>
      `A subscription of Red Hat has debug packages in repositories of their own, which are off until they are enabled${situation.log.withheld.subscribed.length > 0 ? ', and none is among those that are listed as enabled' : ''}.`,
    remedies: (situation) => [
      runAsRoot(
        debugRpmsOf(situation).reduce<ShellText>(
          (line, id) => shellText`${line} --enable=${quoteWord(id)}`,
          shellText`subscription-manager repos`,
        ),
      ),
      install(situation.packages.debuginfo, 'kernel', 'debug'),
    ],
  },
  {
    code: 'REPO_NOT_CONFIGURED',
    patterns: NO_PACKAGE,
    hints: [...SOURCES, DDEBS, DDEBS_READ],
    grade: (match) => {
      if (!isAskedInVain(match)) return null;
      if (match.seen(DDEBS_READ) && !setUpAfterwards(match)) return null;
      const debug = match.lines.some((line) => /debuginfo|dbgsym|-dbg\b/.test(line.text));
      if (debug)
        return setUpAfterwards(match) || match.situation.log.debugRepositoryOff || hasNoDebugSource(match)
          ? 'points'
          : 'allows';
      // What was asked for by name is no debug package.
      return judgeNotFound(match).length > 0 ? null : 'allows';
    },
    cause: ({ lines }) =>
      `${debugPackage(lines) ?? 'The debug package'} may be in a debug repository that is not enabled here.`,
  },
  {
    code: 'REPO_NOT_CONFIGURED',
    patterns: NO_PACKAGE,
    grade: (match) => (isAskedInVain(match) && findSwitchedOff(match) !== null ? 'points' : null),
    cause: (match) =>
      findSwitchedOff(match) === ALL_DEBUG
        ? `Repositories of debug packages are there and switched off, one of them the one for ${kernelName(match.situation)}.`
        : `The repository ${findSwitchedOff(match) ?? ''} is there and switched off, and it is the one for ${kernelName(match.situation)}.`,
    remedies: (situation, match) => {
      const isDebug = isDebuginfoAsked(match);
      const names = isDebug ? situation.packages.debuginfo : situation.packages.devel;
      return names.length === 0
        ? [CHECK_SOURCES, prepare()]
        : [
            runAsRoot(
              shellText`${situation.place.manager ?? 'dnf'} install -y --enablerepo=${quoteWord(findSwitchedOff(match) ?? '')} ${quoteCommand(names)}`,
            ),
          ];
    },
  },
  {
    // dpkg's architecture is one, and the kernel is of another: apt only knows packages of its own.
    code: 'REPO_NOT_CONFIGURED',
    patterns: NOT_FOUND_PATTERNS,
    grade: (match) => (isAskedInVain(match) && foreignArch(match.situation) !== null ? 'proves' : null),
    cause: ({ situation }) =>
      `apt asks for packages of ${situation.log.dpkgArch ?? ''}, and ${kernelName(situation)} is of ${foreignArch(situation) ?? ''}: its headers are among the packages of that architecture alone.`,
    remedies: (situation) => {
      const arch = foreignArch(situation) ?? '';
      return [
        runAsRoot(shellLine`dpkg --add-architecture ${arch}`),
        CHECK_SOURCES,
        // Without -y: what apt would take away for it is the user's to see.
        runAsRoot(
          shellText`apt-get install ${quoteCommand(situation.packages.devel.map((name) => `${name}:${arch}`))}`,
        ),
      ];
    },
    otherwise:
      'apt shows first what it would replace: the compiler that the headers need may take the place of the one that is here. Where that is not wanted, boot a kernel of the architecture of the system.',
  },
  {
    code: 'REPO_NOT_CONFIGURED',
    patterns: NOT_FOUND_PATTERNS,
    hints: [NOT_ATTACHED, STANDARD_ENDED, UBUNTU_SUITE],
    grade: (match) => (isOwnPackageAsked(match) && isLeftToEsm(match) ? 'points' : null),
    cause: ({ situation }) =>
      `This release of Ubuntu is out of its standard support: kernels that came later, as ${kernelName(situation)} seems to be, are in the archive of ESM alone, which a machine has that is attached to Ubuntu Pro.`,
    remedies: ({ packages }) => [
      { kind: 'register', by: 'user', tool: 'pro' },
      run('pro status'),
      CHECK_SOURCES,
      install(packages.devel, 'kernel'),
    ],
    otherwise:
      'Without a subscription the last kernel of the standard support, with its headers, can be booted instead.',
  },
  {
    code: 'REPO_NOT_CONFIGURED',
    patterns: DISABLED,
    hints: AT_WORK,
    grade: (match) => (isRemarkAlone(match) ? null : 'points'),
    cause: (match) =>
      anySeen(match, UNREGISTERED)
        ? 'The system is not registered, or its subscription does not cover these repositories, so none is there that could carry the packages.'
        : 'No repository is enabled that could carry the packages.',
    remedies: (situation, match) =>
      anySeen(match, UNREGISTERED) ? registerFirst(situation, match) : addSources(situation),
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: CLOCK,
    grade: 'proves',
    cause: () =>
      'The clock of this machine is behind: what the source signed is dated in the future, so it is not believed yet.',
    remedies: () => [{ kind: 'set-clock', by: 'user' }, CHECK_SOURCES],
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: EXCLUDED,
    grade: 'proves',
    cause: ({ groups }) =>
      `A source has ${groups[0] ?? 'the package'}, and the configuration of the package manager hides it: an exclude line, a version lock or a module.`,
    remedies: ({ packages }, { groups }) => [
      FIND_EXCLUDES,
      runAsRoot(
        shellText`dnf install -y --disableexcludes=all ${quoteCommand(packages.devel.length > 0 ? packages.devel : [groups[0] ?? 'kernel-devel'])}`,
      ),
    ],
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: EXCLUDES_KERNEL,
    grade: (match) => (anySeen(match, [...NO_PACKAGE, ...IN_WORDS]) ? 'points' : null),
    cause: () =>
      'The configuration of the package manager hides packages of kernels (exclude=kernel), those in files that are given to it as well.',
    remedies: () => [FIND_EXCLUDES],
    otherwise: 'Take the line out, or add --disableexcludes=all to the command that failed.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: PROXY,
    grade: (match) =>
      anySeen(match, BROKEN) || match.lines.some((line) => OF_A_SOURCE.test(line.text)) ? 'proves' : 'allows',
    cause: ({ groups }) =>
      `The package manager goes through a proxy${groups[0] === undefined ? '' : ` (${groups[0]})`} that cannot be found or refuses it; no package source is at fault.`,
    remedies: () => [
      run(
        'grep -rs proxy /etc/dnf /etc/yum.conf /etc/rhsm/rhsm.conf /etc/apt /etc/zypp /etc/sysconfig/proxy /etc/environment',
      ),
      run('env | grep -i proxy'),
      CHECK_SOURCES,
    ],
    otherwise: 'Mend or take out the proxy where it is named; what failed can then be repeated as it was.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: TLS,
    grade: (match) =>
      anySeen(match, [...BROKEN, ...NO_PACKAGE]) || match.lines.some((line) => OF_A_SOURCE.test(line.text))
        ? 'points'
        : null,
    cause: () =>
      'The encrypted connection to a repository was refused: the TLS of this system is too old for the server, or its certificates are.',
    // A certificate is also said to have expired where the clock is ahead.
    remedies: (_situation, { lines }) => [
      ...(lines.some(({ text: line }) => /expired/i.test(line)) ? [run('date -u')] : []),
      install(['ca-certificates', 'openssl'], 'toolchain'),
      CHECK_SOURCES,
      prepare(),
    ],
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: [FILE_ABSENT],
    grade: 'points',
    cause: ({ groups }) => `A source names ${groups[0] ?? 'a file'} of this system, and there is no such file to read.`,
    remedies: (_situation, { groups }) => [
      run(shellLine`ls -l ${(groups[0] ?? '/').replace(/(?<=.)\/[^/]*$/, '')}`),
      CHECK_SOURCES,
    ],
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: BROKEN,
    grade: (match) => (unresolvedHost(match) === null ? null : 'points'),
    cause: (match) =>
      `No name server answered for ${unresolvedHost(match) ?? ''}: this machine has no network or no working DNS, and no package source is at fault. To a machine without network a bundle carries what it needs.`,
    remedies: (_situation, match) => [
      run(shellLine`getent hosts ${unresolvedHost(match) ?? ''}`),
      run('cat /etc/resolv.conf'),
    ],
    otherwise: 'Once the name is found, what failed can be repeated as it was.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: BROKEN,
    hints: [PLAIN_SUITE, ...PROXY],
    grade: (match) => {
      if (unresolvedHost(match) !== null || anySeen(match, PROXY)) return null;
      if (undefinedVariables(match).length > 0) return 'proves';
      // It works for whoever is registered.
      if (anySeen(match, UNREGISTERED)) return 'allows';
      return brokenDebugSource(match) ? 'proves' : 'points';
    },
    cause: (match) => {
      const undefinedOnes = undefinedVariables(match);
      if (undefinedOnes.length > 0) {
        return `The address of a source holds ${undefinedOnes.map((name) => `$${name}`).join(' and ')}, which nothing here defines (a file of that name in the vars directory of yum or dnf, or a variable of a shell), so it does not exist.`;
      }
      const { lines } = match;
      const expanded = lines.some((line) => /\$\{?\w|\$\(lsb_release/.test(line.text));
      return expanded
        ? 'A source was written with a shell variable that was never expanded, so its address does not exist.'
        : 'A configured repository cannot be used: its address, code name, architecture or key is wrong, or it has moved.';
    },
    remedies: (_situation, match) => [...mendSource(match), CHECK_SOURCES, prepare()],
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: [text('ddebs.ubuntu.com', /deb\S{0,8} .{0,40}ddebs\.ubuntu\.com\S{0,4} (?:\$\{?\w|\$\(|main\b)/)],
    grade: (match) => (anySeen(match, BROKEN) ? 'proves' : 'allows'),
    cause: () =>
      'The source of the debug packages names no code name: a shell variable was written into it unexpanded.',
  },
  {
    code: 'REPO_NO_PACKAGE',
    patterns: [NOT_BOTH],
    hints: [NEEDS_CORE],
    grade: (match) => (match.seen(NEEDS_CORE) && newestOffered(match) === null ? 'points' : null),
    cause: ({ groups }) =>
      `The system has kernel ${groups[1] ?? ''}, and the repositories have the development package of ${groups[0] ?? 'an older one'} and none newer: they are behind the image.`,
    remedies: () => [CHECK_SOURCES, prepare()],
    otherwise:
      'Repositories follow within days; until then the image before it, whose kernel they have, can be booted.',
  },
  {
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    patterns: [NOT_BOTH],
    hints: [NEEDS_CORE],
    grade: (match) => (match.seen(NEEDS_CORE) && newestOffered(match) !== null ? 'points' : null),
    cause: (match) =>
      `The repositories have the development package of ${newestOffered(match) ?? ''}, which needs that kernel, and the system still has ${match.groups[1] ?? 'an older one'}: upgrade it, reboot, and ask again.`,
    remedies: ({ place }) => [
      runAsRoot(place.manager === 'rpm-ostree' ? 'rpm-ostree upgrade' : 'dnf upgrade -y --refresh'),
      REBOOT,
    ],
  },
  {
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    patterns: [OTHER_RUNNING, UPGRADE_REBOOT],
    // Old stap-prep takes the word "Debian" out of uname -v for a version.
    grade: ({ groups, seen }) =>
      groups[2] === undefined ? (seen(OTHER_RUNNING) ? null : 'points') : /^\d/.test(groups[2]) ? 'proves' : null,
    cause: ({ groups }) =>
      `Version ${groups[1] ?? ''} of ${groups[0] ?? 'the package'} is installed, but the kernel that runs is ${groups[2] ?? 'another'}: it was upgraded and not rebooted.`,
  },
  {
    code: 'DEVEL_MISSING',
    patterns: [text('Please install linux-headers'), text('Need to install linux-headers')],
    grade: ({ situation: { log, release } }) =>
      log.packages.some((one) => one.installed && one.kind === 'devel' && one.release === release) ? null : 'allows',
    cause: ({ situation }) => `The headers of ${kernelName(situation)} are not installed.`,
  },
  ...(['DEVEL_MISSING', 'DEBUGINFO_MISSING'] as const).map((code): Rule => ({
    code,
    patterns: [NEEDED_LIST],
    grade: (match) => (isNeeded(match, code === 'DEVEL_MISSING' ? 'devel' : 'debuginfo') ? 'allows' : null),
    cause: ({ situation }) =>
      code === 'DEVEL_MISSING'
        ? `The development package of ${kernelName(situation)} is not installed.`
        : `The debug package of ${kernelName(situation)} is not installed.`,
  })),
  {
    code: 'DEBUGINFO_MISSING',
    patterns: [SEEMS_UNAVAILABLE, text('Need to install linux-image')],
    grade: ({ lines }) => (lines.some((line) => /dbgsym|-dbg\b/.test(line.text)) ? 'allows' : null),
    cause: ({ situation }) => `The debug package of ${kernelName(situation)} is not installed.`,
  },
];

/** An unregistered system is told so at every run, also where it has other sources and those have all that was asked for. */
function isRemarkAlone(match: Match): boolean {
  if (!match.lines.every((line) => /not registered with an entitlement|manager to register/.test(line.text)))
    return false;
  const first = match.lines[0]?.position ?? 0;
  const goesOn = AT_WORK.some((pattern) => match.linesOf(pattern).some((line) => line.position >= first));
  return goesOn && !anySeen(match, [...NO_PACKAGE, ...UNMET, NOT_TAKEN, ...IN_WORDS, ...BROKEN, ...TLS, ...EXCLUDED]);
}

/** A kernel that the repositories offer and that is newer than the system's; null where none is. */
function newestOffered({ captures }: Match): string | null {
  const newer = captures.find(([offered = '', present = '']) => compareRpmVersions(offered, present) > 0);
  return newer?.[0] ?? null;
}

/** One of the names of the kernel's debug package was asked for, and not the first. */
function isOtherDebugName(match: Match): boolean {
  const { debuginfo } = match.situation.packages;
  const asked = judgeNotFound(match).filter((one) => one.asked.role === 'debuginfo');
  return asked.length > 0 && debuginfo.length > 0 && !asked.some((one) => debuginfo.includes(one.asked.name));
}

/** Whether what stap-prep needs is of a kind; of any where it is not shown. */
function isNeeded({ lines, situation }: Match, kind: PackageKind): boolean {
  const heads = lines.map(({ position }) => position);
  const named = situation.log.packages.filter(
    ({ line, installed }) =>
      !installed && heads.some((head) => line.position > head && line.position <= head + LONGEST_LIST),
  );
  return named.length === 0 || named.some((one) => one.kind === kind);
}

const LONGEST_LIST = 5;

/** stap-prep asks every system of dpkg for -dbgsym, and some have -dbg of a kernel, among the packages themselves. */
function asksOtherSuffix(match: Match): boolean {
  if (findJudged(match, 'wrong-name', ['debuginfo']) !== null) return true;
  const isNamed = judgeNotFound(match).length > 0;
  const { debuginfo } = match.situation.packages;
  return !isNamed && match.seen(SEPARATE) && debuginfo.length > 0 && debuginfo.every((name) => name.endsWith('-dbg'));
}

function isDebuginfoAsked(match: Match): boolean {
  return match.seen(NO_DEBUGINFO) || judgeNotFound(match).some(({ asked }) => asked.role === 'debuginfo');
}

const ALL_DEBUG = '*debug*';

/** Debug packages are asked for of a RHEL, and nothing shows that one of the repositories that hold them was asked. */
function isWithoutDebugRpms(match: Match): boolean {
  return isSubscribed(match) && isDebuginfoAsked(match) && !anySeen(match, [...DEBUG_ASKED, ...UNREGISTERED]);
}

function isSubscribed({ situation, seen }: Match): boolean {
  return situation.log.withheld.subscribed.length > 0 || situation.distribution === 'rhel' || seen(SUBSCRIBED);
}

/** Those of the repositories that are listed as enabled: each has its own, by a word before the last. */
function debugRpmsOf({ log }: Situation): readonly string[] {
  const binary = log.withheld.subscribed.filter((id) => !/(?:debug|source)-rpms$/.test(id));
  return binary.length === 0 ? ['*-debug-rpms'] : binary.map((id) => id.replace(/-rpms$/, '-debug-rpms'));
}

/** Of a kernel that nobody of the tables packages: what the sources have of its image and its headers, which have to be of one version. */
function compareVersions(situation: Situation): readonly Remedy[] {
  const { packages, place } = situation;
  if (place.manager !== 'apt-get' || packages.standing !== 'unknown' || packages.devel.length === 0) return [];
  const names = [besideImage(situation)?.image ?? [], ...packages.devel].flat();
  return [run(shellText`apt-cache policy ${quoteCommand(names)}`)];
}

/** Oracle's UEK has a repository for each series, whose number stands in its id. */
const UEK_SERIES: readonly (readonly [string, string])[] = [
  ['3.8.', '3'],
  ['4.1.', '4'],
  ['4.14.', '5'],
  ['5.4.', '6'],
  ['5.15.', '7'],
  ['6.12.', '8'],
];

/** The repository that has what was asked for, among those that a list shows as switched off. */
function findSwitchedOff(match: Match): string | null {
  const { release, log } = match.situation;
  const debug = log.withheld.switchedOff.filter((id) => /debug/i.test(id));
  // Of several any may be the one.
  if (isDebuginfoAsked(match)) return debug.length > 1 ? ALL_DEBUG : (debug[0] ?? null);
  const series = UEK_SERIES.find(([begin]) => release?.includes('uek') === true && release.startsWith(begin))?.[1];
  const form = new RegExp(`UEKR${series ?? ''}(?!\\d)`, 'i');
  return series === undefined ? null : (log.withheld.switchedOff.find((id) => form.test(id)) ?? null);
}

/** The kernel's architecture in dpkg's word, where dpkg has said that its own is another; null otherwise. */
function foreignArch({ log, arch }: Situation): string | null {
  const own = findArchitecture(arch ?? '');
  const seen = findArchitecture(log.dpkgArch ?? '');
  // armel and armhf run on the same kernels, and Raspbian calls its own armhf on every board.
  return own === null || seen === null || own.elf === seen.elf ? null : own.deb;
}

/** SUSE has the kernels of clouds in a module of its own: the release names the service pack, 150400 is 15.4. */
function activateModule({ release, place, arch }: Situation): readonly Remedy[] {
  const [, major, pack] = /-(1\d)0(\d)00\.\S{1,40}-azure$/.exec(release ?? '') ?? [];
  if (major === undefined || pack === undefined || !asksZypper(place)) return [];
  return [runAsRoot(shellLine`SUSEConnect -p sle-module-public-cloud/${major}.${pack}/${arch ?? 'x86_64'}`)];
}

/** A package that was asked for is one of the kernel's own, by the whole of its name; a misspelt one is in no archive. */
function isOwnPackageAsked(match: Match): boolean {
  const { release, packages } = match.situation;
  const isOwn = (name: string): boolean => name.replace(/[:=].*$/, '').endsWith(`-${release}`);
  return (
    packages.standing === 'packaged' &&
    judgeNotFound(match).some(
      ({ asked, why }) => why === 'right-name' && asked.role !== 'debuginfo' && isOwn(asked.name),
    )
  );
}

/** The standard support of this Ubuntu is over, and the machine has none that goes on. */
function isLeftToEsm({ situation: { host, log, distribution }, seen, linesOf }: Match): boolean {
  if (seen(STANDARD_ENDED)) return true;
  const suites = linesOf(UBUNTU_SUITE).map((line) => UBUNTU_SUITE.regex?.exec(line.text)?.[1]);
  const version = distribution === 'ubuntu' ? (host?.os.versionId ?? log.distributionVersion) : null;
  return seen(NOT_ATTACHED) && [version, ...suites].some((word) => findUbuntuRelease(word)?.archive === 'esm');
}

/** The debug repository is only added after the package was asked for in vain. */
function setUpAfterwards(match: Match): boolean {
  const asked = match.lines[0]?.position ?? 0;
  const added = match.linesOf(DDEBS)[0]?.position;
  return added !== undefined && added > asked;
}

/** A debug package of Ubuntu is asked for, the sources are shown, and the archive of debug packages is not among them. */
function hasNoDebugSource({ lines, linesOf, seen, situation }: Match): boolean {
  const isAsked = lines.some((line) => /-dbgsym\b/.test(line.text));
  const isShown = SOURCES.flatMap(linesOf).length > 0;
  return isAsked && situation.distribution === 'ubuntu' && isShown && !seen(DDEBS);
}

/** What mends the one source that is named, where that is known. */
function mendSource({ linesOf }: Match): readonly Remedy[] {
  const suite = PLAIN_SUITE.regex?.exec(linesOf(PLAIN_SUITE)[0]?.text ?? '')?.[1];
  if (suite === undefined) return [];
  // One line a source, or a paragraph of fields.
  const inLines = `/debian-debug/ s/ ${suite} / ${suite}-debug /`;
  const inFields = String.raw`/debian-debug/,/^$/ s/^\(Suites:.*\) ${suite}\b/\1 ${suite}-debug/`;
  return [
    runAsRoot(
      shellLine`sed -i -e ${inLines} -e ${inFields} $(grep -rls debian-debug /etc/apt/sources.list /etc/apt/sources.list.d)`,
    ),
  ];
}

/** The host whose name could not be looked up just then (EAI_AGAIN), where that is all that is said of sources. */
function unresolvedHost({ lines }: Match): string | null {
  const hosts = lines.map(({ text: line }) => /Temporary failure resolving ["'](\w[\w.-]{0,200})["']/.exec(line)?.[1]);
  return hosts.includes(undefined) ? null : (hosts[0] ?? null);
}

function debugPackage(lines: Match['lines']): string | null {
  return (
    lines
      .map((line) => /[\w.+-]{0,120}(?:debuginfo|dbgsym|-dbg)[\w.+-]{0,120}/.exec(line.text)?.[0])
      .find((name) => name?.includes('-') === true) ?? null
  );
}

function anySeen(match: Match, patterns: readonly Pattern[]): boolean {
  return patterns.some((pattern) => match.seen(pattern));
}

/** Names of variables that still stand in addresses which were asked; those that package managers know are expanded. */
function undefinedVariables(match: Match): readonly string[] {
  const texts = match.lines.map((line) => line.text);
  const names = texts.flatMap((line) =>
    [...line.matchAll(/https?:\/\/\S{1,300}/g)].flatMap(([url]) =>
      [...url.matchAll(/\$\{?([a-zA-Z_]\w{1,40})/g)].flatMap(([, name]) => name ?? []),
    ),
  );
  return [...new Set(names)];
}

/** No source at all is another matter than no debug repository; who is registered with SUSE asks its own tool. */
function addSources(situation: Situation): readonly Remedy[] {
  const ask = asksZypper(situation.place) ? [CHECK_SOURCES, run('SUSEConnect --status-text')] : [];
  return [...ask, ...setUpDebugRepository(situation)];
}

/** The subscription brings the repositories; which ones hold debug packages depends on it. */
function registerFirst(situation: Situation, match: Match): readonly Remedy[] {
  const suse = asksZypper(situation.place) || match.lines.some((line) => line.text.includes('SUSEConnect'));
  const isPro = match.lines.some((line) => line.text.includes('esm.ubuntu.com'));
  return [
    { kind: 'register', by: 'user', tool: isPro ? 'pro' : suse ? 'SUSEConnect' : 'subscription-manager' },
    install([...situation.packages.devel, ...situation.packages.debuginfo], 'kernel', 'debug'),
  ];
}

/** Whether the source that fails is the one of debug packages; any other may have nothing to do with it. */
function brokenDebugSource(match: Match): boolean {
  return BROKEN.some((pattern) => match.linesOf(pattern).some((line) => DEBUG_REPOSITORY.test(line.text)));
}
