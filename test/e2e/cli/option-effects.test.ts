/** Every option of every command does something: the table says what differs with and without it, and each is run and looked at. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { rememberVerdict } from '../../../src/systemtap/verdicts.ts';
import type { CliResult } from '../../helpers/cli.ts';
import { runInProcess } from '../../helpers/in-process.ts';
import { KERNEL, OptionWorld, OTHER_KERNEL } from '../../helpers/option-world.ts';
import { sampleVerdict } from '../../helpers/sample-verdict.ts';

/** What a run left: what it printed, and what else there is to see. */
interface Run extends CliResult {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly requests: readonly string[];
}

interface Effect {
  /** One line for people: what is looked at. */
  readonly what: string;
  /** What stands behind the option; null for a switch. */
  readonly value: string | null;
  /** The rest of the command line, where it is not that of the command. */
  readonly base?: string;
  readonly input?: string;
  /** Of the home, before the run. */
  readonly files?: Readonly<Record<string, string>>;
  /** Seen with the option, and not without it. */
  readonly isSeen: (run: Run) => boolean;
  /** Where only a machine or a network would show it: the file of the command, and what in it reads the field. */
  readonly reads?: readonly [file: string, code: RegExp];
}

type Effects = Readonly<Record<string, Effect>>;
type More = Pick<Effect, 'base' | 'input' | 'files'>;

/** A text that is printed with the option only. */
function says(text: string, value: string | null = null, more: More = {}): Effect {
  const words = new RegExp(text, 'm');
  return { what: `prints ${text}`, value, ...more, isSeen: (run) => words.test(`${run.stdout}\n${run.stderr}`) };
}

/** A text that is printed without the option only. */
function hides(text: string, value: string | null = null, more: More = {}): Effect {
  const words = new RegExp(text, 'm');
  return { what: `prints no ${text}`, value, ...more, isSeen: (run) => !words.test(`${run.stdout}\n${run.stderr}`) };
}

/** A file of the home that is there with the option only. */
function makes(file: string, value: string, more: More = {}): Effect {
  return { what: `makes ${file}`, value, ...more, isSeen: ({ home }) => existsSync(join(home, file)) };
}

/** A request that the archive of the world gets with the option only. */
function asks(path: string, value: string, more: More = {}): Effect {
  const words = new RegExp(path);
  const isSeen = ({ requests }: Run): boolean => requests.some((one) => words.test(one));
  return { what: `asks for ${path}`, value, ...more, isSeen };
}

/** A source of its own that is asked without the option only. */
function asksNobody(base: string, name: string): Effect {
  const isSeen = ({ requests }: Run): boolean => !requests.some((one) => one.includes(`/${name}/`));
  return { what: `does not ask for ${name}`, value: null, base: `${base} --mirror deb=%U${name}/`, isSeen };
}

function exits(code: number, value: string, more: More = {}): Effect {
  return { what: `exits with ${code}`, value, ...more, isSeen: (run) => run.code === code };
}

/** The command line is read otherwise, and the code of the command has it. */
function reads(file: string, code: RegExp, value: string | null = null): Effect {
  return { what: `is read by ${file}`, value, isSeen: () => true, reads: [file, code] };
}

/** What `mends list --json` says of one. */
function calls(mend: string, called: boolean | null, value: string, base: string): Effect {
  const isSeen = ({ stdout }: Run): boolean => {
    const { mends } = JSON.parse(stdout) as {
      readonly mends?: readonly { readonly id: string; readonly called: unknown }[];
    };
    return mends?.find(({ id }) => id === mend)?.called === called;
  };
  return { what: `${mend}: ${called}`, value, base, isSeen };
}

const JSON_OBJECT: Effect = { what: 'prints JSON', value: null, isSeen: ({ stdout }) => /^\s*[{[]/.test(stdout) };
const QUIET: Effect = { what: 'tells nothing beside', value: null, isSeen: ({ stderr }) => stderr === '' };
const NO_COLOR: Effect = {
  what: 'says to what draws that there are no colours',
  value: null,
  isSeen: ({ env }) => env['NO_COLOR'] === '1',
};

interface Looks {
  /** What follows the name of the command. "~" stands for a blank within a word, "%R" for a name of the world. */
  readonly base: string;
  readonly effects: Effects;
}

const OTHER = OTHER_KERNEL.replaceAll('.', String.raw`\.`);
const UNAME_V = '#1~SMP~Debian~5.10.298-1~(2026-10-01)';
const SESSION = 'open-session.ts';
const ROOT = '--root %R --kernel %K';
const SNAPSHOT = reads(SESSION, /snapshot: common\.snapshot/, '20260801T000000Z');
const SUDO = reads('process-context.ts', /readSecretFile\(common\.sudoPasswordFile\)/, '/nowhere/password --host far');

/** An error that has a cause of the system's. */
function shown(base: string): Effects {
  return { '--json': JSON_OBJECT, '--verbose': says('cause: E', null, { base }) };
}

/** What every command says of a configuration that cannot be read. */
const BADLY_CONFIGURED: Effects = {
  '--json': JSON_OBJECT,
  '--verbose': says('cause: ', null, { files: { '.config/tapprep/config.toml': 'offline = [' } }),
};

/** Which of two machines: the last one of an option that is given twice counts. */
function place(base: string, seen: string, other = '--kernel %K'): Effects {
  return {
    '--root': says(seen, '%R', { base: `--root %X ${other} ${base}` }),
    '--host': says('nowhere\\.invalid', 'nobody@nowhere.invalid', { base: `--host nobody@other.invalid ${base}` }),
    '--ssh-config': says('by-configuration\\.invalid', '%S', { base: `--host far ${base}` }),
  };
}

/** A tree says which kernel it is for, and a file that is not there is refused. */
function own(base: string, root = '%R', seen = '5\\.10\\.77-own'): Effects {
  return {
    '--build-tree': says(seen, '/tree', { base: `--root ${root} ${base}` }),
    '--vmlinux': says('is no file on', '/nowhere', { base: `--root ${root} --kernel %K ${base}` }),
  };
}

/** A target of any kind. @param seen how the root shows in what is printed */
function described(base: string, seen: string): Effects {
  return {
    '--kernel': says(OTHER, '%O', { base: `--facts %F ${base}` }),
    '--distro': says('bullseye|debian:? 11|"version": "11"', 'debian:11', {
      base: `--distro debian:12 --kernel %O ${base}`,
    }),
    '--arch': says('aarch64', 'aarch64', { base: `--distro almalinux:8 --kernel 4.18.0-553.el8_10 ${base}` }),
    '--uname-v': says('5\\.10\\.298-1', UNAME_V, { base: `--distro debian:11 --kernel %O ${base}` }),
    '--banner': says(OTHER, '%B', { base: `--banner %H ${base}` }),
    ...place(base, seen),
    ...own(base),
    '--facts': says('5\\.10\\.0-99', '%F', { base: `--facts %G ${base}` }),
  };
}

/** A machine that is here. */
function machine(base: string, seen: string): Effects {
  return {
    '--kernel': says(OTHER, '%O', { base: `${ROOT} ${base}` }),
    '--arch': says('aarch64', 'aarch64', { base: `${ROOT} ${base}` }),
    '--uname-v': says('5\\.10\\.298-1', UNAME_V, { base: `${ROOT} ${base}` }),
    '--banner': says(OTHER, '%B', { base: `--root %R ${base}` }),
    ...place(base, seen),
    ...own(base),
  };
}

/** A target of the commands that plan: by the archive that its root names, out of the cache. */
function planned(base: string): Effects {
  return {
    ...described(`--offline ${base}`, '5\\.10\\.299-1|[67] packages'),
    '--kernel': says(OTHER, '%O', { base: `${ROOT} --offline ${base}` }),
    '--uname-v': says('5\\.10\\.298-1', UNAME_V, { base: `${ROOT} --offline ${base}` }),
    '--banner': says(OTHER, '%B', { base: `--root %R --offline ${base}` }),
    '--facts': says('archive/|127\\.0\\.0\\.1', '%F', { base: `--facts %G --offline ${base}` }),
  };
}

/** Asking repositories: the archive of the world has been read before, so that it is in the cache. */
function sources(command: string, base: string): Effects {
  return {
    '--cache-dir': says('is not in the cache \\S*elsewhere', '%C', { base: `${base} --offline` }),
    '--offline': asksNobody(base, `off-${command}`),
    '--timeout': reads(SESSION, /timeoutMs: common\.timeoutMs/, '1s'),
    '--mirrors': says('no-such-list', '/nowhere/no-such-list', { base }),
    '--mirror': asks(`/extra-${command}/`, `deb=%Uextra-${command}/`, { base }),
    '--allow-expired-release': says('5\\.10\\.299|[67] packages', null, {
      base: `${base} --offline`.replace('%R', '%E'),
    }),
    '--snapshot': SNAPSHOT,
  };
}

/** The same, where only a proof on a machine would get so far. */
function sourcesRead(base: string): Effects {
  return {
    '--cache-dir': reads(SESSION, /cacheDir: common\.cacheDir/, '/elsewhere'),
    '--offline': reads(SESSION, /offline: common\.offline/),
    '--timeout': reads(SESSION, /timeoutMs: common\.timeoutMs/, '1s'),
    '--mirrors': says('no-such-list', '/nowhere/no-such-list', { base: `${base} --offline` }),
    '--mirror': reads(SESSION, /mirrors: common\.mirror,/, 'deb=http://127.0.0.1/'),
  };
}

/** A key is looked at before anything is done. */
function moduleKey(base: string): Effects {
  return {
    '--module-key': says('no-such-key', '/nowhere/no-such-key --module-cert %V', { base }),
    '--module-sign-command': says('without its certificate', 'sign-it', { base }),
    '--module-cert': says('no-such-cert', '/nowhere/no-such-cert', { base: `${base} --module-key %Y` }),
    '--module-key-passphrase-file': says('no key that it belongs to', '/nowhere/no-such-phrase', { base }),
    '--allow-expired-module-cert': says('no key that it belongs to', null, { base }),
  };
}

const PLAN = `${ROOT} --systemtap distro`;
const ALLOW_UNSIGNED = reads(SESSION, /allowUnsigned: common\.allowUnsigned/);

const TABLE: Readonly<Record<string, Looks>> = {
  detect: {
    base: '--facts %F',
    effects: {
      ...described('--json', 'Debian test root'),
      '--script': says('^#!/bin/sh', null, { base: '' }),
      ...shown('--root /nowhere'),
    },
  },
  doctor: {
    base: '--facts %F',
    effects: {
      ...machine('', 'Debian test root'),
      '--arch': says('"target": null', 'aarch64', { base: `${ROOT} --json` }),
      '--uname-v': says('5\\.10\\.298-1', UNAME_V, { base: `${ROOT} --json` }),
      '--facts': says('5\\.10\\.0-99', '%F', { base: '--facts %G' }),
      '--log': says('DWARF', '%L'),
      '--fix': says('doctor --fix needs a machine'),
      '--report': makes('report.html', 'report.html'),
      ...shown('--root /nowhere'),
      '--sudo-password-file': SUDO,
      ...sourcesRead(`${ROOT} --fix`),
      '--yes': reads('process-context.ts', /if \(common\.yes\) return true/),
      '--dry-run': hides('was not approved|left', null, { base: `${ROOT} --fix` }),
      '--quiet': hides('PROBLEM', null, { base: `${ROOT} --fix --dry-run` }),
      '--no-color': { ...NO_COLOR, base: `${ROOT} --fix --dry-run` },
    },
  },
  explain: {
    base: '%L',
    effects: {
      '--facts': says('5\\.10\\.0-99', '%F'),
      '--cases': says('right 1 of 1', '%D', { base: '' }),
      '--feedback': makes('case.txt', 'case.txt --expect NONE'),
      '--expect': makes('case.txt', 'NONE', { base: '%L --feedback case.txt' }),
      '--cause': {
        what: 'writes the cause',
        value: 'no-headers-there',
        base: '%L --feedback case.txt --expect NONE',
        isSeen: ({ home }) => readFileSync(join(home, 'case.txt'), 'utf8').includes('cause: no-headers-there'),
      },
      ...shown('--cases /nowhere'),
    },
  },
  'mends list': {
    base: '--facts %F',
    effects: {
      ...described('', 'yes'),
      '--distro': calls('module-mutex-lock', true, 'debian:11', '--distro ubuntu:22.04 --kernel %O --json'),
      '--arch': calls('rdmsrq', false, 'aarch64', '--root %R --build-tree /tree --json'),
      '--uname-v': calls(
        'module-mutex-lock',
        false,
        '#1~SMP~Debian~5.10.100-1',
        '--distro debian:11 --kernel %O --json',
      ),
      '--root': calls('rdmsrq', true, '%R', '--root %X --build-tree /tree --json'),
      ...shown('--root /nowhere'),
    },
  },
  'mends show': { base: 'task-euid', effects: BADLY_CONFIGURED },
  'mends try': {
    base: `task-euid ${ROOT}`,
    effects: {
      ...machine('task-euid --json', '/root'),
      '--sudo-password-file': SUDO,
      '--level': says('kernel.function', 'probe'),
      '--in': says('--in local needs', 'local'),
      '--boot-image': reads('commands/mends.ts', /options\.image/, '/nowhere/vmlinuz'),
      ...sourcesRead(`task-euid ${ROOT}`),
      '--allow-expired-release': reads('commands/mends.ts', /options\.allowExpiredRelease/),
      '--snapshot': SNAPSHOT,
      ...shown('task-euid --root /nowhere'),
      '--quiet': QUIET,
      '--no-color': NO_COLOR,
    },
  },
  'mirrors list': {
    base: '--facts %F',
    effects: {
      ...described('--json', '"version": "11"'),
      '--all': says('CentOS', null, { base: '' }),
      '--retired': says('^\\S+ +retired ', null, { base: '--distro centos:7 --kernel 3.10.0-1160.el7.x86_64' }),
      '--snapshot': says('20250101T000000Z', '20250101T000000Z', { base: '--facts %F --json' }),
      '--mirrors': says('no-such-list', '/nowhere/no-such-list'),
      '--mirror': says('/extra/', 'deb=%Uextra/'),
      ...shown('--root /nowhere'),
    },
  },
  'mirrors check': {
    base: '--facts %F',
    effects: {
      ...described('--json', '"version": "11"'),
      '--all': says('centos', null, { base: '' }),
      '--retired': says('"state": "retired"', null, {
        base: '--distro centos:7 --kernel 3.10.0-1160.el7.x86_64 --json',
      }),
      '--snapshot': says('20250101T000000Z', '20250101T000000Z', { base: '--facts %F --json' }),
      '--mirrors': says('no-such-list', '/nowhere/no-such-list'),
      '--mirror': asks('/extra-check/', 'deb=%Uextra-check/'),
      ...shown('--root /nowhere'),
      '--quiet': QUIET,
      '--no-color': NO_COLOR,
    },
  },
  names: {
    base: '--facts %F',
    effects: {
      ...described('--json', '"version": "11"'),
      '--batch': says('linux-headers-6', null, {
        base: '',
        input: '{"distro":"debian","version":"12","kernel":"6.1.0-18-amd64"}\n',
      }),
      ...shown('--root /nowhere'),
    },
  },
  rehearse: {
    base: `${PLAN} --offline`,
    effects: {
      ...planned('--systemtap distro'),
      '--kernel': says('cannot be a kernel release', 'no/release'),
      '--uname-v': reads('../pipeline/open-target.ts', /unameV: choice\.unameV/, UNAME_V),
      '--banner': says('there is no file /nowhere/x', '/nowhere/x'),
      '--root': says('/nowhere', '/nowhere'),
      '--build-tree': says('in which /tree does not lie', '/tree', { base: '--root %R' }),
      '--kernels': says('--kernels takes', 'latest:1'),
      '--level': says('--level is hello', 'nonsense'),
      '--systemtap': says('--systemtap is auto', 'nonsense', { base: `${ROOT} --offline` }),
      '--runtime': says('--runtime is module', 'nonsense'),
      ...moduleKey(ROOT),
      '--module-key': reads('commands/rehearse.ts', /options\.moduleKey/, '/nowhere/key'),
      '--module-cert': reads('commands/rehearse.ts', /options\.moduleKey/, '/nowhere/cert'),
      '--secure-boot': says('--secure-boot is', 'nonsense'),
      '--lockdown': says('--lockdown is', 'nonsense'),
      '--sig-enforce': reads('guest-policy.ts', /raw\['sigEnforce'\] === true/),
      '--no-debuginfo': reads('commands/rehearse.ts', /options\.debuginfo/),
      ...sourcesRead(PLAN),
      '--offline': says('OFFLINE', null, { base: '--distro debian:12 --kernel 6.1.0-18-cloud-amd64 --timeout 1s' }),
      '--allow-expired-release': reads('commands/rehearse.ts', /options\.allowExpiredRelease/),
      '--snapshot': SNAPSHOT,
      '--yes': reads('commands/rehearse.ts', /context\.common\.yes/),
      '--report': makes('report.html', 'report.html'),
      ...shown('--root /nowhere'),
      '--quiet': hides('^failed: plan'),
      '--no-color': NO_COLOR,
    },
  },
  plan: {
    base: PLAN,
    effects: {
      ...planned('--systemtap distro'),
      '--systemtap': exits(3, 'portable', { base: `${ROOT} --offline` }),
      '--debuginfo': hides('-dbg', 'debuginfod'),
      '--debuginfo-files': says('vmlinux', 'vmlinux'),
      '--no-debuginfo': hides('-dbg'),
      '--image': says('linux-image-5.10.0-99-cloud-amd64 '),
      ...sources('plan', PLAN),
      '--allow-unsigned-packages': ALLOW_UNSIGNED,
      '--inventory': says('"groups"', '%I', { base: '--offline --json' }),
      '--out': makes('kernel.lock', 'kernel.lock'),
      '--json': JSON_OBJECT,
      '--verbose': says('asked|ANSWER'),
      '--quiet': hides('could not be used', null, { base: `${PLAN} --offline --cache-dir %C` }),
      '--no-color': NO_COLOR,
    },
  },
  fetch: {
    base: PLAN,
    effects: {
      ...planned('--systemtap distro'),
      '--systemtap': exits(3, 'portable', { base: `${ROOT} --offline` }),
      '--no-debuginfo': says('^5 packages'),
      '--image': says('^7 packages'),
      ...sources('fetch', PLAN),
      '--allow-unsigned-packages': ALLOW_UNSIGNED,
      '--dest': makes('elsewhere/SHA256SUMS', 'elsewhere'),
      '--json': JSON_OBJECT,
      '--verbose': says('asked '),
      '--quiet': QUIET,
      '--no-color': NO_COLOR,
    },
  },
  bundle: {
    base: `${PLAN} --out b.tar`,
    effects: {
      ...planned('--systemtap distro --out b.tar'),
      '--systemtap': exits(3, 'portable', { base: `${ROOT} --offline --out b.tar` }),
      '--no-debuginfo': says(' 5 packages for'),
      '--image': says(' 7 packages for'),
      '--compiled': says('no kernel of'),
      '--runtime': says('--runtime is module or bpf', 'auto', { base: `${PLAN} --out b.tar --compiled` }),
      ...moduleKey(`${PLAN} --out b.tar --compiled`),
      '--module-key': says('means something with --compiled', '%Y --module-cert %V'),
      '--module-cert': reads('commands/bundle.ts', /options\.moduleKey/, '/nowhere/cert'),
      ...sources('bundle', `${PLAN} --out b.tar`),
      '--allow-unsigned-packages': ALLOW_UNSIGNED,
      '--lock': says('no-such-lock', '/nowhere/no-such-lock'),
      '--out': makes('b.tar', 'b.tar', { base: PLAN }),
      '--sign-key': says('no-such-signer', 'no-such-signer'),
      '--yes': reads('commands/bundle.ts', /common\.yes/),
      '--dry-run': says('nothing was written'),
      '--json': JSON_OBJECT,
      '--verbose': says('asked '),
      '--quiet': QUIET,
      '--no-color': NO_COLOR,
    },
  },
  install: {
    base: `${PLAN} --dry-run`,
    effects: {
      ...machine('--systemtap distro --dry-run --offline', '5\\.10\\.299-1'),
      '--sudo-password-file': SUDO,
      '--level': says('--level is hello', 'nonsense'),
      '--systemtap': exits(3, 'portable', { base: `${ROOT} --offline --dry-run` }),
      ...moduleKey(`${PLAN} --dry-run --offline`),
      '--debuginfo': hides('-dbg', 'debuginfod'),
      '--debuginfo-files': says('vmlinux', 'vmlinux'),
      '--no-debuginfo': hides('-dbg'),
      ...sources('install', `${PLAN} --dry-run`),
      '--allow-unsigned-packages': ALLOW_UNSIGNED,
      '--lock': says('no-such-lock', '/nowhere/no-such-lock'),
      '--bundle': says('no-such-bundle', '/nowhere/no-such-bundle'),
      '--bundle-keyring': reads('commands/install.ts', /keyring: bundleKeyring === null/, '/nowhere/keyring'),
      '--allow-unchecked-evidence': reads('commands/install.ts', /allowUnchecked: allowUncheckedEvidence/),
      '--allow-upgrade': reads('commands/install.ts', /allowUpgrade: options\.allowUpgrade/),
      '--yes': reads('process-context.ts', /if \(common\.yes\) return true/),
      '--dry-run': hides('was not approved', null, { base: `${PLAN} --offline` }),
      '--report': makes('report.html', 'report.html'),
      '--json': JSON_OBJECT,
      '--verbose': says('asked '),
      '--quiet': QUIET,
      '--no-color': NO_COLOR,
    },
  },
  verify: {
    base: ROOT,
    effects: {
      ...machine('--json', '/root'),
      '--sudo-password-file': SUDO,
      '--level': says('kernel.function', 'probe'),
      '--systemtap': exits(3, '5.6', { base: `${ROOT} --offline` }),
      '--runtime': says('"runtime": "bpf"', 'bpf', { base: `${ROOT} --json` }),
      ...moduleKey(ROOT),
      '--in': says('--in local needs', 'local'),
      '--boot-image': reads('commands/verify.ts', /options\.image/, '/nowhere/vmlinuz'),
      ...sourcesRead(ROOT),
      '--allow-expired-release': reads('commands/verify.ts', /\.\.\.options,/),
      '--snapshot': SNAPSHOT,
      '--report': makes('report.html', 'report.html'),
      ...shown('--root /nowhere'),
      '--quiet': QUIET,
      '--no-color': NO_COLOR,
    },
  },
  'scripts list': { base: '', effects: BADLY_CONFIGURED },
  'scripts show': { base: 'icmp', effects: BADLY_CONFIGURED },
  'scripts check': {
    base: 'icmp --root %X --kernel %K',
    effects: {
      '--kernel': says(OTHER, '%O'),
      '--banner': says(OTHER, '%B', { base: 'icmp --root %X' }),
      ...place('icmp', 'stap is needed'),
      ...own('icmp', '%X'),
      '--sudo-password-file': SUDO,
      '--systemtap': says('--systemtap 5\\.6 was given, but for \\S+ there is ', '5.6'),
      ...shown('icmp --root /nowhere'),
      '--quiet': QUIET,
      '--no-color': NO_COLOR,
    },
  },
  'scripts run': {
    base: `icmp ${ROOT}`,
    effects: {
      '--kernel': says(OTHER, '%O'),
      '--banner': says(OTHER, '%B', { base: 'icmp --root %R' }),
      ...place('icmp', 'try: tapprep verify .*--root \\S+/root '),
      ...own('icmp'),
      '--sudo-password-file': SUDO,
      '--systemtap': says('--systemtap is auto', 'nonsense'),
      '--runtime': says('--runtime is module', 'nonsense'),
      ...moduleKey(`icmp ${ROOT}`),
      '--module-key': reads('commands/scripts.ts', /openSigner\(context, moduleKey/, '/nowhere/key'),
      '--module-cert': reads('commands/scripts.ts', /openSigner\(context, moduleKey/, '/nowhere/cert'),
      '--seconds': says('--seconds takes 1 to', '0'),
      ...shown('icmp --root /nowhere'),
      '--quiet': reads('process-context.ts', /quiet: common\.quiet/),
      '--no-color': NO_COLOR,
    },
  },
  'module-key create': {
    base: '--facts %F',
    effects: {
      '--kernel': says('^key: ', '%O', { base: '--distro debian:11' }),
      '--distro': says('on that machine', 'debian:11', { base: '--kernel %O' }),
      '--banner': says('on that machine', '%B', { base: '' }),
      ...place('', 'chroot \\S+/root '),
      '--facts': says('on that machine', '%F', { base: '' }),
      '--dest': makes('keys/module-key.pem', 'keys'),
      '--name': says('"fleet-key"', 'fleet-key'),
      '--module-key-passphrase-file': says('no-such-phrase', '/nowhere/no-such-phrase'),
      ...shown('--root /nowhere'),
    },
  },
  'module-key show': {
    base: '--facts %F',
    effects: {
      '--kernel': says('will not load', '%O', { base: ROOT }),
      '--banner': says('will not load', '%B', { base: '--root %R' }),
      ...place('', 'will not load', '--kernel %O'),
      '--facts': says('will load', '%F', { base: '--facts /nowhere' }),
      '--module-cert': says('no-such-cert', '/nowhere/no-such-cert'),
      ...shown('--root /nowhere'),
    },
  },
  remove: {
    base: '--root %X',
    effects: {
      ...place('', '/root', ''),
      '--sudo-password-file': SUDO,
      '--purge': says('/var/lib/tapprep/report\\.json', null, { base: '--root %X --dry-run' }),
      '--yes': says('^removed', null, { base: '--root %E' }),
      '--dry-run': says('would remove'),
      '--json': { ...JSON_OBJECT, base: '--root %X --dry-run' },
      '--verbose': says('cause: E', null, { base: '--root /nowhere' }),
      '--quiet': hides('^  - /'),
      '--no-color': NO_COLOR,
    },
  },
  'verdicts list': {
    base: '',
    effects: { '--cache-dir': hides('4\\.8-2 of the distribution', '%C'), ...BADLY_CONFIGURED },
  },
  'verdicts export': {
    base: '--out seen.json',
    effects: {
      '--cache-dir': says('has seen no SystemTap', '%C'),
      '--out': makes('seen.json', 'seen.json', { base: '' }),
      '--sign-key': says('no-such-signer', 'no-such-signer'),
      ...BADLY_CONFIGURED,
    },
  },
  'verdicts import': {
    base: '%W',
    effects: {
      '--cache-dir': says('1 of 1 verdict was taken', '%Z', { base: '%W --allow-unsigned-verdicts' }),
      '--keyring': says('is not signed, but a signature by a key of', '/nowhere/keyring'),
      '--allow-unsigned-verdicts': says('1 verdict was taken, nobody signed them'),
      ...BADLY_CONFIGURED,
    },
  },
  'cache list': {
    base: '',
    effects: { '--cache-dir': hides('InRelease', '%C'), ...BADLY_CONFIGURED },
  },
  'cache clean': {
    base: '--cache-dir %C',
    effects: {
      '--cache-dir': says('^nothing to remove', '%C', { base: '--cache-dir %L' }),
      '--older-than': hides('rehearsal root', '3', { base: '--cache-dir %Q' }),
      '--max-bytes': hides('rehearsal root', '3', { base: '--cache-dir %Q' }),
      ...BADLY_CONFIGURED,
    },
  },
  'config show': { base: '', effects: BADLY_CONFIGURED },
};

const world = new OptionWorld();
const names: Record<string, string> = {};

function words(line: string): readonly string[] {
  return line
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => word.replaceAll(/%([A-Z])/g, (_, letter: string) => names[letter] ?? '').replaceAll('~', ' '));
}

const kept = new Map<string, Promise<Run>>();

/** What was run is looked at as often as rows ask. */
function run(argv: readonly string[], more: More = {}): Promise<Run> {
  const key = JSON.stringify([argv, more.input, more.files]);
  const known = kept.get(key) ?? runOnce(argv, more);
  kept.set(key, known);
  return known;
}

async function runOnce(argv: readonly string[], { input = '', files = {} }: More): Promise<Run> {
  const home = mkdtempSync(world.path('home-'));
  for (const [name, text] of Object.entries(files)) world.write(join(basename(home), name), text);
  const env: Record<string, string | undefined> = {
    PATH: process.env['PATH'],
    HOME: home,
    http_proxy: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
    no_proxy: '127.0.0.1',
    TAPPREP_CACHE_DIR: world.path('cache'),
  };
  const before = world.requests.length;
  const result = await runInProcess(argv, { env, cwd: home, input });
  return { ...result, home, env, requests: world.requests.slice(before) };
}

const turns = new Map<string, Promise<unknown>>();

/** Rows of one command come one after the other, those of several beside each other: they wait for other programs. */
function inTurn(name: string, work: () => Promise<void>): Promise<void> {
  const turn = (turns.get(name) ?? Promise.resolve()).then(work);
  turns.set(
    name,
    turn.catch(() => undefined),
  );
  return turn;
}

/** The first option of every command, then the second. */
const PAIRS = COMMANDS.flatMap((row) =>
  row.options.map(([flags], at) => ({ at, pair: [row.name, /--[a-z-]+/.exec(flags)?.[0] ?? ''] as const })),
)
  .toSorted((a, b) => a.at - b.at)
  .map(({ pair }) => pair);

beforeAll(async () => {
  await world.open();
  const root = world.path('root');
  for (const [name, msr] of Object.entries({ root: 'rdmsrq', other: 'rdmsrl' })) {
    world.write(`${name}/tree/include/generated/utsrelease.h`, '#define UTS_RELEASE "5.10.77-own"\n');
    world.write(`${name}/tree/arch/x86/include/asm/msr.h`, `#define ${msr}(a, b) b\n`);
    for (const file of ['.config', 'Module.symvers', 'Makefile']) world.write(`${name}/tree/${file}`, '');
  }
  world.write(`root/boot/config-${OTHER_KERNEL}`, '# CONFIG_MODULES is not set\n');
  world.write('other/var/lib/tapprep/report.json', '{}');
  const banner =
    'Linux version 5.10.0-98-cloud-amd64 (debian-kernel@lists.debian.org) (gcc-10 (Debian 10.2.1-6) 10.2.1 20210110, GNU ld (GNU Binutils for Debian) 2.35.2) #1 SMP Debian 5.10.298-1 (2026-10-01)\n';
  const log = readFileSync(join(process.cwd(), 'test/cases/no-dwarf.txt'), 'utf8');
  world.write('cases/one.txt', log);
  world.write('rehearsed/roots/debian-12-6.1.0-57-cloud-amd64.json', '{}');
  for (const name of ['locks', 'sha256']) mkdirSync(world.path(`rehearsed/${name}`));
  Object.assign(names, {
    R: root,
    X: world.path('other'),
    E: world.path('expired'),
    K: KERNEL,
    O: OTHER_KERNEL,
    U: world.url,
    C: world.path('elsewhere'),
    D: world.path('cases'),
    B: world.write('banner', banner),
    H: world.write('other-banner', banner.replaceAll('-98-', '-99-').replaceAll('298', '299')),
    L: world.write('failed.log', log),
    Q: world.path('rehearsed'),
    S: world.write('ssh', 'Host far\n  HostName by-configuration.invalid\n'),
    I: world.write('inventory', '{"distro":"debian","version":"12","kernel":"6.1.0-18-amd64"}\n'),
    Y: world.path('keys/module-key.pem'),
    V: world.path('keys/module-cert.pem'),
  });
  const seen = await run(['detect', '--root', root, '--kernel', KERNEL, '--json']);
  const declared = await run(['detect', '--distro', 'debian:12', '--kernel', '6.1.0-18-amd64', '--json']);
  Object.assign(names, { F: world.write('facts.json', seen.stdout), G: world.write('declared.json', declared.stdout) });
  const plan = ['--kernel', KERNEL, '--systemtap', 'distro'];
  const all = ['--allow-expired-release', '--timeout', '9s'];
  for (const name of ['root', 'expired']) await run(['fetch', '--root', world.path(name), ...plan, ...all]);
  await run(['module-key', 'create', '--facts', world.path('facts.json'), '--dest', world.path('keys')]);
  const seenStap = { kind: 'distro', version: '4.8', packageVersion: '4.8-2', distro: 'debian' } as const;
  await rememberVerdict(world.path('cache'), sampleVerdict(seenStap, 'pass', 'pass'));
  const exported = world.path('exported.json');
  await run(['verdicts', 'export', '--out', exported]);
  Object.assign(names, { W: exported, Z: world.path('fresh') });
  // What a run of stap would have left to be removed; what is empty, commands that run stap beside this take away themselves.
  for (const name of ['other', 'expired']) {
    mkdirSync(world.path(`${name}/var/cache/tapprep/stap`), { recursive: true, mode: 0o700 });
    world.write(`${name}/var/cache/tapprep/stap/stap_0.ko`, '');
  }
});
afterAll(() => world.close());

test('the table has every option that any command takes, and no other', () => {
  const rows = Object.entries(TABLE).flatMap(([name, { effects }]) =>
    Object.keys(effects).map((flag) => `${name} ${flag}`),
  );
  expect(rows.toSorted()).toEqual(PAIRS.map((pair) => pair.join(' ')).toSorted());
});

interface Row {
  readonly effect: Effect;
  readonly without: readonly string[];
  readonly given: readonly string[];
}

function rowOf(name: string, flag: string): Row {
  const looks = TABLE[name];
  const effect = looks?.effects[flag];
  if (looks === undefined || effect === undefined) throw new Error(`the table does not say what ${flag} does`);
  const without = [...name.split(' '), ...words(effect.base ?? looks.base)];
  return { effect, without, given: [...without, flag, ...(effect.value === null ? [] : words(effect.value))] };
}

const isRead = ([name, flag]: readonly [string, string]): boolean => TABLE[name]?.effects[flag]?.reads !== undefined;

test.concurrent.each(PAIRS.filter((pair) => !isRead(pair)))(
  '%s %s: what the table names is there with it only',
  { timeout: 240_000 },
  (name, flag) =>
    inTurn(name, async () => {
      const { effect, without, given } = rowOf(name, flag);
      const other = await run(without, effect);
      const one = await run(given, effect);
      expect(effect.isSeen(one), `with ${flag}: ${effect.what}\n${textOf(one)}`).toBe(true);
      expect(effect.isSeen(other), `without ${flag}: ${effect.what}\n${textOf(other)}`).toBe(false);
    }),
);

test.each(PAIRS.filter(isRead))(
  '%s %s: the command is given something else, and its code reads it',
  async (name, flag) => {
    const { effect, without, given } = rowOf(name, flag);
    const [file = '', code = /^$/] = effect.reads ?? [];
    expect(readFileSync(join('src/cli', file), 'utf8')).toMatch(code);
    expect(await parse(given)).not.toEqual(await parse(without));
  },
);

function textOf({ code, stdout, stderr }: Run): string {
  return `${code}\n${stdout}\n${stderr}`;
}

async function parse(argv: readonly string[]): Promise<unknown> {
  let seen: unknown = null;
  await buildProgram(async (_row, raw) => {
    seen = raw;
  }).parseAsync([...argv], { from: 'user' });
  return seen;
}
