/** Every command: what it is called, what it takes, and the file that runs it. */
import { TapprepError } from '../errors.ts';
import type { MirrorsOptions } from './commands/mirrors.ts';
import type { Context } from './context.ts';
import { GUEST_POLICY, readGuestPolicy } from './guest-policy.ts';
import { MODULE_KEY, readModuleKey } from './module-key.ts';
import {
  AS_ROOT,
  ASKS,
  CACHE_DIR,
  DISTRO,
  DRY,
  LISTS,
  LOADER,
  MACHINE,
  type OptionRow,
  PLACE,
  type Raw,
  readCount,
  readInstalled,
  readLevel,
  readList,
  readPlace,
  readPlanOptions,
  readRuntime,
  readShippedRuntime,
  readSize,
  readSystemtap,
  readTarget,
  readText,
  REPORT,
  RUNNING,
  SEEN,
  SHOWN,
  SOURCES,
  TARGET,
  TOLD,
} from './options.ts';
import { shellLine } from '../shell-words.ts';

export interface CommandRow {
  /** One word, or two for an action: "cache list". */
  readonly name: string;
  readonly summary: string;
  /** For the manual: what the summary leaves open, in sentences. */
  readonly about?: string;
  /** Takes the options that name a target. */
  readonly target: boolean;
  readonly args?: readonly (readonly [string, string])[];
  /** Every option that it obeys; what is not here is refused. */
  readonly options: readonly OptionRow[];
  /** Options that only mean something together with another one. */
  readonly only?: readonly (readonly [other: string, rows: readonly OptionRow[]])[];
  /** Options that mean nothing beside another one: a flag, with its value where only that one rules them out. */
  readonly not?: readonly (readonly [other: string, rows: readonly OptionRow[]])[];
  /** Options of which a configuration's default does not count: another command means something else by them. */
  readonly asTyped?: readonly OptionRow[];
  /** What its exit codes say, where 0 is not "done and proven" and others are no errors. */
  readonly ends?: string;
  /** What follows "tapprep": two lines to start from. */
  readonly examples: readonly [string, string];
  readonly run: (context: Context, raw: Raw, args: readonly string[]) => Promise<number>;
}

/** What an option is for, with those that it needs in front. */
export function meaningOf({ only = [] }: CommandRow, option: OptionRow): string {
  const [, text] = option;
  const other = only.find(([, rows]) => rows.includes(option))?.[0];
  if (other === undefined || text.includes(other)) return text;
  return text.startsWith(WITH) ? `with ${other} and ${text.slice(WITH.length)}` : `with ${other}: ${text}`;
}

const WITH = 'with ';

/** What people come for, in the order of the help, with the first words of the commands that do it. */
export const TASKS: readonly (readonly [heading: string, commands: readonly string[]])[] = [
  ['Look and diagnose', ['detect', 'doctor', 'explain', 'names', 'plan']],
  ['Prepare and take back', ['install', 'remove', 'fetch', 'bundle']],
  ['Prove and use', ['rehearse', 'verify', 'scripts', 'module-key']],
  ['What fits which kernel', ['mends', 'verdicts']],
  ['Sources and settings', ['mirrors', 'cache', 'config', 'completion', 'help']],
];

/** What commands with actions are for. */
export const ACTIONS_OF: Readonly<Record<string, string>> = {
  mirrors: 'the repositories that would be asked, and whether they answer',
  scripts: 'the incident-response scripts',
  mends: 'what makes a SystemTap fit a kernel that it does not know',
  verdicts: 'what was seen of SystemTaps on kernels, here and elsewhere',
  cache: 'what is kept between runs',
  config: 'defaults of options, and what may not be given',
  'module-key': 'keys that sign modules for kernels that refuse unsigned ones',
};

const EXPIRED: OptionRow = [
  '--allow-expired-release',
  'accept a package index that is older than its own Valid-Until',
  'Sources:',
];
const SNAPSHOT: OptionRow = [
  '--snapshot <time>',
  'ask snapshot archives as of that time, as 20260801T000000Z',
  'Sources:',
];
const UNSIGNED: OptionRow = [
  '--allow-unsigned-packages',
  'take packages that nobody signed; none of the scripts of such an rpm is run',
  'Sources:',
];
const NO_DEBUGINFO: OptionRow = ['--no-debuginfo', 'leave the debug package out: hello world does not need it'];
const DEBUGINFO: OptionRow = [
  '--debuginfo <package|debuginfod>',
  'debuginfod: the vmlinux alone by its build-id, which nobody signs (DEBUGINFOD_URLS)',
  'Sources:',
];
const DEBUGINFO_FILES: OptionRow = [
  '--debuginfo-files <names>',
  'vmlinux,MODULE…: these files of the debug package alone, where there is no room for all of it',
  'Sources:',
];
const IMAGE: OptionRow = ['--image', 'the kernel itself too, as a rehearsal needs it'];
const SYSTEMTAP: OptionRow = [
  '--systemtap <auto|distro|portable|build|version>',
  'which one: see "tapprep help systemtap"',
  'SystemTap:',
];
const SYSTEMTAP_THERE: OptionRow = [
  '--systemtap <auto|distro|version>',
  'which of those that are on the target (default: the one that was proven there)',
  'SystemTap:',
];
const IN_PLACE: OptionRow = [
  '--in <local|vm>',
  "local: the running kernel; vm: the target's own kernel in QEMU (default: local where it runs)",
  'SystemTap:',
];
const BOOT_IMAGE: OptionRow = ['--boot-image <file>', 'vmlinuz to boot, where the target has none', 'SystemTap:'];
const LEVEL: OptionRow = [
  '--level <hello|probe|scripts>',
  'how far ready must reach (default: hello; scripts where some are named)',
  'SystemTap:',
];
const RUNTIME: OptionRow = [
  '--runtime <module|bpf|auto>',
  'what scripts run by: a module, bpf (which no signature policy touches), or bpf only where no module loads',
  'SystemTap:',
];
const RUNTIME_SHIPPED: OptionRow = [
  '--runtime <module|bpf>',
  'with --compiled: modules, or programs for the bpf runtime, which no signature policy touches',
  'SystemTap:',
];
const SIGN_KEY: OptionRow = ['--sign-key <key>', 'sign it with this key of yours, by gpg', 'Output:'];
const LOCK: OptionRow = ['--lock <file>', 'exactly what "plan --out" wrote', 'Sources:'];

const BUNDLE_KEYRING: OptionRow = [
  '--bundle-keyring <file>',
  'with --bundle: it must be signed by a key of this file',
  'Sources:',
];
const UNCHECKED_EVIDENCE: OptionRow = [
  '--allow-unchecked-evidence',
  'with --bundle: accept packages whose signatures no key here can check',
  'Sources:',
];
/** What a lock or a bundle has decided already. */
const DECIDED: readonly OptionRow[] = [DEBUGINFO, DEBUGINFO_FILES, NO_DEBUGINFO];

const ALL_OF_MIRRORS: readonly OptionRow[] = [
  ['--all', 'every entry of the mirror list instead of those for a target'],
  ['--retired', 'entries that are known to be retired too'],
  SNAPSHOT,
];

function readMirrorOptions(raw: Raw): MirrorsOptions {
  return {
    target: readTarget(raw),
    all: raw['all'] === true,
    retired: raw['retired'] === true,
    snapshot: readText(raw, 'snapshot'),
  };
}

/** doctor changes something, asks repositories and tells what it is doing with --fix only. */
const FIXING: readonly OptionRow[] = [...AS_ROOT, ...SOURCES, ...ASKS, ...DRY, ...TOLD];

const FACTS: OptionRow = [
  '--facts <file>',
  'what "tapprep detect --json" printed on the machine that failed',
  'Target:',
];
const FEEDBACK: OptionRow = [
  '--feedback <file>',
  'write the log with the right answer (--expect) to a file that can be sent',
];
/** They say nothing of a log that is only explained. */
const OF_FEEDBACK: readonly OptionRow[] = [
  ['--expect <codes>', 'with --feedback: the code that is right, or NONE'],
  ['--cause <text>', 'with --feedback: what was wrong, in a few words'],
];

const NO_TARGET = readTarget({});

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'detect',
    summary: 'distribution, kernel, build-id, and what is already installed',
    target: true,
    options: [
      ...TARGET,
      ['--script', 'print the script for a POSIX sh that looks at a machine: what it prints there is for --facts'],
      ...SHOWN,
    ],
    not: [['--script', [...TARGET, ...SHOWN]]],
    ends: '0 where the kernel is one that packages are named for. Where not, the facts are printed all the same: 1 for a kernel of no known form, 2 where an option has to say more.',
    examples: ['detect --host root@web1 --json', 'detect --script'],
    run: async (context, raw) => {
      const { printScript, runDetect } = await import('./commands/detect.ts');
      return raw['script'] === true ? printScript(context) : runDetect(context, { target: readTarget(raw) });
    },
  },
  {
    name: 'doctor',
    summary: 'check everything that can keep SystemTap from working, and say what mends it',
    target: true,
    options: [
      ...SEEN,
      ['--log <file>', 'the output of a failed run, "-" for standard input'],
      ['--fix', 'do what mends it after asking, one by one, and prove the result'],
      ...FIXING,
      REPORT,
      ...SHOWN,
    ],
    only: [['--fix', FIXING]],
    ends: '0 where the machine is ready, 1 where something has to be mended first.',
    examples: ['doctor --log failed.log', 'doctor --fix'],
    run: async (context, raw) => {
      const options = { target: readTarget(raw), log: readText(raw, 'log'), reports: readList(raw['report']) };
      if (raw['fix'] === true) return (await import('./commands/doctor-fix.ts')).runDoctorFix(context, options);
      return (await import('./commands/doctor.ts')).runDoctor(context, options);
    },
  },
  {
    name: 'explain',
    summary: 'diagnose the output of a failed run, or print the page of a code',
    target: false,
    args: [['[source]', 'a file, "-" for standard input, or a code']],
    options: [
      FACTS,
      ['--cases <dir>', 'hold the answers against those of a folder of cases, as --feedback writes them'],
      FEEDBACK,
      ...OF_FEEDBACK,
      ...SHOWN,
    ],
    only: [['--feedback', OF_FEEDBACK]],
    not: [['--cases', [FACTS, FEEDBACK]]],
    ends: '0 where something was recognised or nothing is wrong, 1 where nothing was recognised.',
    examples: ['explain failed.log', 'explain DEVEL_MISSING'],
    run: async (context, raw, [source]) => {
      const facts = readText(raw, 'facts');
      const [cases, feedback] = [readText(raw, 'cases'), readText(raw, 'feedback')];
      if (cases !== null) return (await import('./commands/explain-cases.ts')).runCases(context, cases);
      if (feedback === null) {
        return (await import('./commands/explain.ts')).runExplain(context, { source: source ?? null, facts });
      }
      const expect = readText(raw, 'expect') ?? '';
      const choice = { source: source ?? null, out: feedback, expect, cause: readText(raw, 'cause') };
      return (await import('./commands/explain-feedback.ts')).runFeedback(context, choice, facts);
    },
  },
  {
    name: 'mends list',
    summary: 'the mends of the table, and whether the kernel of a target calls for each',
    target: true,
    options: [...TARGET, ...SHOWN],
    examples: ['mends list', 'mends list --root /srv/image'],
    run: async (context, raw) => (await import('./commands/mends.ts')).runMendsList(context, readTarget(raw)),
  },
  {
    name: 'mends show',
    summary: 'what a mend changes, where it was seen to work, and what it cannot do',
    target: false,
    args: [['<name>', 'name of a mend']],
    options: [...SHOWN],
    examples: ['mends show task-euid', 'mends show task-euid --json'],
    run: async (context, _, [name = '']) => (await import('./commands/mends.ts')).runMendsShow(context, name),
  },
  {
    name: 'mends try',
    summary: 'mend the SystemTap of a target in a copy of its own and prove it',
    target: true,
    args: [['[names...]', 'names of mends (default: all that the kernel calls for)']],
    options: [...MACHINE, ...AS_ROOT, LEVEL, IN_PLACE, BOOT_IMAGE, ...SOURCES, EXPIRED, SNAPSHOT, ...SHOWN, ...TOLD],
    not: [['--in local', [BOOT_IMAGE]]],
    examples: ['mends try --in vm', 'mends try task-euid --root /srv/image --in vm'],
    run: async (context, raw, names) =>
      (await import('./commands/mends.ts')).runMendsTry(context, names, {
        target: readTarget(raw),
        where: readPlace(raw),
        level: readLevel(raw),
        image: readText(raw, 'bootImage'),
        allowExpiredRelease: raw['allowExpiredRelease'] === true,
      }),
  },
  {
    name: 'mirrors list',
    summary: 'the repositories that would be asked for a target, and why the others are not',
    target: true,
    options: [...TARGET, ...ALL_OF_MIRRORS, ...LISTS, ...SHOWN],
    not: [['--all', TARGET]],
    examples: ['mirrors list', 'mirrors list --all --retired'],
    run: async (context, raw) =>
      (await import('./commands/mirrors.ts')).runMirrorsList(context, readMirrorOptions(raw)),
  },
  {
    name: 'mirrors check',
    summary: 'ask each repository that would be asked for a target whether it answers now',
    target: true,
    options: [...TARGET, ...ALL_OF_MIRRORS, ...LISTS, ...SHOWN, ...TOLD],
    not: [['--all', TARGET]],
    ends: '0 where every repository answers, 1 where some do not, 3 where none does.',
    examples: ['mirrors check', 'mirrors check --distro centos:7 --kernel 3.10.0-1160.el7.x86_64'],
    run: async (context, raw) =>
      (await import('./commands/mirrors.ts')).runMirrorsCheck(context, readMirrorOptions(raw)),
  },
  {
    name: 'names',
    summary: 'name the packages that the target needs, without any network',
    target: true,
    options: [
      ...TARGET,
      [
        '--batch',
        'read one JSON target a line from standard input ("id", "distro", "version", "kernel", "arch", "unameV") and answer one JSON line each, exit 0: a bad line has its "error"',
      ],
      ...SHOWN,
    ],
    not: [['--batch', TARGET]],
    ends: '0 where the packages have names; with --batch always, as each bad line has its own error.',
    examples: ['names --distro centos:7 --kernel 3.10.0-1160.el7.x86_64', 'names --batch'],
    run: async (context, raw) => {
      const { runNames } = await import('./commands/names.ts');
      return runNames(context, { target: readTarget(raw), batch: raw['batch'] === true });
    },
  },
  {
    name: 'rehearse',
    summary: 'make a root of the target distribution and run hello world inside its kernel in QEMU',
    target: true,
    args: [['[scripts...]', 'scripts to run there too: of the catalogue by name, your own by path']],
    options: [
      ...TARGET,
      [
        '--kernels <file|latest:n>',
        'with --distro, and without --kernel: many kernels of it, those of a file, one a line, or the newest; one table at the end',
        'Target:',
      ],
      LEVEL,
      SYSTEMTAP,
      RUNTIME,
      ...MODULE_KEY,
      ...GUEST_POLICY,
      NO_DEBUGINFO,
      ...SOURCES,
      EXPIRED,
      SNAPSHOT,
      ...ASKS,
      REPORT,
      ...SHOWN,
      ...TOLD,
    ],
    examples: [
      'rehearse --distro debian:12 --kernels latest:3',
      'rehearse own.stp --distro centos:7 --kernel 3.10.0-1160.el7.x86_64',
    ],
    run: async (context, raw, scripts) => {
      const kernels = readText(raw, 'kernels');
      const options = {
        target: readTarget(raw, false),
        scripts,
        level: readLevel(raw, scripts),
        systemtap: readSystemtap(raw, 'auto'),
        debuginfo: raw['debuginfo'] !== false,
        allowExpiredRelease: raw['allowExpiredRelease'] === true,
        policy: readGuestPolicy(raw),
        runtime: readRuntime(raw),
        moduleKey: readModuleKey(raw),
        reports: readList(raw['report']),
      };
      const { runRehearse, runRehearseKernels } = await import('./commands/rehearse.ts');
      return kernels === null ? runRehearse(context, options) : runRehearseKernels(context, kernels, options);
    },
  },
  {
    name: 'plan',
    summary: 'the exact packages, with source, size and signer',
    target: true,
    options: [
      ...TARGET,
      SYSTEMTAP,
      DEBUGINFO,
      DEBUGINFO_FILES,
      NO_DEBUGINFO,
      IMAGE,
      ...SOURCES,
      EXPIRED,
      SNAPSHOT,
      UNSIGNED,
      [
        '--inventory <file>',
        'many machines, one JSON object a line ("-": standard input), one plan for each kernel: "id" with "facts" (a file), or what names --batch takes',
        'Target:',
      ],
      ['--out <file>', 'write the plan as a lock for "install --lock"', 'Output:'],
      ...SHOWN,
      ...TOLD,
    ],
    ends: '0 where there is a plan; with --inventory where every machine has one, else the code of the first that has none.',
    examples: ['plan --distro debian:12 --kernel 6.1.0-18-cloud-amd64', 'plan --out kernel.lock'],
    run: async (context, raw) => {
      const { target, ...choice } = { ...readPlanOptions(raw), rung: 'kernel.function' as const };
      const [out, inventory] = [readText(raw, 'out'), readText(raw, 'inventory')];
      if (inventory === null) return (await import('./commands/plan.ts')).runPlan(context, { target, ...choice, out });
      if (out !== null || Object.values(target).some((given) => given !== null))
        throw new TapprepError('USAGE', '--inventory names the machines, so no other target and no --out is taken', {
          hint: shellLine`tapprep plan --inventory ${inventory} --json`,
        });
      return (await import('./commands/plan-inventory.ts')).runPlanInventory(context, inventory, choice);
    },
  },
  {
    name: 'fetch',
    summary: 'plan, download and verify into a directory',
    about:
      'Packages come whole: what takes single files out of a debug package (--debuginfo-files of plan and install) or asks a debuginfod is not for here.',
    target: true,
    options: [
      ...TARGET,
      SYSTEMTAP,
      NO_DEBUGINFO,
      IMAGE,
      ...SOURCES,
      EXPIRED,
      SNAPSHOT,
      UNSIGNED,
      ['--dest <dir>', 'where the packages go (default: ./packages)', 'Output:'],
      ...SHOWN,
      ...TOLD,
    ],
    examples: ['fetch --dest packages', 'fetch --facts web1.json --dest web1-packages'],
    run: async (context, raw) =>
      (await import('./commands/fetch.ts')).runFetch(context, {
        ...readPlanOptions(raw),
        debuginfo: raw['debuginfo'] !== false,
        dest: readText(raw, 'dest') ?? 'packages',
      }),
  },
  {
    name: 'bundle',
    summary: 'everything that the target needs in one tar, to be installed there without any network',
    target: true,
    args: [
      ['[scripts...]', 'with --compiled: scripts of the catalogue by name, or your own by path, beside hello world'],
    ],
    options: [
      ...TARGET,
      SYSTEMTAP,
      NO_DEBUGINFO,
      IMAGE,
      ['--compiled', 'modules that are compiled and proven here, with all they need to run, instead of packages'],
      RUNTIME_SHIPPED,
      ...MODULE_KEY,
      ...SOURCES,
      EXPIRED,
      SNAPSHOT,
      UNSIGNED,
      LOCK,
      ['--out <file>', 'the tar to write; with --compiled also FILE.tar.gz, less than half of it', 'Output:'],
      SIGN_KEY,
      ...ASKS,
      ...DRY,
      ...SHOWN,
      ...TOLD,
    ],
    only: [['--compiled', [RUNTIME_SHIPPED, ...MODULE_KEY]]],
    // Beside --lock what decides a plan is left standing: the Ansible role gives both commands the same options.
    not: [['--compiled', [LOCK, IMAGE]]],
    examples: [
      'bundle --distro debian:12 --kernel 6.1.0-18-cloud-amd64 --out web1.tar',
      'bundle --facts web1.json --compiled icmp --out icmp.tar.gz',
    ],
    run: async (context, raw, scripts) => {
      return (await import('./commands/bundle.ts')).runBundle(context, {
        ...readPlanOptions(raw),
        debuginfo: raw['debuginfo'] !== false,
        compiled: raw['compiled'] === true,
        scripts,
        out: readText(raw, 'out'),
        lock: readText(raw, 'lock'),
        moduleKey: readModuleKey(raw),
        signKey: readText(raw, 'signKey'),
        runtime: readShippedRuntime(raw),
      });
    },
  },
  {
    name: 'install',
    summary: 'install the exact packages on this host or into a root, and prove that SystemTap runs',
    target: true,
    options: [
      ...MACHINE,
      ...AS_ROOT,
      LEVEL,
      SYSTEMTAP,
      ...MODULE_KEY,
      DEBUGINFO,
      DEBUGINFO_FILES,
      NO_DEBUGINFO,
      ...SOURCES,
      EXPIRED,
      SNAPSHOT,
      UNSIGNED,
      LOCK,
      ['--bundle <file>', 'install what "bundle --out" wrote, without any network', 'Sources:'],
      BUNDLE_KEYRING,
      UNCHECKED_EVIDENCE,
      ['--allow-upgrade', 'let installed packages be replaced by other versions; remove cannot bring those back'],
      ...ASKS,
      ...DRY,
      REPORT,
      ...SHOWN,
      ...TOLD,
    ],
    only: [['--bundle', [BUNDLE_KEYRING, UNCHECKED_EVIDENCE]]],
    not: [
      ['--lock', DECIDED],
      ['--bundle', DECIDED],
    ],
    examples: ['install --dry-run', 'install --host root@web1 --yes'],
    run: async (context, raw) =>
      (await import('./commands/install.ts')).runInstall(context, {
        ...readPlanOptions(raw),
        allowUpgrade: raw['allowUpgrade'] === true,
        level: readLevel(raw),
        lock: readText(raw, 'lock'),
        bundle: readText(raw, 'bundle'),
        bundleKeyring: readText(raw, 'bundleKeyring'),
        allowUncheckedEvidence: raw['allowUncheckedEvidence'] === true,
        moduleKey: readModuleKey(raw),
        reports: readList(raw['report']),
      }),
  },
  {
    name: 'verify',
    summary: 'prove that what is installed works: build tree, build-id, hello world, probes, scripts',
    target: true,
    args: [['[scripts...]', 'scripts to run too: of the catalogue by name, your own by path']],
    options: [
      ...MACHINE,
      ...AS_ROOT,
      LEVEL,
      SYSTEMTAP,
      RUNTIME,
      ...MODULE_KEY,
      IN_PLACE,
      BOOT_IMAGE,
      ...SOURCES,
      EXPIRED,
      SNAPSHOT,
      REPORT,
      ...SHOWN,
      ...TOLD,
    ],
    not: [['--in local', [BOOT_IMAGE]]],
    examples: ['verify', 'verify own.stp --in vm --level scripts'],
    run: async (context, raw, scripts) =>
      (await import('./commands/verify.ts')).runVerify(context, {
        target: readTarget(raw),
        scripts,
        where: readPlace(raw),
        level: readLevel(raw, scripts),
        image: readText(raw, 'bootImage'),
        systemtap: readText(raw, 'systemtap') === null ? null : readSystemtap(raw, 'distro'),
        allowExpiredRelease: raw['allowExpiredRelease'] === true,
        runtime: readRuntime(raw),
        moduleKey: readModuleKey(raw),
        reports: readList(raw['report']),
      }),
  },
  {
    name: 'scripts list',
    summary: 'the scripts of the catalogue, and how much each needs',
    target: false,
    args: [],
    options: [...SHOWN],
    examples: ['scripts list', 'scripts list --json'],
    run: async (context, raw, words) =>
      (await import('./commands/scripts.ts')).runScripts(context, 'list', words, { target: NO_TARGET, seconds: null }),
  },
  {
    name: 'scripts show',
    summary: 'what a script shows, takes and needs, and its text',
    target: false,
    args: [['<name>', 'name of a script']],
    options: [...SHOWN],
    examples: ['scripts show icmp', 'scripts show icmp --json'],
    run: async (context, raw, words) =>
      (await import('./commands/scripts.ts')).runScripts(context, 'show', words, { target: NO_TARGET, seconds: null }),
  },
  {
    name: 'scripts check',
    summary: 'whether scripts compile for the target',
    target: true,
    args: [['[names...]', 'names of scripts (default: all)']],
    options: [...RUNNING, ...AS_ROOT, SYSTEMTAP_THERE, ...SHOWN, ...TOLD],
    asTyped: [SYSTEMTAP_THERE],
    ends: '0 where every script compiles, 1 where one does not.',
    examples: ['scripts check', 'scripts check icmp --host root@web1'],
    run: async (context, raw, words) =>
      (await import('./commands/scripts.ts')).runScripts(context, 'check', words, {
        target: readTarget(raw),
        seconds: null,
        systemtap: readInstalled(raw),
      }),
  },
  {
    name: 'scripts run',
    summary: 'run a script of the catalogue in a running kernel and print what it prints',
    target: true,
    args: [
      ['<name>', 'name of a script'],
      ['[arguments...]', 'its arguments as KEY=VALUE'],
    ],
    options: [
      ...RUNNING,
      ...AS_ROOT,
      SYSTEMTAP_THERE,
      RUNTIME,
      ...MODULE_KEY,
      ['--seconds <n>', 'how long it runs (default: 60)', 'SystemTap:'],
      ...SHOWN,
      ...TOLD,
    ],
    asTyped: [SYSTEMTAP_THERE],
    examples: ['scripts run icmp', 'scripts run icmp --seconds 10 --host root@web1'],
    run: async (context, raw, words) =>
      (await import('./commands/scripts.ts')).runScripts(context, 'run', words, {
        target: readTarget(raw),
        moduleKey: readModuleKey(raw),
        runtime: readRuntime(raw),
        systemtap: readInstalled(raw),
        seconds: readCount(raw, 'seconds'),
      }),
  },
  {
    name: 'module-key create',
    summary: 'make a key that signs modules and nothing else, and say how the target comes to trust it',
    target: true,
    options: [
      ...LOADER,
      DISTRO,
      ['--dest <dir>', 'where key and certificate go (default: ~/.config/tapprep/module-key)', 'Output:'],
      ['--name <text>', 'common name of the certificate', 'Output:'],
      ['--module-key-passphrase-file <file>', 'encrypt the key by its first line', 'Output:'],
      ...SHOWN,
    ],
    examples: ['module-key create', 'module-key create --host root@web1 --dest fleet-key'],
    run: async (context, raw) =>
      (await import('./commands/module-key.ts')).runModuleKeyCreate(context, {
        target: readTarget(raw, false),
        dest: readText(raw, 'dest'),
        name: readText(raw, 'name'),
        passphraseFile: readText(raw, 'moduleKeyPassphraseFile'),
      }),
  },
  {
    name: 'module-key show',
    summary: 'the keys for modules that are here, and whether the target loads what they sign',
    target: true,
    options: [...LOADER, ['--module-cert <file>', 'the certificate of one more key', 'SystemTap:'], ...SHOWN],
    ends: '0 where a module would load, unsigned or signed by a key that is here; 1 where none would.',
    examples: ['module-key show', 'module-key show --module-cert fleet.pem --host root@web1'],
    run: async (context, raw) =>
      (await import('./commands/module-key.ts')).runModuleKeyShow(context, {
        target: readTarget(raw, false),
        certificate: readText(raw, 'moduleCert'),
      }),
  },
  {
    name: 'remove',
    summary: 'take away exactly what tapprep installed',
    target: true,
    options: [
      ...PLACE,
      ...AS_ROOT,
      ['--purge', 'take away the journal and the reports of tapprep there, too'],
      ...ASKS,
      ...DRY,
      ...SHOWN,
      ...TOLD,
    ],
    examples: ['remove --dry-run', 'remove --host root@web1 --yes'],
    run: async (context, raw) =>
      (await import('./commands/remove.ts')).runRemove(context, {
        target: readTarget(raw),
        purge: raw['purge'] === true,
      }),
  },
  {
    name: 'verdicts list',
    summary: 'what was seen, on which kernel build, when and by whom',
    target: false,
    options: [CACHE_DIR, ...SHOWN],
    examples: ['verdicts list', 'verdicts list --json'],
    run: async (context) => (await import('./commands/verdicts.ts')).runVerdictsList(context),
  },
  {
    name: 'verdicts export',
    summary: 'write what this machine has seen into one file, for others',
    about:
      'Every verdict of this machine on a kernel of which the exact build is known: the build, the SystemTap with its mends, how far it came, what failed first. Imported ones are not handed on.',
    target: false,
    options: [
      CACHE_DIR,
      ['--out <file>', 'the file to write; with --sign-key also FILE.asc', 'Output:'],
      SIGN_KEY,
      ...SHOWN,
    ],
    examples: ['verdicts export --out seen.json', 'verdicts export --out seen.json --sign-key ops@example.org'],
    run: async (context, raw) =>
      (await import('./commands/verdicts.ts')).runVerdictsExport(context, {
        out: readText(raw, 'out'),
        signKey: readText(raw, 'signKey'),
      }),
  },
  {
    name: 'verdicts import',
    summary: 'take what others have seen, to try first what worked for them',
    about:
      'What this machine has seen itself stays and comes first. What others saw only counts for the order in which SystemTaps are tried: each is proven here all the same.',
    target: false,
    args: [['<file>', 'what "verdicts export" wrote; its signature is FILE.asc']],
    options: [
      CACHE_DIR,
      ['--keyring <file>', 'it must be signed by a key of this file', 'Sources:'],
      ['--allow-unsigned-verdicts', 'take it though no signature vouches for it', 'Sources:'],
      ...SHOWN,
    ],
    examples: ['verdicts import seen.json --keyring ops.gpg', 'verdicts import seen.json --allow-unsigned-verdicts'],
    run: async (context, raw, [file = '']) =>
      (await import('./commands/verdicts.ts')).runVerdictsImport(context, file, {
        keyring: readText(raw, 'keyring'),
        allowUnsigned: raw['allowUnsignedVerdicts'] === true,
      }),
  },
  {
    name: 'cache list',
    summary: 'what is kept, and where it came from',
    target: false,
    options: [CACHE_DIR, ...SHOWN],
    examples: ['cache list', 'cache list --json'],
    run: async (context) => (await import('./commands/cache.ts')).showCache(context),
  },
  {
    name: 'cache clean',
    summary: 'empty the cache, or remove what was not used for longest',
    target: false,
    options: [
      CACHE_DIR,
      ['--older-than <days>', 'only what was not used for so many days'],
      ['--max-bytes <size>', 'the longest unused until the rest is at most so large, as 5G or 800M'],
      ...SHOWN,
    ],
    examples: ['cache clean --older-than 30', 'cache clean --max-bytes 5G'],
    run: async (context, raw) =>
      (await import('./commands/cache.ts')).cleanOldest(context, {
        olderThanDays: readCount(raw, 'olderThan'),
        maxBytes: readSize(raw, 'maxBytes'),
      }),
  },
  {
    name: 'config show',
    summary: 'what is configured, and which file or variable each value came from',
    target: false,
    options: [...SHOWN],
    examples: ['config show', 'config show --json'],
    run: async (context) => (await import('./commands/config.ts')).runConfigShow(context),
  },
  {
    name: 'completion',
    summary: 'print what makes a shell complete the words of tapprep',
    about:
      'Packages bring it where shells look for it. Without one: "tapprep completion bash" into a file of /etc/bash_completion.d or ~/.local/share/bash-completion/completions, "tapprep completion zsh" into a file _tapprep of a directory of $fpath, "tapprep completion fish" into ~/.config/fish/completions/tapprep.fish.',
    target: false,
    args: [['<bash|zsh|fish>', 'the shell']],
    options: [],
    examples: ['completion bash', 'completion zsh'],
    run: async (context, _raw, [shell]) =>
      (await import('./commands/completion.ts')).runCompletion(context, shell ?? ''),
  },
  {
    name: 'help',
    summary: 'the manual: of a command, or of a topic that concerns many',
    target: false,
    args: [['[topic...]', 'a command or a topic; none: the list of both']],
    options: [],
    examples: ['help plan', 'help targets'],
    run: async (context, _raw, words) => (await import('./commands/help.ts')).runHelp(context, words),
  },
];

/** Every command under what people come for, in the order of the help. */
export function commandsByTask(): readonly (readonly [heading: string, rows: readonly CommandRow[]])[] {
  return TASKS.map(([heading, words]) => [
    heading,
    words.flatMap((word) => COMMANDS.filter(({ name }) => name.split(' ')[0] === word)),
  ]);
}
