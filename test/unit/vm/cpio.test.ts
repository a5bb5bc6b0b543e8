import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packCpio } from '../../../src/vm/cpio.ts';
import type { CpioEntry } from '../../../src/vm/cpio.ts';

function pack(entries: readonly CpioEntry[]): Buffer {
  return Buffer.concat([...packCpio(entries)]);
}

test('cpio reads back what was packed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tapprep-cpio-'));
  try {
    const archive = pack([
      { kind: 'directory', path: 'bin', mode: 0o755 },
      { kind: 'file', path: '/bin/tool', mode: 0o750, data: Buffer.from('content\n') },
      { kind: 'file', path: 'bin/empty', mode: 0o600, data: new Uint8Array() },
      { kind: 'link', path: 'bin/sh', target: 'tool' },
    ]);
    execFileSync('cpio', ['--extract', '--quiet', '--no-absolute-filenames'], { cwd: directory, input: archive });
    expect(readFileSync(join(directory, 'bin/tool'), 'utf8')).toBe('content\n');
    expect(statSync(join(directory, 'bin/tool')).mode & 0o7777).toBe(0o750);
    expect(statSync(join(directory, 'bin/empty')).size).toBe(0);
    expect(readlinkSync(join(directory, 'bin/sh'))).toBe('tool');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('device nodes are listed with their numbers', () => {
  const archive = pack([{ kind: 'device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 }]);
  const listing = execFileSync('cpio', ['--list', '--verbose', '--quiet'], { input: archive, encoding: 'utf8' });
  expect(listing).toMatch(/^crw------- .* 5, +1 .* dev\/console$/m);
});

test('every header begins at a multiple of four, whatever the sizes of names and contents', () => {
  const entry = fc.record({
    kind: fc.constant('file' as const),
    path: fc.stringMatching(/^[a-z]{1,12}$/),
    mode: fc.constant(0o644),
    data: fc.uint8Array({ maxLength: 20 }),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
      const archive = pack(entries);
      let at = 0;
      for (const { path, data } of entries) {
        expect(archive.toString('latin1', at, at + 6)).toBe('070701');
        expect(archive.toString('latin1', at + 110, at + 110 + path.length)).toBe(path);
        at += Math.ceil((110 + path.length + 1) / 4) * 4 + Math.ceil(data.length / 4) * 4;
      }
      expect(archive.toString('latin1', at + 110, at + 120)).toBe('TRAILER!!!');
    }),
  );
});
