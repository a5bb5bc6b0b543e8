/** A small signed archive, roots to install into, and the built command line: what is killed and what must be right after. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { DebLab } from '../helpers/deb-lab.ts';
import { makeDpkgRunRoot } from '../helpers/dpkg-root.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { type Nginx, serveNginx } from '../helpers/nginx.ts';
import { listPackages } from '../helpers/system-state.ts';

export const RELEASE = '5.10.0-99-cloud-amd64';
const SUITE = 'bullseye';

export interface Machine {
  readonly cli: Cli;
  /** argv of each command that is killed. */
  readonly argv: Readonly<Record<'fetch' | 'bundle' | 'install' | 'remove', readonly string[]>>;
  /** Roots with nothing and with everything in them, to be copied. */
  readonly bareRoot: string;
  readonly fullRoot: string;
  /** A fresh root: `installed` false is bare, true has everything in it. */
  resetRoot(installed: boolean): void;
  /** Takes away what fetch and bundle leave, the cache too. */
  resetOutput(): void;
  /** The package list of the root, sorted; broken states are in it. */
  listPackages(): string;
  readonly bare: string;
  readonly full: string;
  /** @throws Error when a file of --dest or the bundle has its final name but is not whole */
  checkOutput(isComplete: boolean): void;
  /** Something more to be taken away at the end. */
  onClose(action: () => void | Promise<void>): void;
  close(): Promise<void>;
}

function noise(bytes: number): string {
  return randomBytes(bytes >> 1).toString('hex');
}

/** Makes it; installs once to know what right looks like. */
export async function openMachine(): Promise<Machine> {
  const work = mkdtempSync(join(tmpdir(), 'tapprep-faults-'));
  const gpg = new GpgHome();
  const lab = new DebLab(gpg);
  const key = gpg.makeKey('archive', 'rsa2048');
  const source = { Source: 'linux' };
  const packages = [
    lab.build(`linux-headers-${RELEASE}`, '5.10.299-1', { ...source, Depends: 'linux-kbuild-5.10' }, 'gzip', {
      [`usr/src/linux-headers-${RELEASE}/.config`]: noise(300_000),
    }),
    lab.build('linux-kbuild-5.10', '5.10.299-1', source),
    lab.build(`linux-image-${RELEASE}-dbg`, '5.10.299-1', source, 'none', {
      [`usr/lib/debug/lib/modules/${RELEASE}/vmlinux`]: noise(4_000_000),
    }),
    lab.build(`linux-image-${RELEASE}`, '5.10.299-1', source, 'gzip', { [`boot/vmlinuz-${RELEASE}`]: 'never booted' }),
    lab.build('systemtap', '4.4-2', { 'Pre-Depends': 'systemtap-runtime' }),
    lab.build('systemtap-runtime', '4.4-2'),
    lab.build('gcc', '4:10.2.1-1'),
    lab.build('make', '4.3-4'),
  ];
  const release = { Codename: SUITE, Date: new Date(Date.now() - 86_400_000).toUTCString() };
  lab.writeArchive('archive', { suite: SUITE, packages, key, release });
  // 8 MB/s: a download takes long enough to be killed in.
  const server: Nginx = await serveNginx(join(lab.directory, 'archive'), { rate: '8m' });
  const cli = new Cli();
  const [root, bareRoot, fullRoot, dest, bundle, cache] = ['root', 'bare', 'full', 'dest', 'out.tar', 'cache'].map(
    (name) => join(work, name),
  ) as [string, string, string, string, string, string];
  mkdirSync(bareRoot);
  makeDpkgRunRoot(bareRoot, { url: server.url, suite: SUITE, keyring: key.keyring });
  // As on every system on which dpkg has worked once.
  writeFileSync(join(bareRoot, 'var/lib/dpkg/info/format'), '1\n');
  mkdirSync(join(bareRoot, 'var/lib/dpkg/triggers'));
  writeFileSync(join(bareRoot, 'var/lib/dpkg/triggers/Unincorp'), '');
  const target = ['--root', root, '--kernel', RELEASE, '--cache-dir', cache];
  const argv = {
    fetch: ['fetch', ...target, '--dest', dest],
    bundle: ['bundle', ...target, '--systemtap', 'distro', '--out', bundle],
    install: ['install', ...target, '--systemtap', 'distro', '--yes'],
    remove: ['remove', '--root', root, '--yes'],
  };
  const closing: (() => void | Promise<void>)[] = [];
  const machine: Machine = {
    cli,
    argv,
    bareRoot,
    fullRoot,
    resetRoot(installed) {
      rmSync(root, { recursive: true, force: true });
      cpSync(installed ? fullRoot : bareRoot, root, {
        recursive: true,
        verbatimSymlinks: true,
        preserveTimestamps: true,
      });
    },
    resetOutput() {
      for (const path of [dest, bundle, cache]) rmSync(path, { recursive: true, force: true });
    },
    listPackages: () => listPackages(root),
    bare: '',
    full: '',
    checkOutput(isComplete) {
      checkDest(dest, isComplete);
      if (existsSync(bundle)) execFileSync('tar', ['-tf', bundle], { stdio: ['ignore', 'ignore', 'pipe'] });
    },
    onClose: (action) => void closing.push(action),
    close: async () => {
      for (const action of closing) await action();
      await server.close();
      cli.close();
      lab.close();
      gpg.close();
      rmSync(work, { recursive: true, force: true });
    },
  };
  machine.resetRoot(false);
  const bare = machine.listPackages();
  const done = await cli.run(argv.install);
  const full = machine.listPackages();
  // The packages are empty of any SystemTap: installed, not proven, exit 1.
  if (done.code !== 1 || !full.includes('systemtap 4.4-2 installed'))
    throw new Error(`the first install failed: ${describe(done)}`);
  cpSync(root, fullRoot, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  machine.resetOutput();
  return { ...machine, bare, full };
}

/** Exit code and what was said, in one line. */
export function describe({ code, stdout, stderr }: CliResult): string {
  return `exit ${code} ${(stderr + stdout).trim().slice(-300).replaceAll('\n', ' / ')}`;
}

/** Where SHA256SUMS is, all that it names is there and right; nothing else has a final name but is not whole. */
function checkDest(dest: string, isComplete: boolean): void {
  const sums = join(dest, 'SHA256SUMS');
  if (!existsSync(sums)) {
    if (isComplete && existsSync(dest)) throw new Error(`${sums} is missing after a complete run`);
    return;
  }
  for (const line of readFileSync(sums, 'utf8').trim().split('\n')) {
    const [digest = '', name = ''] = line.split('  ');
    const found = createHash('sha256')
      .update(readFileSync(join(dest, name)))
      .digest('hex');
    if (found !== digest) throw new Error(`${name} has sha256 ${found}, SHA256SUMS says ${digest}`);
  }
}
