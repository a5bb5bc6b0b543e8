import { mkdtempSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { complete, placeholderOf } from '../../../src/cli/complete/complete.ts';
import { createLookup, isKnownKind } from '../../../src/cli/complete/values.ts';
import { rememberReleases, recallReleases } from '../../../src/pipeline/known-kernels.ts';
import type { Target } from '../../../src/types.ts';

const home = mkdtempSync(join(tmpdir(), 'complete-'));
afterAll(() => rm(home, { recursive: true }));
const packageRoot = join(import.meta.dirname, '../../..');
const lookup = createLookup({ packageRoot, cwd: home, env: { HOME: home } });

const record = (name: string, provides: readonly string[] = []) => ({ name, provides });

async function wordsAfter(...words: readonly string[]): Promise<readonly string[] | string> {
  const found = await complete(words, lookup);
  return found.mode === 'words' ? found.candidates.map(({ value }) => value) : found.mode;
}

const KINDS = COMMANDS.flatMap(({ name, options, args = [] }) => [
  ...options.map((option) => [`${name} ${option[0]}`, placeholderOf(option)] as const),
  ...args.map(([arg]) => [`${name} ${arg}`, arg.replace(/^[<[](.*?)(?:\.\.\.)?[>\]]$/, '$1')] as const),
]).filter(([, kind]) => kind !== '');

test.each(KINDS)('of "%s" it is known what can follow', (_where, kind) => {
  // A choice names its values; any other placeholder is a row of complete/values.ts.
  expect(kind.includes('|') || isKnownKind(kind)).toBe(true);
});

test('commands, then options that are not there yet', async () => {
  expect(await wordsAfter('')).toEqual(expect.arrayContaining(['plan', 'cache', 'help', 'completion']));
  expect(await wordsAfter('cache', '')).toEqual(['list', 'clean']);
  const first = await wordsAfter('plan', '--');
  expect(first).toEqual(expect.arrayContaining(['--kernel', '--mirror', '--json']));
  const second = await wordsAfter('plan', '--kernel', '6.1', '--mirror', 'deb=x', '--');
  expect(second).toContain('--mirror');
  expect(second).not.toContain('--kernel');
  expect(await wordsAfter('no-such', '')).toEqual([]);
  expect(await wordsAfter('plan', '--', '--ker')).toEqual([]);
});

test('values of choices, files and directories', async () => {
  expect(await wordsAfter('verify', '--in', '')).toEqual(['local', 'vm']);
  expect(await wordsAfter('verify', '--in=v')).toEqual(['vm']);
  expect(await wordsAfter('plan', '--systemtap', 'p')).toEqual(['portable']);
  expect(await wordsAfter('plan', '--systemtap', '5.')).toContain('5.6');
  expect(await wordsAfter('plan', '--facts', '')).toBe('files');
  expect(await wordsAfter('plan', '--root', '')).toBe('directories');
  expect(await wordsAfter('explain', '')).toBe('files');
  expect(await wordsAfter('explain', 'STALE')).toEqual(['STALE_CACHE']);
  expect(await wordsAfter('explain', 'Stale.log')).toBe('files');
  expect(await wordsAfter('plan', '--banner', '')).toBe('files');
  expect(await wordsAfter('plan', '--uname-v', '#')).toEqual([]);
});

test('hosts of the ssh configuration, but no patterns', async () => {
  await mkdir(join(home, '.ssh'));
  writeFileSync(join(home, '.ssh/config'), 'Host web1 web2 *.example.com !no\n  User root\nhost "a$(b)"\n');
  expect(await wordsAfter('plan', '--host', '')).toEqual(['web1', 'web2']);
});

test('kernels of the index that was last read, of the distribution that is named', async () => {
  const cache = join(home, '.cache/tapprep');
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const target = { distro: 'debian', version: '12' } as Target;
  await rememberReleases(cache, target, [
    record('linux-image-6.1.0-18-cloud-amd64'),
    record('linux-image-6.1.0-18-cloud-amd64-dbg'),
    record('linux-headers-6.1.0-18-common'),
    record('linux-image-cloud-amd64'),
  ]);
  await rememberReleases(cache, { distro: 'rocky', version: '9' } as Target, [
    record('kernel-devel', ['kernel-devel-uname-r = 5.14.0-503.el9.x86_64']),
  ]);
  expect(await recallReleases(cache, 'debian:12')).toEqual(['6.1.0-18-cloud-amd64']);
  expect(await wordsAfter('plan', '--distro', 'debian:12', '--kernel', '')).toEqual(['6.1.0-18-cloud-amd64']);
  expect(await wordsAfter('plan', '--distro', 'rocky:9', '--kernel', '5')).toEqual(['5.14.0-503.el9.x86_64']);
  expect(await wordsAfter('plan', '--distro', '../../x', '--kernel', '')).toEqual([]);
});
