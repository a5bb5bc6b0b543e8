/** A root gets the build tree and the debug information of a foreign kernel out of real packages, and keeps its own shape. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createLocalHost } from '../../../src/host/local.ts';
import { putDebugFiles, putHeaders } from '../../../src/rehearse/cross-root.ts';
import type { Artifact } from '../../../src/types.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { GpgHome } from '../../helpers/gpg.ts';

const R = '6.1.0-18-cloud-arm64';
const dir = mkdtempSync(join(tmpdir(), 'tapprep-cross-root-'));
const gpg = new GpgHome();
const debs = new DebLab(gpg);
const { signal } = new AbortController();
afterAll(() => {
  debs.close();
  gpg.close();
  rmSync(dir, { recursive: true, force: true });
});

let root: string;
beforeEach(() => {
  // As Debian's roots are: /lib is a link.
  root = join(mkdtempSync(join(dir, 'place-')), 'root');
  mkdirSync(join(root, 'usr/lib/modules/other'), { recursive: true });
  symlinkSync('usr/lib', join(root, 'lib'));
});

function makeTree(files: Readonly<Record<string, string>>): string {
  const tree = mkdtempSync(join(dir, 'tree-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(tree, path));
    else writeFileSync(join(tree, path), text);
  }
  return tree;
}

function pack(name: string, files: Readonly<Record<string, string>>): Artifact {
  const path = debs.build(name, '6.1.76-1', {}, 'xz', { tree: makeTree(files) });
  const sha256 = execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);
  return { path, item: { name, fileName: basename(path) }, evidence: { sha256 } } as unknown as Artifact;
}

test('headers of several packages come together, and /lib stays a link', async () => {
  const own = pack(`linux-headers-${R}`, {
    [`lib/modules/${R}/build`]: `-> /usr/src/linux-headers-${R}`,
    [`usr/src/linux-headers-${R}/Makefile`]: 'include common\n',
    [`usr/src/linux-headers-${R}/scripts`]: '-> ../../lib/linux-kbuild-6.1/scripts',
  });
  const common = pack('linux-headers-6.1.0-18-common', { 'usr/src/linux-headers-6.1.0-18-common/Makefile': 'all:\n' });
  await putHeaders(createLocalHost(), [own, common], root, signal);
  expect(lstatSync(join(root, 'lib')).isSymbolicLink()).toBe(true);
  expect(readlinkSync(join(root, `usr/lib/modules/${R}/build`))).toBe(`/usr/src/linux-headers-${R}`);
  expect(readlinkSync(join(root, `usr/src/linux-headers-${R}/scripts`))).toBe('../../lib/linux-kbuild-6.1/scripts');
  expect(readFileSync(join(root, 'usr/src/linux-headers-6.1.0-18-common/Makefile'), 'utf8')).toBe('all:\n');
  expect(existsSync(join(root, 'usr/lib/modules/other'))).toBe(true);
});

test('of a debug package the kernel and its table of symbols come, and no module', async () => {
  const debug = pack(`linux-image-${R}-dbg`, {
    [`usr/lib/debug/boot/vmlinux-${R}`]: 'DWARF',
    [`usr/lib/debug/boot/System.map-${R}`]: '0 T _text\n',
    [`usr/lib/debug/lib/modules/${R}/kernel/fs/ext4/ext4.ko`]: 'DWARF',
  });
  await putDebugFiles(debug, R, root, signal);
  expect(readFileSync(join(root, `usr/lib/debug/boot/vmlinux-${R}`), 'utf8')).toBe('DWARF');
  expect(readFileSync(join(root, `usr/lib/debug/boot/System.map-${R}`), 'utf8')).toBe('0 T _text\n');
  expect(existsSync(join(root, 'usr/lib/debug/lib'))).toBe(false);
  // SystemTap before 5.0 looks nowhere else.
  expect(readFileSync(join(root, `boot/System.map-${R}`), 'utf8')).toBe('0 T _text\n');
});

test('a debug package without a kernel is refused', async () => {
  const debug = pack(`linux-image-${R}-dbg`, { [`usr/lib/debug/lib/modules/${R}/kernel/ext4.ko`]: 'DWARF' });
  const error = await failureOf(putDebugFiles(debug, R, root, signal));
  expect(error.code).toBe('BAD_PACKAGE');
});

test('a package that was changed after it was verified is refused', async () => {
  const headers = pack('linux-headers-6.1.0-18-common', { 'usr/src/x/Makefile': 'all:\n' });
  writeFileSync(headers.path, readFileSync(headers.path).fill(0, 100, 120));
  const error = await failureOf(putHeaders(createLocalHost(), [headers], root, signal));
  expect(error.code).toBe('DIGEST_MISMATCH');
  expect(existsSync(join(root, 'usr/src'))).toBe(false);
});
