import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recallVerdicts, rememberVerdict, type VerdictFile } from '../../../src/systemtap/verdicts.ts';
import { spoiledForms } from '../../helpers/spoiled.ts';

const KERNEL = '6.1.0-18-amd64 x86_64 package 6.1.76-1';
const file: VerdictFile = {
  schema: 'tapprep-verdicts/1',
  kernel: KERNEL,
  verdicts: [
    {
      candidate: 'systemtap-5.1',
      rungs: { hello: 'pass', 'kernel.function': 'fail' },
      reason: 'semantic error',
      at: '2026-11-29T10:00:00.000Z',
    },
  ],
};
const cacheDir = mkdtempSync(join(tmpdir(), 'tapprep-verdicts-'));
let path = '';

beforeAll(async () => {
  for (const verdict of file.verdicts) await rememberVerdict(cacheDir, KERNEL, verdict);
  const directory = join(cacheDir, 'systemtap/verdicts');
  path = join(directory, readdirSync(directory)[0] ?? '');
});
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

test('verdicts are read as they were written', async () => {
  writeFileSync(path, JSON.stringify(file));
  expect(await recallVerdicts(cacheDir, KERNEL)).toEqual(file.verdicts);
});

test.each<[string, unknown]>([
  ...spoiledForms(file),
  ['a future version', { ...file, schema: 'tapprep-verdicts/2' }],
  ['another kernel', { ...file, kernel: 'another' }],
])('a file of verdicts with %s gives none', async (_name, form) => {
  writeFileSync(path, JSON.stringify(form));
  expect(await recallVerdicts(cacheDir, KERNEL)).toEqual([]);
});
