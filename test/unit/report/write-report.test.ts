import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withReport } from '../../../src/cli/keep-report.ts';
import { TapprepError } from '../../../src/errors.ts';
import { describeVerification } from '../../../src/report/preflight.ts';
import { NO_PLACE } from '../../helpers/no-ssh.ts';
import { samplePreflight } from './sample-preflight.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tapprep-report-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

interface Value {
  readonly value: number;
}
const keepAll = (paths: readonly string[], work: () => Promise<Value>): Promise<Value> =>
  withReport({ cwd: directory, now: () => 0, place: NO_PLACE }, 'verify', paths, () => samplePreflight('x'), work);
const keep = (path: string, work: () => Promise<Value>): Promise<Value> => keepAll([path], work);

test.each([
  ['a.html', /^<!doctype html>/],
  ['a.XML', /^<\?xml version="1.0"/],
  ['a.json', /"value": 1/],
])('%s is written whole, over what was there', async (name, expected) => {
  await writeFile(join(directory, name), 'old');
  await keep(name, async () => ({ value: 1 }));
  expect(await readFile(join(directory, name), 'utf8')).toMatch(expected);
  expect(await readdir(directory)).toEqual([name]);
});

test('several reports are all written', async () => {
  await keepAll(['a.html', 'b.xml', 'c.json'], async () => ({ value: 1 }));
  expect(await readdir(directory)).toEqual(['a.html', 'b.xml', 'c.json']);
});

test('another ending is refused before any work', async () => {
  let worked = false;
  const run = keep('a.pdf', async () => {
    worked = true;
    return { value: 1 };
  });
  await expect(run).rejects.toMatchObject({ code: 'USAGE' });
  expect(worked).toBe(false);
});

test('a directory that is not there is named, and nothing is left', async () => {
  await expect(keep('none/a.html', async () => ({ value: 1 }))).rejects.toThrow(/none\/a\.html is in a directory/);
  expect(await readdir(directory)).toEqual([]);
});

test('work that fails leaves a report of the failure and the same error', async () => {
  const error = new TapprepError('NETWORK', 'no mirror answers', { hint: 'tapprep mirrors check' });
  await expect(keep('a.xml', () => Promise.reject(error))).rejects.toBe(error);
  expect(await readFile(join(directory, 'a.xml'), 'utf8')).toContain(
    '<error type="NETWORK" message="no mirror answers">',
  );
});

test('the page of a verification carries its steps', () => {
  const { target, steps } = samplePreflight('x');
  if (target === null) throw new Error('the sample has a target');
  const page = describeVerification({ target, steps, ready: true, ranIn: 'vm', diagnoses: [] });
  expect(page).toMatchObject({ command: 'verify', ready: true, ranIn: 'vm', steps });
});
