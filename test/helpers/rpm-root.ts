/** The RPM lab's machine: a kernel built, packed and signed as an RPM distribution does it, and a system to install it in. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { mmdebstrap } from './lab-root.ts';

const scripts = join(import.meta.dirname, '../lab/rpm');

/** Where the kernel, its repository and the base system are kept from one run to the next. */
export const RPM_LAB: string = process.env['TAPPREP_LAB_CACHE'] ?? join(homedir(), '.cache/tapprep-lab');

export interface RpmRootLab {
  readonly release: string;
  /** Directory of the signed repository, to be served. */
  readonly repository: string;
}

/** Builds what is not there yet: 6 to 9 minutes the first time. */
export function prepareRpmLab(): RpmRootLab {
  prepareKernelTree();
  const [kernel, repo] = [join(RPM_LAB, 'kernel'), join(RPM_LAB, 'repo')];
  execFileSync('sh', [join(scripts, 'make-repository.sh'), kernel, repo], { stdio: 'inherit' });
  ensureBaseRoot();
  return { release: readFileSync(join(repo, 'release'), 'utf8').trim(), repository: join(repo, 'repo') };
}

/** The build tree of the lab's kernel, made where it is not there yet. @returns its directory */
export function prepareKernelTree(): string {
  mkdirSync(RPM_LAB, { recursive: true });
  const kernel = join(RPM_LAB, 'kernel');
  execFileSync('sh', [join(scripts, 'build-kernel.sh'), kernel], { stdio: 'inherit' });
  return join(kernel, 'tree');
}

/** Paths of the packages of the same kernel as EL 9 names and cuts it, unsigned, and its `uname -r`. @param release as 427.13.1.el9_4 */
export function prepareEl9Kernel(release: string): { readonly release: string; readonly packages: readonly string[] } {
  const [kernel, output] = [dirname(prepareKernelTree()), join(RPM_LAB, `kernel-${release}`)];
  execFileSync('sh', [join(scripts, 'make-el9-kernel.sh'), kernel, output, release], { stdio: 'inherit' });
  const packages = readdirSync(join(output, 'rpms')).map((name) => join(output, 'rpms', name));
  return { release: readFileSync(join(output, 'release'), 'utf8').trim(), packages };
}

/** A root with rpm, a compiler and SystemTap that calls itself Amazon Linux 2023 and has one repository: the lab's. */
export function makeRpmRoot(root: string, url: string): void {
  execFileSync('cp', ['-a', join(RPM_LAB, 'rpm-root'), root]);
  writeFileSync(
    join(root, 'etc/os-release'),
    'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\nPRETTY_NAME="Amazon Linux 2023 (lab)"\n',
  );
  mkdirSync(join(root, 'etc/pki/rpm-gpg'), { recursive: true });
  mkdirSync(join(root, 'etc/yum.repos.d'), { recursive: true });
  copyFileSync(join(RPM_LAB, 'repo/key.asc'), join(root, 'etc/pki/rpm-gpg/RPM-GPG-KEY-lab'));
  writeFileSync(
    join(root, 'etc/yum.repos.d/lab.repo'),
    `[lab]\nname=Lab\nbaseurl=${url}\nenabled=1\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-lab\n`,
  );
}

/** Every installed rpm of a root, sorted. */
export function listRpms(root: string): readonly string[] {
  const format = '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n';
  const out = execFileSync('chroot', [root, 'rpm', '-qa', '--qf', format], { encoding: 'utf8' });
  return out
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();
}

/** Made once by mmdebstrap from the archive of this machine's own apt sources. */
function ensureBaseRoot(): void {
  const root = join(RPM_LAB, 'rpm-root');
  if (existsSync(`${root}/usr/bin/rpm`)) return;
  const making = `${root}.making`;
  rmSync(making, { recursive: true, force: true });
  const mirror = /^URIs: (\S+)|^deb (?:\[[^\]]*\] )?(\S+)/m.exec(
    execFileSync('sh', ['-c', 'cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null || :'], {
      encoding: 'utf8',
    }),
  );
  mmdebstrap([
    '--variant=minbase',
    '--include=rpm,gcc,make,systemtap,libelf1t64',
    '--aptopt=APT::Install-Recommends "false"',
    'trixie',
    making,
    mirror?.[1] ?? mirror?.[2] ?? '',
  ]);
  execFileSync('mv', [making, root]);
}
