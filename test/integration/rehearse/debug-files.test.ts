import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeDebugFiles, type TakenFile } from '../../../src/rehearse/debug-files.ts';
import type { Artifact, BuildId } from '../../../src/types.ts';
import { buildSmallKernel, type SmallKernel } from '../../helpers/debuginfod.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { GpgHome } from '../../helpers/gpg.ts';
import { openRpmLab } from '../../helpers/rpm-lab.ts';

const R = '6.1.0-18-amd64';
const dir = mkdtempSync(join(tmpdir(), 'tapprep-debug-files-'));
const gpg = new GpgHome();
const debs = new DebLab(gpg);
const rpms = openRpmLab();
let kernel: SmallKernel;
let bare: SmallKernel;

beforeAll(async () => {
  kernel = await buildSmallKernel(join(dir, 'kernel'), R);
  bare = await buildSmallKernel(join(dir, 'bare'), R, { debug: false });
});
afterAll(() => {
  debs.close();
  rpms.close();
  gpg.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A tree of files by path; each is the small kernel unless it says otherwise. */
function makeTree(paths: readonly string[], source = kernel.path): string {
  const tree = mkdtempSync(join(dir, 'tree-'));
  for (const path of paths) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), readFileSync(source));
  }
  return tree;
}

const NAMES = ['vmlinux', 'dm_mod', 'ext4'];

const deb = (tree: string, packing: string): string =>
  debs.build(`linux-image-${R}-dbg`, '6.1.76-1', {}, packing, { tree });
const rpm = (tree: string): string =>
  rpms.build({ source: 'kernel', version: '6.1.0', release: '18', packages: [{ name: 'kernel-debuginfo', tree }] })[
    'kernel-debuginfo'
  ] ?? '';

function artifact(path: string, files: readonly string[]): Artifact {
  const sha256 = execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);
  return { path, item: { fileName: basename(path), files }, evidence: { sha256 } } as unknown as Artifact;
}

async function take(
  path: string,
  files: readonly string[],
  buildId: BuildId | null = kernel.buildId,
): Promise<readonly TakenFile[]> {
  const work = mkdtempSync(join(dir, 'work-'));
  return takeDebugFiles(artifact(path, files), { release: R, buildId }, work, new AbortController().signal);
}

const lib = `usr/lib/debug/lib/modules/${R}`;
const usr = `usr/lib/debug/usr/lib/modules/${R}`;
const PACKAGES: readonly (readonly [string, () => string, readonly string[]])[] = [
  [
    "Debian's, packed by xz",
    () =>
      deb(
        makeTree(['vmlinux', 'kernel/md/dm-mod.ko', 'kernel/fs/ext4.ko', 'kernel/fs/xfs.ko'].map((p) => `${lib}/${p}`)),
        'xz',
      ),
    ['vmlinux', 'kernel/md/dm-mod.ko', 'kernel/fs/ext4.ko'],
  ],
  [
    "Ubuntu's, packed by zstd",
    () =>
      deb(
        makeTree([`usr/lib/debug/boot/vmlinux-${R}`, `${lib}/kernel/md/dm-mod.ko`, `${lib}/kernel/fs/ext4.ko`]),
        'zstd',
      ),
    ['vmlinux', 'kernel/md/dm-mod.ko', 'kernel/fs/ext4.ko'],
  ],
  [
    "an rpm's",
    () =>
      rpm(
        makeTree(
          ['vmlinux', 'kernel/md/dm-mod.ko.debug', `kernel/fs/ext4.ko-${R}.x86_64.debug`].map((p) => `${usr}/${p}`),
        ),
      ),
    ['vmlinux', 'kernel/md/dm-mod.ko.debug', `kernel/fs/ext4.ko-${R}.x86_64.debug`],
  ],
];

describe.each(PACKAGES)('%s', (_title, make, places) => {
  test('vmlinux and two modules are taken, whole, and nothing else is written', async () => {
    const taken = await take(make(), NAMES);
    expect(taken.map(({ place }) => place).toSorted()).toEqual(places.toSorted());
    for (const one of taken) {
      expect(readFileSync(one.path).equals(readFileSync(kernel.path))).toBe(true);
      expect(one.buildId).toBe(kernel.buildId);
    }
    const [first] = taken;
    const root = (first?.path ?? '').slice(0, -(first?.place.length ?? 0));
    const written = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(written).toHaveLength(places.length);
  });
});

test('a module that the package does not have is told by its name', async () => {
  const path = deb(makeTree([`${lib}/vmlinux`]), 'gzip');
  const failure = await failureOf(take(path, ['vmlinux', 'ext5']));
  expect(failure.code).toBe('USAGE');
  expect(failure.message).toBe(`${basename(path)} has no debug information of ext5`);
});

test('a vmlinux of another build is refused with both sides', async () => {
  const failure = await failureOf(
    take(deb(makeTree([`${lib}/vmlinux`]), 'gzip'), ['vmlinux'], 'ab'.repeat(20) as BuildId),
  );
  expect(failure.code).toBe('BUILD_ID_MISMATCH');
  expect(failure.message).toContain(`build-id ${kernel.buildId}, but the kernel has ${'ab'.repeat(20)}`);
});

test('a stub without DWARF is refused', async () => {
  const failure = await failureOf(
    take(deb(makeTree([`${lib}/vmlinux`], bare.path), 'gzip'), ['vmlinux'], bare.buildId),
  );
  expect(failure.code).toBe('NOT_DEBUGINFO');
});

test('of another release nothing is taken', async () => {
  const path = deb(makeTree(['usr/lib/debug/lib/modules/6.1.0-17-amd64/vmlinux']), 'gzip');
  expect((await failureOf(take(path, ['vmlinux']))).code).toBe('USAGE');
});

test('a package that was cut off after it was verified is refused', async () => {
  const path = deb(makeTree([`${lib}/vmlinux`]), 'gzip');
  const whole = artifact(path, ['vmlinux']);
  writeFileSync(path, readFileSync(path).subarray(0, 400));
  const work = mkdtempSync(join(dir, 'work-'));
  const taking = takeDebugFiles(whole, { release: R, buildId: kernel.buildId }, work, new AbortController().signal);
  expect((await failureOf(taking)).code).toMatch(/DIGEST_MISMATCH|BAD_PACKAGE/);
});
