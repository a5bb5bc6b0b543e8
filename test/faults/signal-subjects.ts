/** What is stopped by signals: commands that change a root, each with the roots of before and after. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuildTask } from '../helpers/build-child.ts';
import { makeBuildRoot, makeSource } from '../helpers/build-lab.ts';
import { makeRpmRunRoot } from '../helpers/dpkg-root.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { serveNginx } from '../helpers/nginx.ts';
import { overlayRoot } from '../helpers/overlay-root.ts';
import { kernelBuild, openRpmLab } from '../helpers/rpm-lab.ts';
import { describe, type Machine, RELEASE } from './machine.ts';
import { listPackages } from '../helpers/system-state.ts';

const BIN = join(import.meta.dirname, '../../bin/tapprep.js');
const BUILD_CHILD = join(import.meta.dirname, '../helpers/build-child.ts');
const RPM_RELEASE = '4.18.0-553.el8_10.x86_64';

/** Where one trial works: a root, and a directory of its own beside it. */
export interface Place {
  readonly root: string;
  readonly scratch: string;
}

/** One command to be stopped. */
export interface Subject {
  readonly name: string;
  /** The root that it starts in; each trial has a view of its own. */
  readonly base: string;
  /** The root as it has to be after the next `remove`. */
  readonly clean: string;
  /** Of a whole run: 0, or 1 where packages without any SystemTap are not proven. */
  readonly done: readonly number[];
  readonly argv: (place: Place) => readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** argv of the next `remove`. */
  readonly remove: (place: Place) => readonly string[];
  /** Sorted lines; broken states are in it. */
  readonly list: (root: string) => string;
  /** The lists that may be found when it has ended in order. */
  readonly lists: readonly string[];
  /** Every name that may be in the scratch directory then. */
  readonly made: readonly string[];
}

export interface Subjects {
  readonly all: readonly Subject[];
  readonly build: Subject;
  close(): Promise<void>;
}

function node(...argv: readonly string[]): readonly string[] {
  return [process.execPath, ...argv];
}

function listRpm(root: string): string {
  const out = execFileSync('chroot', [root, 'rpm', '-qa', '--qf', '%{NAME} %{VERSION}-%{RELEASE} %{SHA256HEADER}\n']);
  return out.toString().split('\n').toSorted().join('\n').trimStart();
}

function remove({ root }: Place): readonly string[] {
  return node(BIN, 'remove', '--root', root, '--yes');
}

/** The two of a family: its install, its remove, and the list of each state. */
function familySubjects(
  name: string,
  roots: { readonly bare: string; readonly full: string },
  { release, env, list }: { readonly release: string } & Pick<Subject, 'env' | 'list'>,
): readonly Subject[] {
  const lists = [list(roots.bare), list(roots.full)];
  const common = { clean: roots.bare, env, remove, list, lists, made: [] };
  const more = ['--kernel', release, '--systemtap', 'distro', '--yes'];
  return [
    {
      ...common,
      name: `${name} install`,
      base: roots.bare,
      done: [1],
      argv: ({ root, scratch }) => node(BIN, 'install', '--root', root, '--cache-dir', join(scratch, 'cache'), ...more),
      made: ['cache'],
    },
    { ...common, name: `${name} remove`, base: roots.full, done: [0], argv: remove },
  ];
}

function bundle(root: string, out: string, cache: string): readonly string[] {
  const argv = [
    'bundle',
    '--root',
    root,
    '--kernel',
    RELEASE,
    '--cache-dir',
    cache,
    '--systemtap',
    'distro',
    '--out',
    out,
  ];
  return node(BIN, ...argv);
}

/** argv of the bundle's script in a root that has it unpacked. */
function script(root: string, ...words: readonly string[]): readonly string[] {
  return ['chroot', root, 'sh', '/carried/install.sh', ...words];
}

/** `bundle`, and the install.sh of what it makes, in a root that has it unpacked. */
async function bundleSubjects(machine: Machine, work: string, [dpkg]: readonly Subject[]): Promise<readonly Subject[]> {
  if (dpkg === undefined) return [];
  const [carried, installed, tar] = [join(work, 'carried'), join(work, 'carried-full'), join(work, 'carried.tar')];
  const [file = '', ...argv] = bundle(machine.bareRoot, tar, join(work, 'cache'));
  execFileSync(file, argv, { env: machine.cli.env, stdio: 'pipe' });
  execFileSync('cp', ['-a', machine.bareRoot, carried]);
  mkdirSync(join(carried, 'carried'));
  execFileSync('tar', ['-C', join(carried, 'carried'), '--strip-components=1', '-xf', tar]);
  execFileSync('cp', ['-a', carried, installed]);
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  try {
    execFileSync('chroot', script(installed, '--not-running', '--keep').slice(1), { env, stdio: 'pipe' });
  } catch (error) {
    // Nothing in the packages proves anything: kept, and status 1.
    if ((error as { readonly status?: unknown }).status !== 1) throw error;
  }
  const common = { clean: carried, env, lists: [listPackages(carried), listPackages(installed)], made: [] };
  return [
    {
      ...dpkg,
      name: 'bundle',
      argv: ({ root, scratch }) => bundle(root, join(scratch, 'out.tar'), join(scratch, 'cache')),
      done: [0],
      lists: dpkg.lists.slice(0, 1),
      made: ['cache', 'out.tar'],
    },
    {
      ...dpkg,
      ...common,
      name: 'install.sh',
      base: carried,
      done: [1],
      argv: ({ root }) => script(root, '--not-running', '--keep'),
    },
    {
      ...dpkg,
      ...common,
      name: 'install.sh --undo',
      base: installed,
      done: [0],
      argv: ({ root }) => script(root, '--undo'),
    },
  ];
}

/** A whole run of a subject in its base, which becomes the root `to`. */
async function complete(machine: Machine, to: string, base: string, argv: readonly string[]): Promise<void> {
  execFileSync('cp', ['-a', base, to]);
  const result = await machine.cli.run(argv);
  if (result.code !== 1) throw new Error(`the first install failed: ${describe(result)}`);
}

async function openRpm(
  machine: Machine,
  work: string,
): Promise<{ readonly all: readonly Subject[]; close(): Promise<void> }> {
  const [gpg, lab] = [new GpgHome(), openRpmLab()];
  const key = gpg.makeKey('archive', 'rsa2048');
  const kernel = kernelBuild('4.18.0', '553.el8_10', { vendor: 'AlmaLinux' });
  const image = { [`/lib/modules/${RPM_RELEASE}/vmlinuz`]: 'never booted' };
  const tools = {
    source: 'tools',
    version: '5.0',
    release: '1.el8',
    vendor: 'AlmaLinux',
    packages: [{ name: 'systemtap' }],
  };
  const withImage = kernel.packages.map((one) => (one.name === 'kernel-core' ? { ...one, files: image } : one));
  const packages = [{ ...kernel, packages: withImage }, tools].flatMap((one) => Object.values(lab.build(one)));
  for (const path of packages) lab.sign(path, gpg, key);
  const base = lab.build({ source: 'base', version: '1', release: '1', packages: [{ name: 'gcc' }, { name: 'make' }] });
  const server = await serveNginx(lab.makeRepository('all', packages), { rate: '8m' });
  const [bare, full] = [join(work, 'rpm'), join(work, 'rpm-full')];
  mkdirSync(bare);
  makeRpmRunRoot(bare, server.url, Object.values(base));
  mkdirSync(join(bare, 'etc/pki/rpm-gpg'), { recursive: true });
  cpSync(key.armored, join(bare, 'etc/pki/rpm-gpg/KEY'));
  const repo = join(bare, 'etc/yum.repos.d/test.repo');
  writeFileSync(repo, `${readFileSync(repo, 'utf8')}gpgkey=file:///etc/pki/rpm-gpg/KEY\n`);
  const target = ['--root', full, '--kernel', RPM_RELEASE, '--cache-dir', join(work, 'cache')];
  await complete(machine, full, bare, ['install', ...target, '--systemtap', 'distro', '--yes']);
  return {
    all: familySubjects('rpm', { bare, full }, { release: RPM_RELEASE, env: machine.cli.env, list: listRpm }),
    close: async () => {
      await server.close();
      lab.close();
      gpg.close();
    },
  };
}

function openBuild(work: string): Subject {
  const base = makeBuildRoot(join(work, 'build'));
  const tarball = makeSource(work, 'good');
  const child = ({ root, scratch }: Place, what: BuildTask['do']): readonly string[] =>
    node(BUILD_CHILD, JSON.stringify({ do: what, root, tarball, logPath: join(scratch, 'log') } satisfies BuildTask));
  return {
    name: 'build',
    base,
    clean: base,
    done: [0],
    argv: (place) => child(place, 'build'),
    env: { PATH: process.env['PATH'], HOME: work },
    remove: (place) => child(place, 'remove'),
    list: listPackages,
    lists: [''],
    made: ['log'],
  };
}

/** Makes all of them; each is run once as a whole. */
export async function openSubjects(machine: Machine): Promise<Subjects> {
  const work = mkdtempSync(join(tmpdir(), 'tapprep-faults-signals-'));
  const roots = { bare: machine.bareRoot, full: machine.fullRoot };
  const dpkg = familySubjects('dpkg', roots, { release: RELEASE, env: machine.cli.env, list: listPackages });
  const rpm = await openRpm(machine, work);
  return {
    all: [...dpkg, ...rpm.all, ...(await bundleSubjects(machine, work, dpkg))],
    build: openBuild(work),
    close: async () => {
      await rpm.close();
      rmSync(work, { recursive: true, force: true });
    },
  };
}

/** A root of its own for one trial. */
export function openPlace({ base }: Subject): Place & { close(): void } {
  const scratch = mkdtempSync(join(tmpdir(), 'tapprep-faults-trial-'));
  const overlay = overlayRoot(base, scratch);
  const own = join(scratch, 'own');
  mkdirSync(own);
  return {
    root: overlay.root,
    scratch: own,
    close: () => {
      overlay.close();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
