import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseModuleInfo } from '../../../src/elf/modinfo.ts';
import { isTapprepError } from '../../../src/errors.ts';
import { collectKernelModules } from '../../../src/vm/kernel-modules.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-modules-'));
const kernel = join(directory, 'kernel/drivers/net');
afterAll(() => rmSync(directory, { recursive: true }));

/** An object file that says of itself what a module says. */
function buildModule(name: string, depends: string): Buffer {
  const source = join(directory, 'module.s');
  const object = join(directory, 'module.o');
  const pairs = [`name=${name}`, 'license=GPL', `depends=${depends}`, 'vermagic=6.1.0-56-cloud-amd64 SMP mod_unload '];
  writeFileSync(source, `.section .modinfo,"a"\n${pairs.map((pair) => `.asciz "${pair}"\n`).join('')}`);
  execFileSync('as', ['-o', object, source]);
  return readFileSync(object);
}

beforeAll(() => {
  mkdirSync(kernel, { recursive: true });
  writeFileSync(join(kernel, 'virtio_net.ko'), buildModule('virtio_net', 'net_failover,virtio,af_packet'));
  writeFileSync(join(kernel, 'net_failover.ko.gz'), gzipSync(buildModule('net_failover', 'failover')));
  writeFileSync(join(kernel, 'failover.ko.zst'), zstdCompressSync(buildModule('failover', '')));
  writeFileSync(
    join(kernel, 'virtio.ko.xz'),
    execFileSync('xz', ['--check=crc32', '-c'], { input: buildModule('virtio', '') }),
  );
  writeFileSync(join(kernel, 'snd-loop.ko'), buildModule('snd_loop', 'snd_loop'));
  writeFileSync(join(directory, 'modules.builtin'), 'kernel/net/packet/af_packet.ko\nkernel/fs/ext4/ext4.ko\n');
});

test('dependencies come first, whatever they are packed with, and every module once', async () => {
  const modules = await collectKernelModules(directory, ['virtio_net', 'failover', 'snd-loop', 'ext4']);
  expect(modules.map(({ name }) => name)).toEqual(['failover', 'net_failover', 'virtio', 'virtio_net', 'snd_loop']);
  for (const { name, data } of modules) expect(parseModuleInfo(data, name).name).toBe(name);
});

test('a name that is neither a module nor built in is told', async () => {
  const error: unknown = await collectKernelModules(directory, ['no_such']).catch((caught: unknown) => caught);
  expect(isTapprepError(error, 'NOT_FOUND')).toBe(true);
});

test('what a module says of itself', () => {
  const bytes = buildModule('virtio_net', 'a,b');
  expect(parseModuleInfo(bytes, 'x')).toEqual({
    name: 'virtio_net',
    vermagic: '6.1.0-56-cloud-amd64 SMP mod_unload',
    machine: 62,
    depends: ['a', 'b'],
  });
  for (const length of [0, 40, 64, 200, bytes.length - 40]) {
    expect(() => parseModuleInfo(bytes.subarray(0, length), 'x')).toThrow(/not a well-formed ELF file/);
  }
});
