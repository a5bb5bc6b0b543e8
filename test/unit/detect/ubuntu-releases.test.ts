import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findUbuntuRelease, UBUNTU_RELEASES } from '../../../src/detect/ubuntu-releases.ts';
import { loadMirrors } from '../../../src/mirrors/load.ts';

const { codenames } = JSON.parse(readFileSync('mirrors.json', 'utf8')) as {
  readonly codenames: { readonly ubuntu: Readonly<Record<string, string>> };
};

test('every release that the mirror list names has its row, under the same code name', () => {
  const rows = Object.fromEntries(UBUNTU_RELEASES.map(({ version, codename }) => [version, codename]));
  expect(rows).toMatchObject(codenames.ubuntu);
  expect(Object.values(rows)).not.toContain('');
  expect(new Set(Object.values(rows)).size).toBe(UBUNTU_RELEASES.length);
});

test('what is left to subscribers has a place for them in the mirror list, and is of long support', async () => {
  const mirrors = await loadMirrors({ packageRoot: process.cwd(), files: [], configHome: null });
  const esm = mirrors.entries.find(({ id }) => id === 'ubuntu-esm');
  const left = UBUNTU_RELEASES.filter(({ archive }) => archive === 'esm').map(({ version }) => version);
  expect(left.length).toBeGreaterThan(0);
  expect(esm?.versions).toEqual(expect.arrayContaining(left));
  expect(left.every((version) => /[02468]\.04$/.test(version))).toBe(true);
});

test.each([
  ['20.04', 'esm'],
  ['focal', 'esm'],
  ['22.04', 'archive'],
  ['mantic', 'old-releases'],
  ['none', undefined],
  [null, undefined],
])('%s is of %s', (word, archive) => {
  expect(findUbuntuRelease(word)?.archive).toBe(archive);
});
