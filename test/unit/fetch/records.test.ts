import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readIndex, writeIndex } from '../../../src/fetch/index-entry.ts';
import { type PartRecord, readPartRecord, writePartRecord } from '../../../src/fetch/part-record.ts';
import { spoiledForms } from '../../helpers/spoiled.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-records-'));
const path = join(directory, 'record.json');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const entry = {
  schema: 'tapprep-index/1',
  url: 'http://mirror.example/InRelease',
  sha256: 'ab'.repeat(32),
  sizeBytes: 7,
  etag: '"1"',
  lastModified: null,
  fetchedAt: 0,
};
const part: PartRecord = {
  schema: 'tapprep-part/1',
  url: 'http://mirror.example/a.deb',
  urlHash: 'cd'.repeat(32),
  etag: null,
  lastModified: null,
  size: 7,
  expected: { algorithm: 'sha256', hex: 'ab'.repeat(32) },
  boot: 'b',
  reached: null,
};

test('what is remembered is read as it was written', async () => {
  writeFileSync(path, JSON.stringify(entry));
  const read = await readIndex(path);
  expect(read).toEqual(entry);
  if (read !== null) await writeIndex(path, read);
  expect(await readIndex(path)).toEqual(entry);
  await writePartRecord(path, part);
  expect(await readPartRecord(path)).toEqual(part);
});

test.each<[string, unknown]>([...spoiledForms(entry), ['a future version', { ...entry, schema: 'tapprep-index/2' }]])(
  'an index entry with %s is forgotten',
  async (_name, form) => {
    writeFileSync(path, JSON.stringify(form));
    expect(await readIndex(path)).toBe(null);
  },
);

const { 'reached missing': older, ...forms } = Object.fromEntries(spoiledForms(part));
test.each<[string, unknown]>([...Object.entries(forms), ['a future version', { ...part, schema: 'tapprep-part/2' }]])(
  'a part whose record has %s starts anew',
  async (_name, form) => {
    writeFileSync(path, JSON.stringify(form));
    expect(await readPartRecord(path)).toBe(null);
  },
);

test('a record from before several mirrors filled a part has no gap', async () => {
  writeFileSync(path, JSON.stringify(older));
  expect(await readPartRecord(path)).toEqual(part);
});
