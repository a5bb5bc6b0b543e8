/** How SystemTap is built from source: what has to be there, and the commands. Pure. */

/** Packages of Debian and Ubuntu beside gcc; without Boost's headers configure stops. */
export const BUILD_PACKAGES: readonly string[] = ['g++', 'gettext', 'libboost-dev', 'libdw-dev', 'libelf-dev', 'make'];

/** What a proven environment does not need is left out, and with it what staprun would link: servers, other runtimes. */
const OPTIONS: readonly string[] = [
  '--disable-docs',
  '--disable-htmldocs',
  '--disable-monitor',
  '--disable-server',
  '--disable-sqlite',
  '--without-avahi',
  '--without-bpf',
  '--without-debuginfod',
  '--without-dyninst',
  '--without-java',
  '--without-nss',
  '--without-openssl',
  '--without-python3-probes',
  '--without-selinux',
];

/** One command of a build. */
export interface BuildStep {
  readonly name: 'unpack' | 'configure' | 'make' | 'install';
  readonly argv: readonly string[];
  readonly timeoutMs: number;
}

const MINUTE = 60_000;

/** Below the build directory: what is installed first, as it will stand below the root. */
export const STAGED = 'staged';

/** The commands, all of them run in the build directory, an absolute path. */
export function buildSteps(directory: string, tarball: string, prefix: string, jobs: number): readonly BuildStep[] {
  return [
    // The directory in the tarball is named as its makers liked.
    { name: 'unpack', argv: ['tar', '-xof', tarball, '--strip-components=1'], timeoutMs: 5 * MINUTE },
    { name: 'configure', argv: ['sh', './configure', `--prefix=${prefix}`, ...OPTIONS], timeoutMs: 15 * MINUTE },
    { name: 'make', argv: ['make', `-j${jobs}`], timeoutMs: 90 * MINUTE },
    { name: 'install', argv: ['make', 'install', `DESTDIR=${directory}/${STAGED}`], timeoutMs: 15 * MINUTE },
  ];
}
