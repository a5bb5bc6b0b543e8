import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { diskError } from '../../../src/files/disk-error.ts';

const work = mkdtempSync(join(tmpdir(), 'disk-error-'));
mkdirSync(join(work, 'there'));
afterAll(() => rmSync(work, { recursive: true }));

test.each([
  ['ENOSPC', 'there/y.tar', 'df -h WORK/there; df -i WORK/there'],
  ['EACCES', 'there/k.lock', 'ls -ld WORK/there'],
  ['EACCES', 'not/there/k.lock', 'ls -ld WORK'],
  ['ENOENT', 'not/there/k.lock', 'mkdir -p WORK/not/there'],
  // As in /proc.
  ['ENOENT', 'there/k.lock', 'ls -ld WORK/there'],
])('the command for %s of %s is about what exists', (code, path, hint) => {
  const error = diskError(Object.assign(new Error(code), { code }), join(work, path));
  expect(error).toMatchObject({ hint: hint.replaceAll('WORK', work) });
});

test('a directory that is there is not said to be missing', () => {
  const error = diskError(Object.assign(new Error('ENOENT'), { code: 'ENOENT' }), join(work, 'there/k.lock'));
  expect(error).toMatchObject({ message: expect.stringContaining('in a directory that takes no such file') });
});
