import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { findBuildId } from '../../../src/elf/notes.ts';
import { readElf } from '../../../src/elf/read-elf.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-elf-'));
afterAll(() => rmSync(directory, { recursive: true }));

function readelf(option: string, path: string): string {
  return execFileSync('readelf', [option, '-W', path], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
}

const BINARIES = [
  '/bin/ls',
  '/bin/busybox',
  '/lib/x86_64-linux-gnu/libc.so.6',
  '/lib64/ld-linux-x86-64.so.2',
  '/usr/bin/dpkg',
];

test.each(BINARIES)('%s is read as readelf reads it', async (link) => {
  const path = realpathSync(link);
  const elf = await readElf(path);
  expect(elf?.buildId).toBe(/Build ID: ([0-9a-f]+)/.exec(readelf('-n', path))?.[1] ?? null);
  expect(elf?.minimumKernel).toBe(/OS: Linux, ABI: ([0-9.]+)/.exec(readelf('-n', path))?.[1] ?? null);
  expect(elf?.interpreter).toBe(/interpreter: (\S+)\]/.exec(readelf('-l', path))?.[1] ?? null);
  expect(elf?.needed).toEqual([...readelf('-d', path).matchAll(/\(NEEDED\).*\[(.+)\]/g)].map((match) => match[1]));
  expect(elf?.hasDebugInfo).toBe(/\.debug_info/.test(readelf('-S', path)));
  expect(elf?.entry).toBe(BigInt(/Entry point address: +(0x[0-9a-f]+)/.exec(readelf('-h', path))?.[1] ?? ''));
});

test('a program with debug information, and one whose library path begins at $ORIGIN', async () => {
  const source = join(directory, 'tool.c');
  const tool = join(directory, 'tool');
  writeFileSync(source, 'int main(void) { return 0; }\n');
  execFileSync('gcc', [
    '-g',
    '-Wl,--build-id=0x00112233445566778899',
    '-Wl,-rpath,$ORIGIN/../lib:/opt/x',
    '-o',
    tool,
    source,
  ]);
  expect(await readElf(tool)).toMatchObject({
    buildId: '00112233445566778899',
    hasDebugInfo: true,
    libraryPath: ['$ORIGIN/../lib', '/opt/x'],
  });
  execFileSync('objcopy', ['--only-keep-debug', tool, `${tool}.debug`]);
  expect(await readElf(`${tool}.debug`)).toMatchObject({
    buildId: '00112233445566778899',
    hasDebugInfo: true,
    needed: [],
  });
  execFileSync('strip', [tool]);
  expect(await readElf(tool)).toMatchObject({ buildId: '00112233445566778899', hasDebugInfo: false });
});

test.each([
  ['text', 'not a program'],
  ['empty', ''],
])('%s is no ELF file', async (name, content) => {
  const path = join(directory, name);
  writeFileSync(path, content);
  expect(await readElf(path)).toBeNull();
});

test('damaged or cut anywhere, a file is read or refused by our error, and nothing else', async () => {
  const good = readFileSync(realpathSync('/bin/ls'));
  const path = join(directory, 'damaged');
  const damage = fc.record({
    at: fc.nat({ max: 0x400 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    length: fc.oneof(fc.nat({ max: good.length }), fc.constant(good.length)),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ at, bytes, length }) => {
      const copy = Buffer.from(good);
      copy.set(bytes, at);
      writeFileSync(path, copy.subarray(0, length));
      const error: unknown = await readElf(path).then(
        () => null,
        (caught: unknown) => caught,
      );
      expect(error === null || isTapprepError(error, 'BAD_PACKAGE')).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('notes: the build-id behind others, and none where the bytes end too early', () => {
  const id = Buffer.from('e0c94673e97d58a386e99a20572aa7d597d5aa5c', 'hex');
  const notes = Buffer.concat([
    note(0x100, 'Xen\0', Buffer.from('5 by')),
    note(7, 'Linux\0', Buffer.alloc(5)),
    note(3, 'GNU\0', id),
  ]);
  expect(findBuildId(notes, true)).toBe(id.toString('hex'));
  expect(findBuildId(notes.subarray(0, notes.length - 1), true)).toBeNull();
  expect(findBuildId(note(3, 'GNU\0', Buffer.alloc(7)), true)).toBeNull();
  expect(findBuildId(note(3, 'GNX\0', id), true)).toBeNull();
});

/** One note as linkers write it. */
function note(type: number, name: string, desc: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(name.length, 0);
  head.writeUInt32LE(desc.length, 4);
  head.writeUInt32LE(type, 8);
  return Buffer.concat([head, padded(Buffer.from(name)), padded(desc)]);
}

function padded(part: Buffer): Buffer {
  return Buffer.concat([part, Buffer.alloc((4 - (part.length % 4)) % 4)]);
}
