/** Programs that tapprep needs on the machine it runs on: which package brings each, and installing what is missing. */
import { TapprepError } from '../errors.ts';
import { refuseWhenStopped } from '../interruption.ts';
import type { Emit } from '../types.ts';
import type { Host } from './host.ts';

/** Program -> package, by package manager. A program with an odd home is looked for there too. */
const TOOLS = {
  mmdebstrap: { 'apt-get': 'mmdebstrap', dnf: 'mmdebstrap', zypper: 'mmdebstrap' },
  'qemu-system-x86_64': { 'apt-get': 'qemu-system-x86', dnf: 'qemu-system-x86-core', zypper: 'qemu-x86' },
  'qemu-system-aarch64': { 'apt-get': 'qemu-system-arm', dnf: 'qemu-system-aarch64-core', zypper: 'qemu-arm' },
  'qemu-system-ppc64': { 'apt-get': 'qemu-system-ppc', dnf: 'qemu-system-ppc-core', zypper: 'qemu-ppc' },
  'qemu-system-s390x': { 'apt-get': 'qemu-system-misc', dnf: 'qemu-system-s390x-core', zypper: 'qemu-s390x' },
  busybox: { 'apt-get': 'busybox-static', dnf: 'busybox', zypper: 'busybox-static' },
  gpg: { 'apt-get': 'gnupg', dnf: 'gnupg2', zypper: 'gpg2' },
  gpgv: { 'apt-get': 'gpgv', dnf: 'gnupg2', zypper: 'gpg2' },
  xz: { 'apt-get': 'xz-utils', dnf: 'xz', zypper: 'xz' },
  lz4: { 'apt-get': 'lz4', dnf: 'lz4', zypper: 'lz4' },
  bzip2: { 'apt-get': 'bzip2', dnf: 'bzip2', zypper: 'bzip2' },
  tar: { 'apt-get': 'tar', dnf: 'tar', zypper: 'tar' },
  cpio: { 'apt-get': 'cpio', dnf: 'cpio', zypper: 'cpio' },
  'dpkg-deb': { 'apt-get': 'dpkg', dnf: 'dpkg', zypper: 'dpkg' },
  rpm: { 'apt-get': 'rpm', dnf: 'rpm', zypper: 'rpm' },
  ssh: { 'apt-get': 'openssh-client', dnf: 'openssh-clients', zypper: 'openssh-clients' },
} as const satisfies Record<string, Record<Manager, string>>;

type Manager = 'apt-get' | 'dnf' | 'zypper';
export type Tool = keyof typeof TOOLS;

/** Needed by some command or other, whatever kernels are booted. */
export const ORDINARY_TOOLS: readonly Tool[] = [
  'mmdebstrap',
  'gpgv',
  'xz',
  'bzip2',
  'tar',
  'cpio',
  'dpkg-deb',
  'rpm',
  'ssh',
];

const INSTALL: Record<Manager, readonly string[]> = {
  'apt-get': ['apt-get', 'install', '--yes', '--no-install-recommends'],
  dnf: ['dnf', 'install', '--assumeyes'],
  zypper: ['zypper', '--non-interactive', 'install'],
};

export interface EnsureOptions {
  /** The user said yes to installing host tools. */
  readonly yes: boolean;
  readonly isRoot: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Makes sure that the programs are there; with `yes` and root rights the missing ones are installed.
 * @throws TapprepError TOOL_MISSING with the one command that brings them all.
 */
export async function ensureTools(host: Host, tools: readonly Tool[], options: EnsureOptions): Promise<void> {
  const missing = await listMissing(host, tools);
  if (missing.length === 0) return;
  const manager = await findManager(host);
  const argv = manager === null ? null : installArgv(manager, missing);
  if (argv === null || !options.yes || !options.isRoot) {
    throw new TapprepError(
      'TOOL_MISSING',
      `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} needed on ${host.name} but not installed`,
      {
        hint: argv === null ? `install ${missing.join(' ')}` : `${options.isRoot ? '' : 'sudo '}${argv.join(' ')}`,
        facts: { missing },
      },
    );
  }
  options.emit({ type: 'command', argv, where: host.name });
  const run = { env: { DEBIAN_FRONTEND: 'noninteractive' }, signal: options.signal, timeoutMs: 900_000 };
  if (manager === 'apt-get') await host.run(['apt-get', 'update'], run);
  const result = await host.run(argv, { ...run, untilEnd: true });
  refuseWhenStopped(options.signal, `while ${argv[0]} installed what is needed here, which came to its end first`);
  const still = await listMissing(host, tools);
  if (still.length > 0) {
    throw new TapprepError(
      'TOOL_MISSING',
      `${still.join(', ')} could not be installed: ${argv[0]} exited ${result.exitCode}`,
      {
        hint: argv.join(' '),
        facts: { stderr: result.stderr.slice(-2000) },
      },
    );
  }
}

/** The same for one tool where it is not asked which package manager there is: the first that is there brings it. */
export function describeAnyInstall(tool: Tool): string {
  const managers = Object.keys(INSTALL) as Manager[];
  return managers.map((manager) => `${manager} install ${TOOLS[tool][manager]}`).join(' || ');
}

/** The command that brings them, for people. */
export async function describeInstall(host: Host, tools: readonly Tool[]): Promise<string> {
  const manager = await findManager(host);
  return manager === null ? `install ${tools.join(' ')}` : installArgv(manager, tools).join(' ');
}

function installArgv(manager: Manager, tools: readonly Tool[]): readonly string[] {
  return [...INSTALL[manager], ...new Set(tools.map((tool) => TOOLS[tool][manager]))];
}

/** Those that are not there. */
export async function listMissing(host: Host, tools: readonly Tool[]): Promise<readonly Tool[]> {
  const found = await Promise.all(tools.map((tool) => host.which(tool)));
  return tools.filter((_, index) => found[index] === null);
}

async function findManager(host: Host): Promise<Manager | null> {
  for (const manager of ['apt-get', 'dnf', 'zypper'] as const) if ((await host.which(manager)) !== null) return manager;
  return null;
}
