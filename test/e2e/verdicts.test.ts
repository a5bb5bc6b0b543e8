/** `verdicts export` and `import`: what one machine has seen, taken by another that knows who says so. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Candidate } from '../../src/systemtap/choose.ts';
import { rememberVerdict } from '../../src/systemtap/verdicts.ts';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { GpgHome, type TestKey } from '../helpers/gpg.ts';
import { SAMPLE_BUILD, sampleVerdict } from '../helpers/sample-verdict.ts';

const work = mkdtempSync(join(tmpdir(), 'e2e-verdicts-'));
const gpg = new GpgHome();
const cli = new Cli();
let owner: TestKey;
let stranger: TestKey;
let exported = '';

const OWN: Candidate = { kind: 'distro', version: '4.8', packageVersion: '4.8-2', distro: 'debian' };
const PORTABLE: Candidate = {
  kind: 'portable',
  version: '5.6',
  packageVersion: '5.6-1',
  distro: 'debian',
  from: { distro: 'debian', suite: 'sid' },
};
const SIGNED = join(work, 'signed.json');

function fresh(): string {
  return mkdtempSync(join(work, 'cache-'));
}

function verdicts(action: string, cache: string, ...more: readonly string[]): Promise<CliResult> {
  return cli.run(['verdicts', action, '--cache-dir', cache, ...more], { GNUPGHOME: gpg.directory });
}

/** The list of the owner, changed, with a signature beside it or none. */
function receive(text: string, signature: string | null): string {
  const path = join(fresh(), 'received.json');
  writeFileSync(path, text);
  if (signature !== null) writeFileSync(`${path}.asc`, signature);
  return path;
}

const text = (): string => readFileSync(SIGNED, 'utf8');
const signature = (): string => readFileSync(`${SIGNED}.asc`, 'utf8');

beforeAll(async () => {
  owner = gpg.makeKey('owner', 'ed25519');
  stranger = gpg.makeKey('stranger', 'ed25519');
  const cache = fresh();
  await rememberVerdict(cache, sampleVerdict(OWN, 'fail', 'skip'));
  await rememberVerdict(cache, sampleVerdict(PORTABLE, 'pass', 'pass'));
  await rememberVerdict(
    cache,
    sampleVerdict(OWN, 'pass', 'pass', { ...SAMPLE_BUILD, release: '6.1.0-1-x', package: null }),
  );
  const made = await verdicts('export', cache, '--out', SIGNED, '--sign-key', owner.fingerprint);
  if (made.code !== 0) throw new Error(made.stderr);
  exported = made.stdout;
});
afterAll(() => {
  gpg.close();
  cli.close();
  rmSync(work, { recursive: true });
});

test('a list holds what is known of an exact build, and says what it leaves out', () => {
  expect(exported).toContain(`${SIGNED}: 2 verdicts on 1 kernel build\n1 was left out: `);
});

test('what one machine exports and signs, another takes by that key, and tells from what it has seen itself', async () => {
  const cache = fresh();
  await rememberVerdict(cache, sampleVerdict(OWN, 'pass', 'pass'));
  const taken = await verdicts('import', cache, SIGNED, '--keyring', owner.keyring, '--json');
  expect(JSON.parse(taken.stdout)).toEqual({ taken: 1, own: 1, known: 0, signer: owner.fingerprint });
  const again = await verdicts('import', cache, SIGNED, '--keyring', owner.armored);
  expect(again.stdout).toBe(
    `0 of 2 verdicts were taken, signed by ${owner.fingerprint}\n1 was here already\n1 is on what this machine has seen itself, and that counts\n`,
  );
  const list = await verdicts('list', cache);
  expect(list.stdout).toMatch(/4\.8-2 of the distribution +pass +pass +2026-11-23 +this machine/);
  expect(list.stdout).toMatch(
    new RegExp(`portable 5\\.6 \\(debian sid\\) +pass +pass +2026-11-23 +${owner.fingerprint}, imported on`),
  );
  // What is not its own it does not hand on.
  const out = join(work, 'again.json');
  await verdicts('export', cache, '--out', out);
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ verdicts: [{ systemtap: { kind: 'distro' } }] });
});

test('without a signature it is taken by a switch that says so, and marked', async () => {
  const cache = fresh();
  const path = receive(text(), null);
  const refused = await verdicts('import', cache, path);
  expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('UNSIGNED: ') as string]);
  expect(refused.stderr).toContain('--allow-unsigned-verdicts');
  expect((await verdicts('import', cache, path, '--allow-unsigned-verdicts')).code).toBe(0);
  expect((await verdicts('list', cache)).stdout).toContain('others, unsigned, imported on');
});

test.each<[string, () => readonly string[], number, RegExp]>([
  ['signed by a stranger', () => [SIGNED, '--keyring', stranger.keyring], 4, /UNKNOWN_KEY: /],
  [
    'altered',
    () => [receive(text().replace('"fail"', '"pass"'), signature()), '--keyring', owner.keyring],
    4,
    /BAD_SIGNATURE: /,
  ],
  [
    'with a signature that is none',
    () => [receive(text(), 'no signature'), '--keyring', owner.keyring],
    4,
    /BAD_METADATA: /,
  ],
  // The switch does not lower what a keyring asks for.
  [
    'unsigned where a key is asked for',
    () => [receive(text(), null), '--keyring', owner.keyring, '--allow-unsigned-verdicts'],
    4,
    /UNSIGNED: /,
  ],
  ['by a keyring that is not there', () => [SIGNED, '--keyring', join(work, 'none.gpg')], 4, /: /],
  [
    'of a future version',
    () => [receive(text().replace('verdict-list/1', 'verdict-list/2'), null), '--allow-unsigned-verdicts'],
    2,
    /BAD_VERDICTS: .*"tapprep-verdict-list\/2"/,
  ],
  [
    'without a field',
    () => [receive(text().replaceAll('"arch"', '"arc"'), null), '--allow-unsigned-verdicts'],
    2,
    /BAD_VERDICTS: .*kernel\.arch/,
  ],
  [
    'cut off',
    () => [receive(text().slice(0, -20), null), '--allow-unsigned-verdicts'],
    2,
    /BAD_VERDICTS: .*is no JSON/,
  ],
  [
    'that is huge',
    () => {
      const path = receive('', null);
      truncateSync(path, 1e11);
      return [path, '--allow-unsigned-verdicts'];
    },
    2,
    /BAD_VERDICTS: .*at most 16777216/,
  ],
  ['that is not there', () => [join(work, 'none.json'), '--allow-unsigned-verdicts'], 2, /BAD_VERDICTS: .*is no file/],
])('a list %s is refused, and nothing of it is kept', async (_what, args, code, sentence) => {
  const cache = fresh();
  const refused = await verdicts('import', cache, ...args());
  expect([refused.code, refused.stderr]).toEqual([code, expect.stringMatching(sentence) as string]);
  expect(JSON.parse((await verdicts('list', cache, '--json')).stdout)).toEqual({ verdicts: [] });
});

test('there is nothing to export where nothing was seen, and no file is written', async () => {
  const refused = await verdicts('export', fresh(), '--out', join(work, 'nothing.json'));
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('NOT_PROVEN: ') as string]);
  expect(() => readFileSync(join(work, 'nothing.json'))).toThrow('ENOENT');
});

test('a key that gpg does not have signs nothing, and no file is written', async () => {
  const cache = fresh();
  await rememberVerdict(cache, sampleVerdict(OWN, 'pass', 'pass'));
  const out = join(work, 'unsigned.json');
  const refused = await verdicts('export', cache, '--out', out, '--sign-key', 'nobody@example.org');
  expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('UNKNOWN_KEY: ') as string]);
  expect(() => readFileSync(out)).toThrow('ENOENT');
});
