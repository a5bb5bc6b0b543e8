/** Symptoms of SystemTap itself: missing, partial, mixed, in the wrong language of its own parts. */
import { onHost, run, runAsRoot } from '../../make-remedy.ts';
import { quoteCommand, shellLine, shellText } from '../../shell-words.ts';
import { gradeOfMeant, wholeRelease } from '../release-option.ts';
import type { Remedy, ShellText } from '../../types.ts';
import { NO_CONFIG } from './build-tree.ts';
import { text, type Match, type Pattern, type Rule } from '../rule.ts';

const NO_SCRIPTS = text('library script', /user script and 0 library script/);
const TAPSET_ERRORS = text('has errors, and will be skipped', /tapset ["']?(\S{1,300}?)["']? has errors/);
const STAP_WORD = String.raw`(?:stap|staprun|stapio|stapdyn|stapbpf)`;
const NOT_FOR_SUDO = text('command not found', new RegExp(`^sudo: (${STAP_WORD}): command not found`));
/** What stap prints of itself. */
const STARTS = text('Systemtap translator/driver');
/** Functions that the tapset of every version defines: without one of them there is no tapset. */
const BASIC_FUNCTIONS =
  'exit|pid|tid|ppid|uid|gid|execname|pexecname|cpu|target|pp|probefunc|gettimeofday_[a-z]+|get_cycles|kernel_string|user_string|cmdline_str|thread_indent|log|error|ctime|print_backtrace|sprint_ubacktrace';

/** The machine that stap was told to run on, by ssh. */
const REMOTE = text(
  '--remote',
  /\bstap\b.{0,300}?\s--remote[= ]["']?(?:ssh:\/\/)?(?!-)((?:[\w.-]{1,64}@)?[\w.-]{1,200})(?::(\d{1,5}))?(?=["'\s/]|$)(?!.{0,300}\s--remote)/,
);

/** Of whichever package system it has. */
const INSTALL_LOADER = ['apt-get', 'dnf', 'yum', 'zypper']
  .map((manager) => `${manager} install -y systemtap-runtime`)
  .join(' || ');

/** Null where it is one of several, or none of ssh's. */
function remoteOf(linesOf: Match['linesOf']): { readonly host: string; readonly port: string | null } | null {
  const [, host, port] = REMOTE.regex?.exec(linesOf(REMOTE)[0]?.text ?? '') ?? [];
  return host === undefined ? null : { host, port: port ?? null };
}

function installThere(linesOf: Match['linesOf']): Remedy {
  const { host, port } = remoteOf(linesOf) ?? { host: 'HOST', port: null };
  const isRoot = host.startsWith('root@');
  const command = isRoot ? INSTALL_LOADER : shellLine`sudo sh -c ${INSTALL_LOADER}`;
  return onHost(shellText`ssh -t ${port === null ? '' : shellLine`-p ${port} `}${quoteCommand([host, command])}`);
}

/** Where staprun was configured to find it. */
const STAPIO_GONE = text(
  'systemtap/stapio',
  /^(?!(?:ls|stat|find|file|cat|\S{0,20}sh): ).{0,300}?(\/[^\s:"']{1,250}\/systemtap\/stapio)["']?:? .{0,30}No such file or directory/,
);
/** What runs a module needs no compiler, and is often copied alone. */
const LOADER_LACKS_LIBRARY = text(
  'error while loading shared libraries',
  /(\S{0,200}\b(?:staprun|stapio)): error while loading shared libraries: (\S{1,120}): cannot open shared object file/,
);

function lddOf(program: string): ShellText {
  return program.includes('/') ? shellLine`ldd ${program}` : shellLine`ldd "$(command -v ${program})"`;
}

const NOT_SETUID: readonly Pattern[] = [
  text('effective user ID of staprun'),
  text('ensure it is a setuid root program'),
];
/** ls shows the bit, which is set. */
const SETUID_SEEN = text('/staprun', /^-r[w-]s\S{6,8} .{0,200}?(\/\S{1,200}\/staprun)$/);
const STAPRUN_RAN = text('/staprun', /(\/\S{1,200}\/staprun) exited with status/);

function staprunOf({ linesOf }: Match): string {
  const [seen] = linesOf(SETUID_SEEN);
  const [ran] = linesOf(STAPRUN_RAN);
  const path = SETUID_SEEN.regex?.exec(seen?.text ?? '')?.[1] ?? STAPRUN_RAN.regex?.exec(ran?.text ?? '')?.[1];
  return path ?? '/usr/bin/staprun';
}

/** Where it lies, if that is shown to honour no set-uid bit. */
function nosuidMountOf(match: Match): string | null {
  const path = staprunOf(match);
  const mounts = match.situation.log.nosuidMounts.filter((mount) => mount === '/' || path.startsWith(`${mount}/`));
  return mounts.toSorted((a, b) => b.length - a.length)[0] ?? null;
}

function hasItsBit(match: Match): boolean {
  return match.seen(SETUID_SEEN) || nosuidMountOf(match) !== null;
}

/** Where packages put it, and root alone anything. A mount of any other place may be nosuid for the sake of what lies there. */
const PLACE_OF_PACKAGES = /^\/(?:(?:usr|opt)(?:\/(?!\.\.?(?:\/|$))[^/]+)*)?$/;

function liesWithPackages(match: Match): boolean {
  return PLACE_OF_PACKAGES.test(nosuidMountOf(match) ?? staprunOf(match));
}

function seeMount(match: Match): Remedy {
  return run(shellLine`findmnt -o TARGET,OPTIONS -T ${staprunOf(match)}`);
}

function tellNosuid(match: Match): string {
  const mount = nosuidMountOf(match);
  return mount === null
    ? `${staprunOf(match)} has its set-uid bit, and it does not count: its file system must be mounted nosuid.`
    : `${staprunOf(match)} lies on ${mount}, which is mounted nosuid, so that its set-uid bit does not count.`;
}

export const INSTALLATION_RULES: readonly Rule[] = [
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: [NO_SCRIPTS],
    grade: 'points',
    cause: () =>
      'stap read 0 library scripts: its tapset directory is missing, or a stap that was never installed is run from its build tree.',
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: [
      TAPSET_ERRORS,
      text('systemtap/tapset/', /saw: .{0,160}?(\/\S{1,200}\/tapset\/[\w./-]{1,120}\.stp)/),
      text('systemtap/tapset/', /parse error: .{0,160}?(\/\S{1,200}\/tapset\/[\w./-]{1,120}\.stp)/),
    ],
    grade: 'points',
    cause: ({ groups }) =>
      `stap cannot parse its own tapset${groups[0] === undefined ? '' : ` (${groups[0]})`}: stap and tapset come from different versions, or the file is damaged.`,
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: [
      text(
        'semantic error: unresolved',
        new RegExp(
          `semantic error: unresolved (?:arity-\\d )?function(?: call)?(?: (?=(?:${BASIC_FUNCTIONS})\\b)|.{0,160}?identifier ["'])(${BASIC_FUNCTIONS})\\b`,
        ),
      ),
    ],
    grade: 'points',
    cause: ({ groups }) =>
      `The tapset function ${groups[0] ?? ''} is unknown, which every version has: the tapset is not found or of another version.`,
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: [text('semantic error: ', /semantic error: (?:unresolved|duplicate|type mismatch).{0,300}\/tapset\//)],
    grade: 'points',
    cause: () => 'stap does not understand its own tapset: stap and tapset come from different versions.',
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: [STAPIO_GONE],
    grade: 'proves',
    cause: ({ groups }) =>
      `staprun looks for stapio where it was to be installed, at ${groups[0] ?? ''}, and it is not there: only a part of SystemTap was brought to this machine, or to another directory.`,
    remedies: (_situation, { groups }) => [
      run(shellLine`ls -l ${groups[0] ?? '/'}`),
      runAsRoot('find / -xdev -type f -name stapio'),
    ],
    otherwise:
      'It has to be copied to that path; or SYSTEMTAP_STAPIO names where it is, which a staprun that is set-uid root does not read for others than root.',
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: [LOADER_LACKS_LIBRARY],
    grade: 'proves',
    cause: ({ groups }) =>
      `${groups[0] ?? 'staprun'} does not start: ${groups[1] ?? 'a library that it was linked with'} is missing on this machine.`,
    remedies: (_situation, { groups }) => [run(lddOf(groups[0] ?? 'staprun'))],
    otherwise:
      'It runs with the libraries that it was built for: those that are not found have to be installed, or copied from where it was built, together with stapio.',
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: [
      text(
        'error while loading shared libraries',
        new RegExp(`${STAP_WORD}: error while loading shared libraries: (\\S{1,120}):`),
      ),
      text('symbol lookup error', new RegExp(`${STAP_WORD}: symbol lookup error`)),
      text('relocation error', new RegExp(`${STAP_WORD}: relocation error`)),
      text(
        '(required by',
        new RegExp(`version ["'\`](\\S{1,60})["'] not found \\(required by \\S{0,200}${STAP_WORD}\\)`),
      ),
    ],
    grade: 'proves',
    cause: ({ groups }) =>
      `stap does not start: ${groups[0] ?? 'a library that it was linked with'} is missing or of another version.`,
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: [text('command not found', /\b(?:stapsh|staprun|stapio): command not found/)],
    hints: [REMOTE],
    grade: ({ seen }) => (seen(REMOTE) ? 'points' : null),
    cause: ({ linesOf }) =>
      `--remote runs the module on ${remoteOf(linesOf)?.host ?? 'another machine'}, and SystemTap's loader is not installed there.`,
    remedies: (_situation, { linesOf }) => [installThere(linesOf)],
    otherwise: 'Its package systemtap-runtime is enough there; both sides need the same version.',
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: [NOT_FOR_SUDO],
    hints: [STARTS],
    grade: (match) => (startsForUser(match) ? 'points' : null),
    cause: ({ groups }) =>
      `${groups[0] ?? 'stap'} starts for this user, but sudo looks for programs in directories of its own (secure_path), and it lies in none of them.`,
    remedies: (_situation, { groups }) => [run(shellLine`sudo "$(command -v ${groups[0] ?? 'stap'})" --version`)],
    otherwise: null,
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    hints: [REMOTE, STARTS, NOT_FOR_SUDO],
    patterns: [
      text('command not found', new RegExp(`\\b${STAP_WORD}: command not found|command not found: ${STAP_WORD}\\b`)),
      text(': not found', new RegExp(`(?:^|[\\s/:"'])${STAP_WORD}["']?: not found`)),
      text(
        'No such file or directory',
        new RegExp(`(?:^|[\\s/:"'(])${STAP_WORD}["')]{0,2}:? .{0,40}No such file or directory`),
      ),
      text('not installed', /\bsystemtap\b.{0,20}\bnot installed\b/i),
      text('systemtap/stapio', /systemtap\/stapio["']?.{0,60}(?:No such file|not found|failed)/),
    ],
    grade: (match) => (startsForUser(match) ? null : match.seen(REMOTE) ? 'allows' : 'points'),
    cause: () =>
      'A program of SystemTap is not installed: stap, staprun and stapio come in packages of their own (systemtap-client, systemtap-runtime).',
    otherwise: 'Where it is installed all the same, its directory is not in the PATH.',
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: [
      text('runtime.h', /(?:fatal )?error: runtime\.h: No such file/),
      text('runtime_defines.h', /runtime_defines\.h["']?: No such file/),
    ],
    grade: 'points',
    cause: () => "SystemTap's runtime directory, the C code that every module includes, is missing or incomplete.",
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: [
      text('Requires: systemtap', /Requires: systemtap(?:-\w{1,20})? ?= ?(\S{1,60})/),
      text('Depends: systemtap', /systemtap\S{0,20} : Depends: systemtap-?\w{0,20} \(/),
      text('conflicts with file from package systemtap', /conflicts with file from package systemtap/),
      text('error processing package systemtap'),
    ],
    grade: 'points',
    cause: () => 'The packages of SystemTap that are installed are not all of one version.',
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: NOT_SETUID,
    hints: [SETUID_SEEN, STAPRUN_RAN],
    grade: (match) => (hasItsBit(match) && liesWithPackages(match) ? 'proves' : null),
    cause: tellNosuid,
    remedies: (_situation, match) => {
      const mount = nosuidMountOf(match);
      return mount === null
        ? [seeMount(match), runAsRoot(shellLine`mount -o remount,suid "$(findmnt -no TARGET -T ${staprunOf(match)})"`)]
        : [runAsRoot(shellLine`mount -o remount,suid ${mount}`)];
    },
    otherwise:
      'It lasts until the next boot: take nosuid out where the mount is defined (/etc/fstab, or a unit). Root needs no bit and can run it as it is.',
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: NOT_SETUID,
    hints: [SETUID_SEEN, STAPRUN_RAN],
    grade: (match) => (hasItsBit(match) && !liesWithPackages(match) ? 'proves' : null),
    cause: tellNosuid,
    remedies: (_situation, match) => [seeMount(match)],
    otherwise:
      'A file system that others than root write to is nosuid on purpose: let it be, and put SystemTap where its packages put it, below /usr or /opt. Root needs no bit and can run it as it is.',
  },
  {
    code: 'STAP_INSTALL_BROKEN',
    patterns: NOT_SETUID,
    hints: [SETUID_SEEN, STAPRUN_RAN],
    grade: (match) => (hasItsBit(match) ? null : 'points'),
    cause: () => 'staprun has lost its set-uid bit or lies on a file system mounted nosuid, so only root can use it.',
    remedies: () => [
      runAsRoot('chown root:stapusr "$(command -v staprun)"'),
      runAsRoot('chmod 4110 "$(command -v staprun)"'),
    ],
  },
  {
    code: 'PERM_GROUPS',
    patterns: [text('effective user ID of staprun')],
    grade: 'allows',
    cause: () => 'A user who is not root needs staprun to be set-uid root and to be in stapusr and stapdev.',
  },
  {
    code: 'STAPRUN_VERSION_MISMATCH',
    patterns: [text('You must use staprun version'), text('must use staprun', /must use staprun version (\S{1,12})/)],
    grade: 'proves',
    cause: ({ groups }) => `The module asks for staprun ${groups[0] ?? '1.7'} or newer, and an older one was started.`,
  },
  {
    code: 'STAPRUN_VERSION_MISMATCH',
    // The records of the control channel have another size on both sides of 5.0, and the module refuses the first of them.
    patterns: [text('Unable to send relocation')],
    grade: 'proves',
    cause: () =>
      'The module was loaded, but did not understand the first message of staprun: stap and staprun are of different eras (before 5.0 and from 5.0 on).',
  },
  {
    code: 'STAPRUN_VERSION_MISMATCH',
    patterns: [],
    grade: ({ situation }) => {
      const stap = situation.log.stapVersion ?? situation.host?.systemtap?.version ?? null;
      const staprun = situation.log.staprunVersion ?? situation.host?.systemtap?.staprunVersion ?? null;
      if (stap === null || staprun === null || stap === staprun) return null;
      return Number(stap.split('.')[0]) >= 5 !== Number(staprun.split('.')[0]) >= 5 ? 'points' : 'allows';
    },
    cause: ({ situation }) =>
      `stap is ${situation.log.stapVersion ?? situation.host?.systemtap?.version ?? ''} but staprun is ${situation.log.staprunVersion ?? situation.host?.systemtap?.staprunVersion ?? ''}; across 5.0 they do not understand each other.`,
  },
  {
    code: 'BAD_RELEASE_OPTION',
    patterns: [NO_CONFIG],
    grade: ({ situation: { log, release } }) =>
      log.releaseVariable !== null && log.releaseVariable === release && log.unameRelease !== release ? 'proves' : null,
    cause: ({ situation }) =>
      `SYSTEMTAP_RELEASE stands in the environment and holds ${situation.log.releaseVariable ?? ''}, which stap takes for -r${situation.log.unameRelease === null ? '' : `: ${situation.log.unameRelease} runs`}.`,
    remedies: () => [
      { kind: 'unset-variables', by: 'user', names: ['SYSTEMTAP_RELEASE'] },
      run(
        'grep -rs SYSTEMTAP_RELEASE /etc/profile /etc/profile.d /etc/environment ~/.profile ~/.bashrc ~/.systemtap/rc',
      ),
    ],
  },
  {
    code: 'BAD_RELEASE_OPTION',
    patterns: [NO_CONFIG],
    grade: ({ situation }) => gradeOfMeant(situation),
    cause: ({ situation }) =>
      `stap -r was given ${situation.log.releaseOption ?? ''}, and takes it as it stands, but the release of the kernel is ${wholeRelease(situation) ?? ''}.`,
    remedies: (situation) => [
      run(shellLine`stap -r ${wholeRelease(situation) ?? ''} -v -p4 -e ${'probe begin { exit() }'}`),
    ],
  },
  {
    code: 'BAD_RELEASE_OPTION',
    patterns: [
      text("kernel release isn't found in", /kernel release isn't found in ["'](.{1,300}?)["']/),
      text("kernel release isn't specified"),
      text("'release' kernelu není specifikován"),
    ],
    grade: 'proves',
    cause: ({ groups }) =>
      `stap -r was given ${groups[0] ?? 'no release'}, which is neither a release below /lib/modules nor a configured and built kernel tree.`,
  },
];

/** stap spoke before sudo did not find it: what it says later may be of one that was installed meanwhile. */
function startsForUser({ linesOf }: Match): boolean {
  const [refused] = linesOf(NOT_FOR_SUDO);
  return refused !== undefined && linesOf(STARTS).some(({ position }) => position < refused.position);
}
