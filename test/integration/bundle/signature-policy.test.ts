/** One policy for the signature of a bundle: tapprep and the shell scripts of the bundle judge the same cases alike. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FirstStep, renderFirstStep, writeFirstStep } from '../../../src/bundle/first-step.ts';
import { verifyBundleSignature } from '../../../src/bundle/sign.ts';
import { armorSignature } from '../../../src/bundle/signature-armor.ts';
import { isTapprepError } from '../../../src/errors.ts';
import { GpgHome, type TestKey } from '../../helpers/gpg.ts';
import { runLocally } from '../../helpers/run.ts';

const SUMS = `${'a'.repeat(64)}  manifest.json\n`;
const SCRIPTS = join(import.meta.dirname, '../../../src/bundle/sh');
const IN_2014 = ['--faked-system-time', '20140102T000000'];
const work = mkdtempSync(join(tmpdir(), 'signature-policy-'));
const home = new GpgHome();
const keys = {} as Record<'rsa' | 'short' | 'dsa' | 'ed25519' | 'expired' | 'revoked' | 'other', TestKey>;

beforeAll(() => {
  keys.rsa = home.makeKey('rsa', 'rsa2048');
  keys.short = home.makeKey('short', 'rsa1024');
  keys.dsa = home.makeKey('dsa', 'dsa2048');
  keys.ed25519 = home.makeKey('ed25519', 'ed25519');
  keys.other = home.makeKey('other', 'ed25519');
  keys.expired = home.makeKey('expired', 'rsa2048', { fakeTime: '20140101T000000', expires: '10d' });
  keys.revoked = home.makeKey('revoked', 'rsa2048');
  // A machine on which the scripts find gpgv but not gpg.
  for (const tool of ['gpgv', 'od', 'awk', 'rm', 'mkdir', 'cat', 'tr']) {
    mkdirSync(join(work, 'bin'), { recursive: true });
    const path = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(path, join(work, 'bin', tool));
  }
});
afterAll(() => {
  home.close();
  rmSync(work, { recursive: true, force: true });
});

const sign = (key: TestKey, extra: readonly string[] = [], data = SUMS): Buffer =>
  home.sign(data, key, '--detach-sign', extra);

/** What the key's owner publishes after its theft. */
function revoke({ fingerprint, keyring }: TestKey): void {
  const certificate = join(home.directory, 'openpgp-revocs.d', `${fingerprint}.rev`);
  const revocation = join(home.directory, 'revoke.asc');
  writeFileSync(revocation, readFileSync(certificate, 'utf8').replace(':-----BEGIN', '-----BEGIN'));
  home.gpg(['--import', revocation]);
  writeFileSync(keyring, home.gpg(['--export', fingerprint]));
}

interface Case {
  readonly name: string;
  readonly signature: () => Buffer;
  readonly ring: readonly (keyof typeof keys)[];
  /** The code of tapprep's refusal; the scripts refuse with exit code 4. */
  readonly code: string | null;
  /** What cannot be judged without gpg is refused there. */
  readonly needsGpg?: boolean;
}

const CASES: readonly Case[] = [
  { name: 'RSA of 2048 bits', signature: () => sign(keys.rsa), ring: ['rsa'], code: null },
  { name: 'Ed25519', signature: () => sign(keys.ed25519), ring: ['ed25519', 'other'], code: null },
  { name: 'SHA-512', signature: () => sign(keys.rsa, ['--digest-algo', 'SHA512']), ring: ['rsa'], code: null },
  {
    name: 'a good key beside a short one',
    signature: () => sign(keys.rsa),
    ring: ['short', 'rsa'],
    code: null,
    needsGpg: true,
  },
  {
    name: 'a good one beside one by an unknown key',
    signature: () => Buffer.concat([sign(keys.other), sign(keys.rsa)]),
    ring: ['rsa'],
    code: null,
  },
  {
    name: 'a good one beside one that does not fit',
    signature: () => Buffer.concat([sign(keys.rsa), sign(keys.ed25519, [], 'other bytes')]),
    ring: ['rsa', 'ed25519'],
    code: 'BAD_SIGNATURE',
  },
  { name: 'RSA of 1024 bits', signature: () => sign(keys.short), ring: ['short'], code: 'WEAK_SIGNATURE' },
  {
    name: 'a short key beside a good one',
    signature: () => sign(keys.short),
    ring: ['short', 'rsa'],
    code: 'WEAK_SIGNATURE',
  },
  { name: 'SHA-1', signature: () => sign(keys.rsa, ['--digest-algo', 'SHA1']), ring: ['rsa'], code: 'WEAK_SIGNATURE' },
  { name: 'DSA', signature: () => sign(keys.dsa), ring: ['dsa'], code: 'WEAK_SIGNATURE' },
  { name: 'an expired key', signature: () => sign(keys.expired, IN_2014), ring: ['expired'], code: 'EXPIRED_KEY' },
  {
    name: 'a signature that has expired',
    signature: () => sign(keys.expired, [...IN_2014, '--default-sig-expire', '2d']),
    ring: ['expired'],
    code: 'BAD_SIGNATURE',
  },
  { name: 'an unknown key', signature: () => sign(keys.other), ring: ['rsa'], code: 'UNKNOWN_KEY' },
  { name: 'other bytes', signature: () => sign(keys.rsa, [], 'other'), ring: ['rsa'], code: 'BAD_SIGNATURE' },
  {
    name: 'a revoked key',
    signature: () => {
      const made = sign(keys.revoked);
      revoke(keys.revoked);
      return made;
    },
    ring: ['revoked'],
    code: 'REVOKED_KEY',
  },
];

async function judgeByTapprep(signature: string, keyring: string): Promise<string | null> {
  try {
    await verifyBundleSignature({ sums: SUMS, signature }, keyring, 'a bundle', runLocally);
    return null;
  } catch (error) {
    return isTapprepError(error) ? error.code : String(error);
  }
}

function judgeByScript(directory: string, keyring: string, path: string): readonly [number | null, string] {
  const script = `program=install.sh; . ${SCRIPTS}/start.sh; PATH=$2; . ${SCRIPTS}/common.sh; check_signature "$1"`;
  const result = spawnSync('/bin/sh', ['-c', script, 'sh', keyring, path], { cwd: directory, encoding: 'utf8' });
  return [result.status, result.stderr];
}

describe('a bundle signed by', () => {
  test.each(CASES)('$name', async ({ name, signature, ring, code, needsGpg = false }) => {
    const directory = join(work, name.replaceAll(' ', '-'));
    mkdirSync(directory);
    const armored = armorSignature(signature());
    const keyring = join(directory, 'keyring.gpg');
    writeFileSync(keyring, Buffer.concat(ring.map((key) => readFileSync(keys[key].keyring))));
    writeFileSync(join(directory, 'SHA256SUMS'), SUMS);
    writeFileSync(join(directory, 'SHA256SUMS.asc'), armored);

    expect(await judgeByTapprep(armored, keyring)).toBe(code);
    const exit = code === null ? 0 : 4;
    expect(judgeByScript(directory, keyring, '/usr/bin:/bin')[0]).toBe(exit);
    const [withoutGpg, words] = judgeByScript(directory, keyring, join(work, 'bin'));
    expect([withoutGpg, words.includes('is not signed by a key of')]).toEqual(
      code === null && !needsGpg ? [0, false] : [4, true],
    );
  });
});

const check = (directory: string, step: FirstStep): number | null =>
  spawnSync('/bin/sh', ['-c', renderFirstStep(step, './keyring.gpg')], { cwd: directory, stdio: 'ignore' }).status;

async function carry(name: string, key: TestKey, options: readonly string[] = []): Promise<[string, FirstStep]> {
  const directory = join(work, name);
  mkdirSync(directory);
  const out = join(directory, "it's a bundle.tar");
  writeFileSync(out, 'a tar');
  writeFileSync(join(directory, 'keyring.gpg'), readFileSync(key.keyring));
  const signing = (text: string): Promise<string> => Promise.resolve(armorSignature(sign(key, options, text)));
  return [directory, await writeFirstStep(out, signing, new AbortController().signal)];
}

describe('the first step, with nothing out of the bundle', () => {
  test('accepts what was signed, and not one byte more', async () => {
    const [directory, step] = await carry('first-step', keys.ed25519);
    expect(check(directory, step)).toBe(0);
    writeFileSync(join(directory, "it's a bundle.tar"), 'a tar.');
    expect(check(directory, step)).not.toBe(0);
  });

  test('refuses an expired key, for which gpgv alone ends with 0', async () => {
    const [directory, step] = await carry('first-step-expired', keys.expired, IN_2014);
    const files = [step.signature, step.sums];
    expect(spawnSync('gpgv', ['--keyring', join(directory, 'keyring.gpg'), ...files], { stdio: 'ignore' }).status).toBe(
      0,
    );
    expect(check(directory, step)).not.toBe(0);
  });
});
