import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TapprepError } from '../../../src/errors.ts';
import { verifySignature, type SignatureRequest, type SignatureResult } from '../../../src/trust/gpgv.ts';
import { requireGoodSignature } from '../../../src/trust/signature-verdict.ts';
import type { Fingerprint, SignatureAllowance } from '../../../src/types.ts';
import { GpgHome, type TestKey } from '../../helpers/gpg.ts';
import { runLocally } from '../../helpers/run.ts';

const TEXT = 'Origin: Test\nSuite: one\n\n- dashed line\ntrailing blanks   \nlast line\n';
const keys = {} as Record<'rsa' | 'other' | 'dsa' | 'short' | 'expired' | 'ed25519', TestKey>;
let home: GpgHome;

beforeAll(() => {
  home = new GpgHome();
  keys.rsa = home.makeKey('rsa', 'rsa2048');
  keys.other = home.makeKey('other', 'rsa2048');
  keys.short = home.makeKey('short', 'rsa1024');
  keys.dsa = home.makeKey('dsa', 'dsa1024', { fakeTime: '20140101T000000' });
  keys.expired = home.makeKey('expired', 'rsa2048', { fakeTime: '20140101T000000', expires: '10d' });
  keys.ed25519 = home.makeKey('ed25519', 'ed25519');
});
afterAll(() => home.close());

const SHA1 = ['--digest-algo', 'SHA1'];
const IN_2014 = ['--faked-system-time', '20140102T000000'];

function check(data: Uint8Array, over: Partial<SignatureRequest> = {}): Promise<SignatureResult> {
  const request = {
    name: 'InRelease',
    data,
    signature: null,
    keyrings: [keys.rsa.keyring],
    fingerprints: [],
    allow: [],
  };
  return verifySignature({ ...request, ...over }, runLocally);
}

function checkFile(data: string, signature: Uint8Array): Promise<SignatureResult> {
  const keyrings = [keys.rsa.keyring];
  return verifySignature({ name: 'file', data, signature, keyrings, fingerprints: [], allow: [] }, runLocally);
}

describe('clearsigned text', () => {
  it('gives back exactly what was signed', async () => {
    const result = await check(home.sign(TEXT, keys.rsa, '--clearsign'));
    expect(result).toMatchObject({ outcome: 'good', signer: keys.rsa.fingerprint, weaknesses: [], detail: null });
    expect(Buffer.from(result.payload!).toString()).toBe(
      'Origin: Test\nSuite: one\n\n- dashed line\ntrailing blanks\nlast line',
    );
  });

  it('accepts an armored keyring as well as a binary one', async () => {
    const data = home.sign(TEXT, keys.ed25519, '--clearsign');
    expect(await check(data, { keyrings: [keys.ed25519.armored, keys.rsa.keyring] })).toMatchObject({
      outcome: 'good',
    });
  });

  it.each([
    ['text before the block', (text: string) => `Suite: evil\n${text}`, 'no-signature'],
    ['a changed byte', (text: string) => text.replace('Suite: one', 'Suite: two'), 'bad-signature'],
    ['no signature at all', () => TEXT, 'no-signature'],
  ] as const)('tells %s by its outcome and hands out no bytes', async (_, change, outcome) => {
    const data = Buffer.from(change(home.sign(TEXT, keys.rsa, '--clearsign').toString()));
    expect(await check(data)).toMatchObject({ outcome, payload: null });
  });

  it.each([
    ['text after the block', (text: string) => `${text}Suite: evil\n`, 'text after its signature'],
    ['a second message', (text: string) => text + text, 'text after its signature'],
    ['a cut off signature', (text: string) => text.slice(0, -40), 'cut off'],
    ['a cut off text', (text: string) => text.slice(0, 90), 'cut off'],
    ['an unknown header', (text: string) => text.replace('Hash:', 'NotDashEscaped:'), 'unknown header'],
    ['a blank that hides text in the headers', (text: string) => text.replace('\n\n', '\n \n'), 'unknown header'],
    ['an unescaped dash', (text: string) => text.replace('\n- - dashed', '\n-- dashed'), 'not escaped'],
  ] as const)('refuses %s', async (_, change, words) => {
    const data = Buffer.from(change(home.sign(TEXT, keys.rsa, '--clearsign').toString()));
    await expect(check(data)).rejects.toMatchObject({ code: 'BAD_METADATA', message: expect.stringContaining(words) });
  });
});

describe('detached signatures', () => {
  it.each(['--armor', '--no-armor'])('are checked over bytes and over a file (%s)', async (armor) => {
    const data = Buffer.from(TEXT);
    const signature = home.sign(data, keys.rsa, '--detach-sign', [armor]);
    const path = join(home.directory, 'signed-file');
    writeFileSync(path, data);
    expect(await check(data, { signature })).toMatchObject({ outcome: 'good', payload: null });
    expect(await checkFile(path, signature)).toMatchObject({ outcome: 'good' });
    writeFileSync(path, `${TEXT}x`);
    expect(await checkFile(path, signature)).toMatchObject({ outcome: 'bad-signature' });
  });

  it.each([
    ['an empty signature', Buffer.alloc(0)],
    ['something that is no signature', Buffer.from('<html>404</html>')],
  ])('%s counts as none', async (_, signature) => {
    expect(await check(Buffer.from(TEXT), { signature })).toMatchObject({ outcome: 'no-signature' });
  });
});

describe('keys', () => {
  it('names the key that is in no keyring, and the keyrings that do not exist', async () => {
    const data = home.sign(TEXT, keys.other, '--clearsign');
    const result = await check(data, { keyrings: [keys.rsa.keyring, '/nonexistent/keyring.gpg'] });
    expect(result).toMatchObject({ outcome: 'unknown-key', missingKeyrings: ['/nonexistent/keyring.gpg'] });
    expect(result.signer).toBeNull();
    expect(keys.other.fingerprint.endsWith(result.keyId!)).toBe(true);
  });

  it('pins: a key of the ring that is not pinned is unknown', async () => {
    const data = home.sign(TEXT, keys.other, '--clearsign');
    const keyrings = [keys.rsa.keyring, keys.other.keyring];
    const pinned = (key: TestKey) => check(data, { keyrings, fingerprints: [key.fingerprint] });
    expect(await pinned(keys.rsa)).toMatchObject({ outcome: 'unknown-key' });
    expect(await pinned(keys.other)).toMatchObject({ outcome: 'good' });
  });

  it('pins the primary key of a signing subkey, or the subkey', async () => {
    const key = home.makeKey('primary', 'rsa2048');
    home.gpg(['--passphrase', '', '--quick-add-key', key.fingerprint, 'rsa2048', 'sign', 'never']);
    writeFileSync(key.keyring, home.gpg(['--export', key.fingerprint]));
    const data = home.sign(TEXT, key, '--clearsign');
    const pinned = (fingerprint: Fingerprint) => check(data, { keyrings: [key.keyring], fingerprints: [fingerprint] });
    const result = await pinned(key.fingerprint);
    expect(result).toMatchObject({ outcome: 'good', primary: key.fingerprint });
    expect(result.signer).not.toBe(key.fingerprint);
    expect(await pinned(result.signer!)).toMatchObject({ outcome: 'good' });
    expect(await pinned(keys.rsa.fingerprint)).toMatchObject({ outcome: 'unknown-key' });
  });

  it('takes keys from inside a source file', async () => {
    const data = home.sign(TEXT, keys.rsa, '--clearsign');
    const keyBlocks = [readFileSync(keys.rsa.armored, 'utf8')];
    expect(await check(data, { keyrings: [], keyBlocks })).toMatchObject({ outcome: 'good' });
  });

  it('refuses a keybox, saying how to export it', async () => {
    const keybox = join(home.directory, 'pubring.kbx');
    await expect(check(home.sign(TEXT, keys.rsa, '--clearsign'), { keyrings: [keybox] })).rejects.toMatchObject({
      code: 'BAD_METADATA',
      hint: expect.stringContaining('--export'),
    });
  });

  it('is not kept from checking by a clock that is behind', async () => {
    const key = home.makeKey('tomorrow', 'rsa2048', { fakeTime: '20450101T000000' });
    const data = home.sign(TEXT, key, '--clearsign', ['--faked-system-time', '20450102T000000']);
    expect(await check(data, { keyrings: [key.keyring] })).toMatchObject({ outcome: 'good' });
  });

  it('takes the best of several signatures', async () => {
    const two = home.sign(TEXT, keys.other, '--clearsign', ['--local-user', keys.rsa.fingerprint]);
    expect(await check(two)).toMatchObject({ outcome: 'good', signer: keys.rsa.fingerprint });
    expect(await check(two, { keyrings: [] })).toMatchObject({ outcome: 'unknown-key' });
  });

  it('refuses a key that its owner revoked', async () => {
    const key = home.makeKey('revoked', 'rsa2048');
    const data = home.sign(TEXT, key, '--clearsign');
    const certificate = join(home.directory, 'openpgp-revocs.d', `${key.fingerprint}.rev`);
    const revocation = join(home.directory, 'revoke.asc');
    // gpg puts a colon before the block so that nobody imports it by accident.
    writeFileSync(revocation, readFileSync(certificate, 'utf8').replace(':-----BEGIN', '-----BEGIN'));
    home.gpg(['--import', revocation]);
    writeFileSync(key.keyring, home.gpg(['--export', key.fingerprint]));
    const allow: readonly SignatureAllowance[] = ['expired-key', 'sha1', 'dsa', 'v3', 'short-rsa'];
    expect(await check(data, { keyrings: [key.keyring], allow })).toMatchObject({
      outcome: 'revoked-key',
      payload: null,
    });
  });
});

describe('weaknesses are told apart and accepted by name only', () => {
  const cases: readonly (readonly [string, () => Buffer, () => TestKey, readonly SignatureAllowance[]])[] = [
    ['SHA-1', () => home.sign(TEXT, keys.rsa, '--clearsign', SHA1), () => keys.rsa, ['sha1']],
    ['short RSA', () => home.sign(TEXT, keys.short, '--clearsign'), () => keys.short, ['short-rsa']],
    ['DSA with SHA-1', () => home.sign(TEXT, keys.dsa, '--clearsign', SHA1), () => keys.dsa, ['sha1', 'dsa']],
    [
      'an expired key',
      () => home.sign(TEXT, keys.expired, '--clearsign', IN_2014),
      () => keys.expired,
      ['expired-key'],
    ],
    [
      'an expired key with SHA-1',
      () => home.sign(TEXT, keys.expired, '--clearsign', [...IN_2014, ...SHA1]),
      () => keys.expired,
      ['sha1', 'expired-key'],
    ],
  ];

  it.each(cases)('%s', async (_, sign, key, weaknesses) => {
    const data = sign();
    const keyrings = [key().keyring];
    const refused = await check(data, { keyrings });
    expect(refused).toMatchObject({
      outcome: weaknesses.join() === 'expired-key' ? 'expired-key' : 'weak',
      weaknesses,
    });
    expect(refused.payload).toBeNull();
    for (const one of weaknesses) {
      const others = weaknesses.filter((weakness) => weakness !== one);
      expect((await check(data, { keyrings, allow: others })).outcome).not.toBe('good');
    }
    expect(await check(data, { keyrings, allow: weaknesses })).toMatchObject({ outcome: 'good', weaknesses });
  });

  it('an allowance never makes a bad signature good', async () => {
    const data = Buffer.from(home.sign(TEXT, keys.expired, '--clearsign', IN_2014).toString().replace('one', 'two'));
    const allow: readonly SignatureAllowance[] = ['expired-key', 'sha1', 'dsa', 'v3', 'short-rsa'];
    expect(await check(data, { keyrings: [keys.expired.keyring], allow })).toMatchObject({ outcome: 'bad-signature' });
  });
});

function runNothing(): Promise<never> {
  return Promise.reject(new TapprepError('TOOL_MISSING', 'no such program'));
}

it('names gpgv and how to install it where it is missing', async () => {
  const signature = Buffer.from('x');
  const request = { name: 'x', data: Buffer.from(TEXT), signature, keyrings: [], fingerprints: [], allow: [] };
  await expect(verifySignature(request, runNothing)).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    hint: expect.stringContaining('apt-get install gpgv'),
  });
});

it('turns each outcome into an error of its own, and passes only good', async () => {
  const signed = home.sign(TEXT, keys.rsa, '--clearsign');
  const codeOf = async (result: Promise<SignatureResult>): Promise<string> => {
    const verdict = await result;
    try {
      requireGoodSignature(verdict, { name: 'InRelease', keyrings: [keys.rsa.keyring], fingerprints: [] });
      return 'passed';
    } catch (error) {
      return (error as TapprepError).code;
    }
  };
  expect(await codeOf(check(signed))).toBe('passed');
  expect(await codeOf(check(Buffer.from(signed.toString().replace('one', 'two'))))).toBe('BAD_SIGNATURE');
  expect(await codeOf(check(Buffer.from(TEXT)))).toBe('UNSIGNED');
  expect(await codeOf(check(signed, { keyrings: [keys.other.keyring] }))).toBe('UNKNOWN_KEY');
  expect(await codeOf(check(home.sign(TEXT, keys.rsa, '--clearsign', SHA1)))).toBe('WEAK_SIGNATURE');
  const expired = check(home.sign(TEXT, keys.expired, '--clearsign', IN_2014), { keyrings: [keys.expired.keyring] });
  expect(await codeOf(expired)).toBe('EXPIRED_KEY');
});
