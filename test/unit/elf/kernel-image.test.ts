import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { readKernelImageBuildId } from '../../../src/elf/kernel-image.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-image-'));
afterAll(() => rmSync(directory, { recursive: true }));
const ID = '00112233445566778899aabbccddeeff00112233';
let vmlinux = Buffer.alloc(0);

beforeAll(() => {
  // A static program with a build-id stands for vmlinux; incompressible bytes in front of the notes' neighbours make
  // the stream longer than one chunk.
  const source = join(directory, 'vmlinux.c');
  writeFileSync(source, 'char pad[3 << 20] = {1}; int main(void) { return pad[5]; }\n');
  execFileSync('gcc', ['-static', `-Wl,--build-id=0x${ID}`, '-o', join(directory, 'vmlinux'), source]);
  vmlinux = readFileSync(join(directory, 'vmlinux'));
});

/** A bzImage as the boot protocol lays it out: setup header, then the payload and the size of what it unpacks to. */
function bzImage(name: string, payload: Uint8Array): string {
  const setup = Buffer.alloc(1024);
  setup[0x1f1] = 1;
  setup.write('HdrS', 0x202, 'latin1');
  setup.writeUInt16LE(0x20f, 0x206);
  const stub = Buffer.alloc(300, 0x90);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(vmlinux.length);
  setup.writeUInt32LE(stub.length, 0x248);
  setup.writeUInt32LE(payload.length + 4, 0x24c);
  const path = join(directory, name);
  writeFileSync(path, Buffer.concat([setup, stub, payload, size, Buffer.from('what follows')]));
  return path;
}

const tool =
  (program: string, ...args: readonly string[]) =>
  () =>
    execFileSync(program, args, { input: vmlinux, maxBuffer: 1 << 26 });

test.each<readonly [string, () => Uint8Array]>([
  ['gzip', () => gzipSync(vmlinux)],
  ['zstd', () => zstdCompressSync(vmlinux)],
  ['xz', tool('xz', '--check=crc32', '-c')],
  ['lzma', tool('xz', '--format=lzma', '-c')],
  ['bzip2', tool('bzip2', '-c')],
])('a kernel packed with %s', async (name, compress) => {
  expect(await readKernelImageBuildId(bzImage(name, compress()))).toBe(ID);
});

test('an unpacked vmlinux', async () => {
  expect(await readKernelImageBuildId(join(directory, 'vmlinux'))).toBe(ID);
});

function note(id: string): Buffer {
  return Buffer.concat([
    Buffer.from([4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0]),
    Buffer.from('GNU\0'),
    Buffer.from(id, 'hex'),
  ]);
}

/** An arm64 Image: its magic, then the notes of two vDSOs and of the kernel, as Debian's have them. */
function arm64Image(between: number): Buffer {
  const head = Buffer.alloc(64);
  head.write('MZ', 0, 'latin1');
  head.write('ARMd', 0x38, 'latin1');
  // Nothing that packs to nothing.
  const pad = Buffer.from(Array.from({ length: between }, (_, at) => (at * 7919 * (at + 31)) >> 7));
  const vdso = 'ff'.repeat(20);
  return Buffer.concat([head, pad, note(vdso), pad, note(vdso), pad, note(ID), Buffer.alloc(700, 1)]);
}

/** As drivers/firmware/efi/libstub/zboot-header.S lays it out. */
function zboot(payload: Uint8Array): Buffer {
  const head = Buffer.alloc(64);
  head.write('MZ', 0, 'latin1');
  head.write('zimg', 4, 'latin1');
  head.writeUInt32LE(head.length, 8);
  head.writeUInt32LE(payload.length, 12);
  return Buffer.concat([head, payload, Buffer.alloc(600, 7)]);
}

// The pieces that a file is read in have 256 KiB: the notes lie inside, and across their edges.
test.each<readonly [string, Buffer]>([
  ['plain', arm64Image(1000)],
  ['with its last note across an edge', arm64Image(Math.round((256 * 1024 - 64 - 2 * 36 - 20) / 3))],
  ['packed by gzip', gzipSync(arm64Image(5000))],
  ['packed by gzip in an EFI program', zboot(gzipSync(arm64Image(5000)))],
  ['packed by zstd in an EFI program', zboot(zstdCompressSync(arm64Image(5000)))],
])('an arm64 Image, %s: the last note is the kernel', async (name, bytes) => {
  const path = join(directory, name.replaceAll(' ', '-'));
  writeFileSync(path, bytes);
  expect(await readKernelImageBuildId(path)).toBe(ID);
});

test('an EFI program that is cut off is refused', async () => {
  const path = join(directory, 'zboot-cut');
  writeFileSync(path, zboot(Buffer.alloc(4000)).subarray(0, 2000));
  const error: unknown = await readKernelImageBuildId(path).catch((caught: unknown) => caught);
  expect(isTapprepError(error, 'BAD_PACKAGE')).toBe(true);
});

test('what is no kernel has no build-id', async () => {
  const path = join(directory, 'text');
  writeFileSync(path, 'text '.repeat(1000));
  expect(await readKernelImageBuildId(path)).toBeNull();
  expect(await readKernelImageBuildId(bzImage('unknown', Buffer.from('no compression known')))).toBeNull();
});

test('a payload that is damaged before its notes is refused', async () => {
  const payload = gzipSync(vmlinux);
  const error: unknown = await readKernelImageBuildId(bzImage('damaged', payload.fill(0xff, 20, 40))).catch(
    (caught: unknown) => caught,
  );
  expect(isTapprepError(error, 'BAD_PACKAGE')).toBe(true);
});

test('an image that is cut off is refused', async () => {
  const whole = readFileSync(bzImage('whole', gzipSync(vmlinux)));
  const path = join(directory, 'cut');
  writeFileSync(path, whole.subarray(0, 5000));
  const error: unknown = await readKernelImageBuildId(path).catch((caught: unknown) => caught);
  expect(isTapprepError(error, 'BAD_PACKAGE')).toBe(true);
});
