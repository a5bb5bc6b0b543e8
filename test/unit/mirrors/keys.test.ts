import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findKeyFaults } from '../../../scripts/check-keys.ts';
import { loadMirrors } from '../../../src/mirrors/load.ts';
import { selectRepositories } from '../../../src/mirrors/select.ts';
import { targetOf } from '../../helpers/mirror-targets.ts';

const work = mkdtempSync(join(tmpdir(), 'keys-'));
afterAll(() => rmSync(work, { recursive: true }));

interface Pins {
  readonly keys: Record<string, { fingerprint: string; name: string; expires: string | null }>;
}
const readPins = (): Pins => JSON.parse(readFileSync('mirrors.json', 'utf8')) as Pins;
const readAbsent = (): Record<string, string> =>
  (JSON.parse(readFileSync('keys/index.json', 'utf8')) as { absent: Record<string, string> }).absent;

/** Fingerprint and day of expiry of every key in these files, in their order, as gpg reads them. */
function readByGpg(names: readonly string[]): readonly (readonly [string, string | null])[] {
  const home = join(work, 'gpg');
  mkdirSync(home, { mode: 0o700 });
  const fixed = ['--no-options', '--homedir', home, '--batch', '--show-keys', '--with-colons'];
  const lines = execFileSync('gpg', [...fixed, ...names.map((name) => join('keys', name))], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .toString()
    .split('\n')
    .map((line) => line.split(':'));
  return lines.flatMap(([kind, , , , , , expires], at) => {
    if (kind !== 'pub') return [];
    const fingerprint = lines.slice(at).find(([word]) => word === 'fpr')?.[9] ?? '';
    const day = expires === '' ? null : new Date(Number(expires) * 1000).toISOString().slice(0, 10);
    return [[fingerprint, day] as const];
  });
}

test('every pinned key is there as gpg reads it, or the reason why it could not be had', () => {
  const pins = Object.values(readPins().keys);
  const absent = readAbsent();
  const expected = pins
    .filter(({ fingerprint }) => absent[fingerprint] === undefined)
    .map(({ fingerprint, expires }) => [fingerprint, expires] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const names = readdirSync('keys').filter((file) => file !== 'index.json');
  expect(names.toSorted()).toEqual(expected.map(([fingerprint]) => `${fingerprint}.asc`));
  expect(readByGpg(names.toSorted())).toEqual(expected);
  expect(expected).toHaveLength(73);
  expect(Object.keys(absent)).toHaveLength(4);
  for (const reason of Object.values(absent)) expect(reason).toMatch(/\w{3}.*\w{3}/);
});

/** A copy of the data, changed. */
function faultsAfter(change: (root: string) => void): readonly string[] {
  const root = mkdtempSync(join(work, 'data-'));
  cpSync('keys', join(root, 'keys'), { recursive: true });
  cpSync('mirrors.json', join(root, 'mirrors.json'));
  change(root);
  return findKeyFaults(root);
}

const CENTOS_6 = 'C1DAC52D1664E8A4386DBA430946FCA2C105B9DE';
const CENTOS_7 = '6341AB2753D78A78A7C27BB124C6A8A7F4A80EB5';

test('the build finds no fault, and each of these', () => {
  expect(findKeyFaults('.')).toEqual([]);
  expect(faultsAfter((root) => rmSync(join(root, `keys/${CENTOS_6}.asc`)))).toEqual([
    `centos-6: ${CENTOS_6} is pinned, but keys/ has neither it nor a reason why not`,
  ]);
  expect(faultsAfter((root) => cpSync(join(root, `keys/${CENTOS_7}.asc`), join(root, `keys/${CENTOS_6}.asc`)))).toEqual(
    [`centos-6: keys/${CENTOS_6}.asc holds ${CENTOS_7}`],
  );
  const stranger = 'A'.repeat(40);
  expect(faultsAfter((root) => writeFileSync(join(root, `keys/${stranger}.asc`), ''))).toEqual([
    `keys/${stranger}.asc is pinned by no entry of "keys"`,
    `keys/${stranger}.asc has no source in keys/index.json`,
  ]);
});

test('a CentOS 6 kernel on a machine without any key is believed by the keys that come along', async () => {
  const list = await loadMirrors({ packageRoot: process.cwd(), files: [], configHome: null });
  const repositories = selectRepositories(
    targetOf('centos', '6.8', '2.6.32-642.el6.x86_64'),
    { own: [], list, overrides: [] },
    { contents: ['devel', 'debuginfo'] },
  );
  const signed = repositories.filter(({ trust }) => trust.packages === 'signed');
  expect(signed.length).toBeGreaterThan(2);
  for (const { trust } of signed) {
    expect(trust.keyrings).toEqual(trust.fingerprints.map((key) => join(process.cwd(), 'keys', `${key}.asc`)));
  }
});

test('keys beside a list of the user stand for those that come along', async () => {
  mkdirSync(join(work, 'tapprep/keys'), { recursive: true });
  writeFileSync(join(work, `tapprep/keys/${CENTOS_6}.gpg`), '');
  const list = await loadMirrors({ packageRoot: process.cwd(), files: [], configHome: work });
  const keys = list.entries.flatMap(({ trust }) => trust.keys);
  const materialOf = (wanted: string): string | null | undefined =>
    keys.find(({ fingerprint }) => fingerprint === wanted)?.material;
  expect(materialOf(CENTOS_6)).toBe(join(work, `tapprep/keys/${CENTOS_6}.gpg`));
  expect(materialOf(CENTOS_7)).toBe(join(process.cwd(), 'keys', `${CENTOS_7}.asc`));
  expect(materialOf('96C0104F631547311E0BB1AE309BC305BAADAE52')).toBeNull();
});
