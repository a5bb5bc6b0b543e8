/** Debian systems for the lab, as the distribution's own tools make them; kept from one run to the next. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A root with headers, compiler and the distribution's own SystemTap, and the kernel beside it. */
export interface LabRoot {
  readonly root: string;
  readonly release: string;
  readonly kernelImage: string;
  /** lib/modules/RELEASE of the unpacked image package. */
  readonly modules: string;
}

/** Where systems and packages are kept from one run to the next. */
export const LAB: string = process.env['TAPPREP_LAB'] ?? '/var/tmp/tapprep-lab';
const PACKAGES = 'systemtap,systemtap-client,systemtap-runtime,gcc,make';

/** @param release null for the suite's current cloud kernel, security updates included */
export function prepareLabRoot(suite: string, release: string | null): LabRoot {
  const directory = join(LAB, `${suite}-${release ?? 'current'}`);
  if (!existsSync(join(directory, 'complete'))) build(directory, suite, release);
  const modulesOfRoot = join(directory, 'root/lib/modules');
  const found = readdirSync(modulesOfRoot)[0];
  if (found === undefined) throw new Error(`${modulesOfRoot} is empty`);
  const image = join(directory, 'image');
  const modules = [join(image, 'lib/modules', found), join(image, 'usr/lib/modules', found)].find(existsSync);
  if (modules === undefined) throw new Error(`${image} has no modules of ${found}`);
  return {
    root: join(directory, 'root'),
    release: found,
    kernelImage: join(image, 'boot', `vmlinuz-${found}`),
    modules,
  };
}

/** A minimal system of a suite, with nothing of SystemTap or a kernel in it; to be copied. */
export function prepareBareRoot(suite: string): string {
  return prepareSystem(suite, 'bare', []);
}

/** The same as a server that can be entered, on which programs are built; to be copied. */
export function prepareServerRoot(suite: string): string {
  return prepareSystem(suite, 'server', ['openssh-server', 'iproute2', 'kmod', 'gcc', 'make']);
}

function prepareSystem(suite: string, name: string, packages: readonly string[]): string {
  const directory = join(LAB, `${suite}-${name}`);
  if (existsSync(directory)) return directory;
  rmSync(`${directory}.new`, { recursive: true, force: true });
  const include = packages.length === 0 ? [] : [`--include=${packages.join(',')}`];
  const options = ['--variant=minbase', '--dpkgopt=force-unsafe-io', ...include];
  mmdebstrap([...options, suite, `${directory}.new`, ...sources(suite, '')]);
  renameSync(`${directory}.new`, directory);
  return directory;
}

function build(directory: string, suite: string, release: string | null): void {
  const temporary = `${directory}.new`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const root = join(temporary, 'root');
  const headers = `linux-headers-${release ?? 'cloud-amd64'}`;
  // The lists are kept: the image package is downloaded by them afterwards.
  mmdebstrap([
    '--variant=minbase',
    `--include=${PACKAGES},${headers}`,
    '--skip=cleanup/apt/lists',
    suite,
    root,
    ...sources(suite, release),
  ]);
  const found = readdirSync(join(root, 'lib/modules'))[0] ?? '';
  run('chroot', [root, 'sh', '-c', 'cd /tmp && apt-get download "$1"', 'sh', `linux-image-${found}`]);
  const [deb] = readdirSync(join(root, 'tmp')).filter((name) => name.endsWith('.deb'));
  run('dpkg-deb', ['-x', join(root, 'tmp', deb ?? ''), join(temporary, 'image')]);
  writeFileSync(join(temporary, 'complete'), '');
  rmSync(directory, { recursive: true, force: true });
  renameSync(temporary, directory);
}

/** From where this host itself gets Debian. A release that is named lies in the main archive. */
function sources(suite: string, release: string | null): readonly string[] {
  const listed = execFileSync(
    'apt-get',
    ['indextargets', '--format', '$(CODENAME) $(REPO_URI)', 'Created-By: Packages'],
    {
      encoding: 'utf8',
    },
  );
  const uris = listed.split('\n').map((line) => line.split(' '));
  const find = (pattern: RegExp): string => uris.find(([codename]) => pattern.test(codename ?? ''))?.[1] ?? '';
  const main = `deb ${find(/^[a-z]+$/)} ${suite} main`;
  return release === null ? [main, `deb ${find(/-security$/)} ${suite}-security main`] : [main];
}

/** What it mounts ends with it, also when it is killed. */
export function mmdebstrap(args: readonly string[]): void {
  run('unshare', ['--mount', '--propagation', 'private', 'mmdebstrap', ...args]);
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
