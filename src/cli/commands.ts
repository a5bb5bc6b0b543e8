/** Every command: what it is called, what it takes, and the file that runs it. */
import { TapprepError } from '../errors.ts';
import type { Context } from './context.ts';
import {
  type Raw,
  readCount,
  readLevel,
  readPlace,
  readPlanOptions,
  readSystemtap,
  readTarget,
  readText,
} from './options.ts';

export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  /** Takes the options that name a target. */
  readonly target: boolean;
  readonly args?: readonly (readonly [string, string])[];
  readonly options?: readonly (readonly [string, string])[];
  readonly run: (context: Context, raw: Raw, args: readonly string[]) => Promise<number>;
}

const EXPIRED = ['--allow-expired-release', 'accept a package index that is older than its own Valid-Until'] as const;
const UNSIGNED = [
  '--allow-unsigned-packages',
  'take packages that nobody signed; none of the scripts of such an rpm is run',
] as const;
const NO_DEBUGINFO = ['--no-debuginfo', 'leave the debug package out: hello world does not need it'] as const;
const IMAGE = ['--image', 'the kernel itself too, as a rehearsal needs it'] as const;
const SYSTEMTAP = ['--systemtap <which>', 'auto, distro, portable, build or a version such as 5.6'] as const;
const REPORT = ['--report <file>', 'keep what was found: .html for people, .xml for JUnit readers, .json'] as const;
const LEVEL = ['--level <level>', 'how far ready must reach: hello, probe or scripts (default: hello)'] as const;

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'detect',
    summary: 'distribution, kernel, build-id, and what is already installed',
    target: true,
    run: async (context, raw) => (await import('./commands/detect.ts')).runDetect(context, { target: readTarget(raw) }),
  },
  {
    name: 'doctor',
    summary: 'check everything that can keep SystemTap from working, and say what mends it',
    target: true,
    options: [
      ['--log <file>', 'the output of a failed run, "-" for standard input'],
      ['--fix', 'do what mends it after asking, one by one, and prove the result'],
      REPORT,
    ],
    run: async (context, raw) => {
      const options = { target: readTarget(raw), log: readText(raw, 'log'), report: readText(raw, 'report') };
      if (raw['fix'] === true) return (await import('./commands/doctor-fix.ts')).runDoctorFix(context, options);
      return (await import('./commands/doctor.ts')).runDoctor(context, options);
    },
  },
  {
    name: 'explain',
    summary: 'diagnoses the output of a failed run, or prints the page of a code',
    target: false,
    args: [['[source]', 'a file, "-" for standard input, or a code']],
    options: [
      ['--facts <file>', 'what "tapprep detect --json" printed on the machine that failed'],
      ['--cases <dir>', 'hold the answers against those of a folder of cases, as --feedback writes them'],
      ['--feedback <file>', 'write the log with the right answer (--expect) to a file that can be sent'],
      ['--expect <codes>', 'with --feedback: the code that is right, or NONE'],
      ['--cause <text>', 'with --feedback: what was wrong, in a few words'],
    ],
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
    name: 'mirrors',
    summary: 'list the repositories that would be asked, or check whether they answer',
    target: true,
    args: [['<action>', 'list or check']],
    options: [
      ['--all', 'every entry of the mirror list instead of those for a target'],
      ['--retired', 'entries that are known to be retired too'],
      ['--snapshot <time>', 'a time for snapshot archives, as 20260801T000000Z'],
    ],
    run: async (context, raw, [action]) => {
      const { runMirrors } = await import('./commands/mirrors.ts');
      return runMirrors(context, action ?? '', {
        target: readTarget(raw),
        all: raw['all'] === true,
        retired: raw['retired'] === true,
        snapshot: readText(raw, 'snapshot'),
      });
    },
  },
  {
    name: 'names',
    summary: 'name the packages that the target needs, without any network',
    target: true,
    options: [['--batch', 'read one JSON target a line from standard input and answer one JSON line each']],
    run: async (context, raw) => {
      const { runNames } = await import('./commands/names.ts');
      return runNames(context, { target: readTarget(raw), batch: raw['batch'] === true });
    },
  },
  {
    name: 'rehearse',
    summary: 'makes a root of the target distribution and runs hello world inside its kernel in QEMU',
    target: true,
    args: [['[scripts...]', 'scripts of your own to run there too']],
    options: [LEVEL, SYSTEMTAP, NO_DEBUGINFO, EXPIRED, REPORT],
    run: async (context, raw, scripts) =>
      (await import('./commands/rehearse.ts')).runRehearse(context, {
        target: readTarget(raw, false),
        scripts,
        level: readLevel(raw),
        systemtap: readSystemtap(raw, 'auto'),
        debuginfo: raw['debuginfo'] !== false,
        allowExpiredRelease: raw['allowExpiredRelease'] === true,
        report: readText(raw, 'report'),
      }),
  },
  {
    name: 'plan',
    summary: 'the exact packages, with source, size and signer',
    target: true,
    options: [
      SYSTEMTAP,
      NO_DEBUGINFO,
      IMAGE,
      EXPIRED,
      UNSIGNED,
      ['--out <file>', 'write the plan as a lock for "install --lock"'],
      ['--inventory <file>', 'many machines, one JSON object a line ("-": standard input), one plan for each kernel'],
    ],
    run: async (context, raw) => {
      const { target, ...choice } = { ...readPlanOptions(raw), rung: 'kernel.function' as const };
      const [out, inventory] = [readText(raw, 'out'), readText(raw, 'inventory')];
      if (inventory === null) return (await import('./commands/plan.ts')).runPlan(context, { target, ...choice, out });
      if (out !== null || Object.values(target).some((given) => given !== null))
        throw new TapprepError('USAGE', '--inventory names the machines, so no other target and no --out is taken', {
          hint: `tapprep plan --inventory ${inventory} --json`,
        });
      return (await import('./commands/plan-inventory.ts')).runPlanInventory(context, inventory, choice);
    },
  },
  {
    name: 'fetch',
    summary: 'plan, download and verify into a directory',
    target: true,
    options: [
      ['--dest <dir>', 'where the packages go (default: ./packages)'],
      SYSTEMTAP,
      NO_DEBUGINFO,
      IMAGE,
      EXPIRED,
      UNSIGNED,
    ],
    run: async (context, raw) =>
      (await import('./commands/fetch.ts')).runFetch(context, {
        ...readPlanOptions(raw),
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
      ['--out <file>', 'the tar to write; with --compiled also FILE.tar.gz, less than half of it'],
      NO_DEBUGINFO,
      IMAGE,
      EXPIRED,
      UNSIGNED,
      ['--lock <file>', 'bundle exactly what "plan --out" wrote'],
      ['--sign-key <key>', 'sign it with this key of yours, by gpg'],
      ['--compiled', 'modules that are compiled and proven here, with all they need to run, instead of packages'],
      SYSTEMTAP,
    ],
    run: async (context, raw, scripts) =>
      (await import('./commands/bundle.ts')).runBundle(context, {
        ...readPlanOptions(raw),
        compiled: raw['compiled'] === true,
        scripts,
        out: readText(raw, 'out'),
        lock: readText(raw, 'lock'),
        signKey: readText(raw, 'signKey'),
      }),
  },
  {
    name: 'install',
    summary: 'install the exact packages on this host or into a root, and prove that SystemTap runs',
    target: true,
    options: [
      LEVEL,
      SYSTEMTAP,
      NO_DEBUGINFO,
      EXPIRED,
      UNSIGNED,
      ['--allow-upgrade', 'let installed packages be replaced by other versions; remove cannot bring those back'],
      ['--lock <file>', 'install exactly what "plan --out" wrote'],
      ['--bundle <file>', 'install what "bundle --out" wrote, without any network'],
      ['--bundle-keyring <file>', 'the bundle must be signed by a key of this file'],
      ['--allow-unchecked-evidence', 'accept packages of a bundle whose signatures no key here can check'],
      REPORT,
    ],
    run: async (context, raw) =>
      (await import('./commands/install.ts')).runInstall(context, {
        ...readPlanOptions(raw),
        allowUpgrade: raw['allowUpgrade'] === true,
        level: readLevel(raw),
        lock: readText(raw, 'lock'),
        bundle: readText(raw, 'bundle'),
        bundleKeyring: readText(raw, 'bundleKeyring'),
        allowUncheckedEvidence: raw['allowUncheckedEvidence'] === true,
        report: readText(raw, 'report'),
      }),
  },
  {
    name: 'verify',
    summary: 'prove that what is installed works: build tree, build-id, hello world, probes, scripts',
    target: true,
    args: [['[scripts...]', 'scripts of your own to run too']],
    options: [
      LEVEL,
      SYSTEMTAP,
      EXPIRED,
      ['--in <place>', "local: the running kernel; vm: the target's own kernel in QEMU (default: local where it runs)"],
      ['--image <file>', 'vmlinuz to boot, where the target has none'],
      REPORT,
    ],
    run: async (context, raw, scripts) =>
      (await import('./commands/verify.ts')).runVerify(context, {
        target: readTarget(raw),
        scripts,
        where: readPlace(raw),
        level: readLevel(raw),
        image: readText(raw, 'image'),
        systemtap: readText(raw, 'systemtap') === null ? null : readSystemtap(raw, 'distro'),
        allowExpiredRelease: raw['allowExpiredRelease'] === true,
        report: readText(raw, 'report'),
      }),
  },
  {
    name: 'scripts',
    summary: 'the incident-response scripts: list, show NAME, check [NAME...], run NAME [KEY=VALUE...]',
    target: true,
    args: [
      ['<action>', 'list, show, check or run'],
      ['[words...]', 'names of scripts; for run one name, then its arguments as KEY=VALUE'],
    ],
    options: [['--seconds <n>', 'how long run lets the script run (default: 60)']],
    run: async (context, raw, [action, ...words]) => {
      const { runScripts } = await import('./commands/scripts.ts');
      return runScripts(context, action ?? '', words, {
        target: readTarget(raw),
        seconds: readCount(raw, 'seconds'),
      });
    },
  },
  {
    name: 'remove',
    summary: 'take away exactly what tapprep installed',
    target: true,
    options: [['--purge', 'take away the journal and the reports of tapprep there, too']],
    run: async (context, raw) =>
      (await import('./commands/remove.ts')).runRemove(context, {
        target: readTarget(raw),
        purge: raw['purge'] === true,
      }),
  },
  {
    name: 'cache',
    summary: 'list or clean what is kept between runs',
    target: false,
    args: [['<action>', 'list or clean']],
    options: [
      ['--older-than <days>', 'clean: only what was not used for so many days'],
      ['--max-bytes <n>', 'clean: the longest unused until the rest is at most so large'],
    ],
    run: async (context, raw, [action]) =>
      (await import('./commands/cache.ts')).runCache(context, action ?? '', {
        olderThanDays: readCount(raw, 'olderThan'),
        maxBytes: readCount(raw, 'maxBytes'),
      }),
  },
];
