import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identifyTarget } from '../../../src/detect/target.ts';
import { checkFacts } from '../../../src/diagnose/check-facts.ts';
import { reachOf } from '../../../src/diagnose/place.ts';
import { judgeReadiness } from '../../../src/diagnose/readiness.ts';
import { createLocalHost } from '../../../src/host/local.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { openTarget, openHost } from '../../../src/pipeline/open-target.ts';
import type { HostFacts, TargetOptions } from '../../../src/types.ts';
import { findKernelImage } from '../../../src/verify/build-id.ts';
import { findBuildTreeFault } from '../../../src/verify/build-tree.ts';
import { openStapKernel } from '../../../src/verify/stap-kernel.ts';
import { makeDpkgRoot } from '../../helpers/fake-root.ts';
import { NO_SSH } from '../../helpers/no-ssh.ts';

const HOME = '6.12.7-home';
const CONFIG = ['MODULES', 'KPROBES', 'RELAY', 'DEBUG_FS', 'KALLSYMS'].map((name) => `CONFIG_${name}=y\n`).join('');
let dir = '';
let root = '';

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tapprep-own-'));
  root = join(dir, 'root');
  makeDpkgRoot(root);
  writeTree('/usr/src/home', HOME);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What `make` leaves of a kernel's tree, as far as it is looked at. */
function writeTree(place: string, release: string, without: readonly string[] = []): void {
  const files = {
    '.config': `${CONFIG}CONFIG_CC_VERSION_TEXT="gcc (Debian 12.2.0-14) 12.2.0"\n`,
    'Module.symvers': '0x1\tprintk\tvmlinux\tEXPORT_SYMBOL\n',
    Makefile: 'all:\n',
    'include/generated/utsrelease.h': `#define UTS_RELEASE "${release}"\n`,
    'System.map': 'ffffffff81000000 T _stext\n',
  };
  for (const [name, text] of Object.entries(files)) {
    if (without.includes(name)) continue;
    const path = join(root, place, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

const NOWHERE: TargetOptions = {
  kernel: null,
  distro: null,
  arch: null,
  unameV: null,
  root: null,
  host: null,
  facts: null,
};
const options = { cwd: '/', signal: new AbortController().signal, ssh: NO_SSH };
const choose = (choice: Partial<TargetOptions>): TargetOptions => ({ ...NOWHERE, root, ...choice });

function statusOf(facts: HostFacts): Readonly<Record<string, string>> {
  return Object.fromEntries(
    checkFacts(facts, identifyTarget(facts, {}, 'any'), reachOf(facts)).map(({ check, status, diagnosis }) => [
      check,
      diagnosis === null ? status : `${status} ${diagnosis.code}`,
    ]),
  );
}

test('a tree tells the kernel of a root, is judged whole, and its missing vmlinux is no obstacle', async () => {
  const { facts, target } = await openTarget(options, choose({ buildTree: '/usr/src/home/' }));
  expect(facts).toMatchObject({
    own: { buildTree: '/usr/src/home', vmlinux: null },
    kernel: { release: HOME, compiler: 'gcc (Debian 12.2.0-14) 12.2.0' },
    buildTree: { link: '/usr/src/home', exists: true, release: HOME },
    configFrom: '/usr/src/home/.config',
  });
  expect(target).toMatchObject({ family: 'deb', release: HOME, own: { buildTree: '/usr/src/home' } });
  const statuses = statusOf(facts);
  expect(statuses).toMatchObject({ 'build tree': 'ok', 'debug information': 'advice DEBUGINFO_MISSING' });
  expect(Object.values(statuses).filter((status) => status.includes('CUSTOM'))).toEqual([]);
  const verdict = judgeReadiness(facts, checkFacts(facts, target, reachOf(facts)), [], reachOf(facts));
  expect(verdict.byHand).toEqual([]);
  for (const command of verdict.commands.filter((one) => one.startsWith('tapprep')))
    expect(command).toContain(`--root ${root} --build-tree /usr/src/home`);
  const host = createRootHost(root);
  expect(await findBuildTreeFault(host, target)).toBeNull();
  expect(await openStapKernel(host, target, '/var/tmp', { signal: options.signal })).toBe('/usr/src/home');
});

test.each([
  ['of another release', '/usr/src/other', '6.12.8-home', [], 'problem DEVEL_VERSION_MISMATCH'],
  ['half built', '/usr/src/half', HOME, ['Module.symvers'], 'problem KERNEL_TREE_NOT_BUILT'],
] as const)('a tree that is %s is told by both sides', async (_, place, release, without, status) => {
  writeTree(place, release, without);
  const { facts, target } = await openTarget(options, choose({ buildTree: place, kernel: HOME }));
  expect(statusOf(facts)['build tree']).toBe(status);
  const fault = await findBuildTreeFault(createRootHost(root), target);
  expect(fault).toBe(
    without.length > 0 ? `${place} lacks Module.symvers` : `${place} is for ${release}, but the kernel is ${HOME}`,
  );
});

test('a tree in its place that no package brought stands for packages without being named', async () => {
  const release = '5.15.153.1-microsoft-standard-WSL2';
  writeTree(`/lib/modules/${release}/build`, release);
  const { facts, target } = await openTarget(options, choose({ kernel: release }));
  expect(target.own).toEqual({ buildTree: `/lib/modules/${release}/build`, vmlinux: null });
  expect(statusOf(facts)).toMatchObject({ kernel: 'ok', 'build tree': 'ok' });
  expect(await openStapKernel(createRootHost(root), target, '/var/tmp', { signal: options.signal })).toBe(release);
});

test('whose form a release has does not matter where its tree was named, and the tree has the image', async () => {
  const release = '6.1.55-118.189.amzn2023.x86_64';
  writeTree('/usr/src/lab', release);
  const image = 'usr/src/lab/arch/x86/boot/bzImage';
  mkdirSync(dirname(join(root, image)), { recursive: true });
  writeFileSync(join(root, image), 'image');
  const { target } = await openTarget(options, choose({ buildTree: '/usr/src/lab' }));
  expect(target).toMatchObject({ family: 'deb', release });
  expect(await findKernelImage(createRootHost(root), release, target.own)).toBe(join(root, image));
});

test.each([
  [{ buildTree: '/usr/src/none', kernel: HOME }, 'BAD_BUILD_TREE', '--build-tree /usr/src/none is no directory on'],
  [{ buildTree: '/usr/src' }, 'BAD_BUILD_TREE', 'does not say which kernel it is for'],
  [{ vmlinux: '/boot/none', kernel: HOME }, 'BAD_BUILD_TREE', '--vmlinux /boot/none is no file on'],
  [{ buildTree: '/usr/src/my kernel' }, 'USAGE', '"/usr/src/my kernel" was given'],
  [{ buildTree: 'usr/src/home' }, 'USAGE', 'takes an absolute path on the target'],
  [{ root: null, distro: 'debian:12', kernel: HOME, buildTree: '/x' }, 'USAGE', '--distro only describes one'],
  [{ root: null, facts: '/x.json', vmlinux: '/x' }, 'USAGE', '--facts only describes one'],
] as const)('%j is refused as %s', async (choice, code, words) => {
  await expect(openHost(options, choose(choice))).rejects.toMatchObject({
    code,
    message: expect.stringContaining(words) as unknown,
  });
});

test('a vmlinux that lies elsewhere is in a tree of links to the one that was named', async () => {
  const tree = join(root, 'usr/src/home');
  const own = { buildTree: tree, vmlinux: process.execPath };
  const links = await openStapKernel(createLocalHost(), { release: HOME, own }, dir, { signal: options.signal });
  expect(links).toBe(join(dir, 'kernel'));
  expect(realpathSync(join(links, 'vmlinux'))).toBe(realpathSync(process.execPath));
  expect(readdirSync(links).toSorted()).toEqual([...readdirSync(tree), 'vmlinux'].toSorted());
  expect(readlinkSync(join(links, '.config'))).toBe(join(tree, '.config'));
});

test('the bpf runtime is given the symbol table where only a debug package has it', async () => {
  const release = '6.12.7-packaged';
  writeTree(`/lib/modules/${release}/build`, release, ['System.map']);
  const table = `/usr/lib/debug/boot/System.map-${release}`;
  mkdirSync(join(root, dirname(table)), { recursive: true });
  writeFileSync(join(root, table), 'ffffffff81000000 T _stext\n');
  const sources = `/lib/modules/${release}/source`;
  mkdirSync(join(root, sources));
  const host = createRootHost(root);
  const { signal } = options;
  mkdirSync(join(root, 'work'));
  expect(await openStapKernel(host, { release }, '/work', { signal })).toBe(release);
  expect(await openStapKernel(host, { release }, '/work', { signal, runtime: 'bpf' })).toBe('/work/kernel');
  const links = join(root, 'work/kernel');
  expect(readlinkSync(join(links, 'System.map'))).toBe(table);
  expect(readdirSync(links)).toContain('.config');
  // Where the headers of tracepoints are looked for.
  expect(readlinkSync(join(links, 'source'))).toBe(sources);
  // In its usual place stap finds it by itself.
  mkdirSync(join(root, 'boot'), { recursive: true });
  writeFileSync(join(root, `boot/System.map-${release}`), 'ffffffff81000000 T _stext\n');
  expect(await openStapKernel(host, { release }, '/work', { signal, runtime: 'bpf' })).toBe(release);
});

test('a vmlinux that is no ELF file is refused', async () => {
  const vmlinux = '/opt/vmlinux';
  mkdirSync(join(root, 'opt'), { recursive: true });
  writeFileSync(join(root, vmlinux), '<html>not found</html>\n');
  const { target } = await openTarget(options, choose({ buildTree: '/usr/src/home', vmlinux }));
  await expect(openStapKernel(createRootHost(root), target, dir, { signal: options.signal })).rejects.toMatchObject({
    code: 'BAD_BUILD_TREE',
    message: `--vmlinux ${vmlinux} on ${root} is no ELF file`,
  });
});
