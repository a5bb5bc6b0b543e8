import { describe, expect, test } from 'vitest';
import type { Keyring } from '../../../src/trust/keyring.ts';
import type { SignatureStatus } from '../../../src/trust/signature-status.ts';
import { judgeSignatures, type SignatureOutcome } from '../../../src/trust/signature-verdict.ts';
import type { Fingerprint, SignatureAllowance } from '../../../src/types.ts';

const KEY = 'A'.repeat(40) as Fingerprint;
const keyring: Keyring = {
  packets: new Uint8Array(),
  keys: new Map([[KEY, { fingerprint: KEY, algorithm: 1, rsaBits: 4096 }]]),
  missing: [],
};
const GOOD: SignatureStatus = {
  state: 'good',
  keyId: 'A'.repeat(16),
  fingerprint: KEY,
  primary: KEY,
  signedAt: 1,
  signatureVersion: 4,
  publicKeyAlgorithm: 1,
  hashAlgorithm: 8,
  signatureClass: 0,
  reason: null,
};

const judge = (statuses: readonly Partial<SignatureStatus>[], allow: readonly SignatureAllowance[] = []) =>
  judgeSignatures(
    statuses.map((status) => ({ ...GOOD, ...status })),
    { keyring, fingerprints: [], allow },
  );

describe('a good signature with a weakness is weak until each is allowed by name', () => {
  test.each<[string, Partial<SignatureStatus>, readonly SignatureAllowance[]]>([
    ['version 3', { signatureVersion: 3 }, ['v3']],
    ['SHA-1', { hashAlgorithm: 2 }, ['sha1']],
    ['DSA', { publicKeyAlgorithm: 17 }, ['dsa']],
    [
      'version 3, DSA and SHA-1, as old rpm signatures are',
      { signatureVersion: 3, publicKeyAlgorithm: 17, hashAlgorithm: 2 },
      ['sha1', 'dsa', 'v3'],
    ],
    ['an RSA key that the ring does not show', { fingerprint: 'B'.repeat(40) as Fingerprint }, ['short-rsa']],
    ['an expired key', { state: 'expired-key' }, ['expired-key']],
  ])('%s', (_, status, weaknesses) => {
    expect(judge([status]).weaknesses).toEqual(weaknesses);
    expect(judge([status]).outcome).toBe(weaknesses[0] === 'expired-key' ? 'expired-key' : 'weak');
    expect(judge([status], weaknesses).outcome).toBe('good');
    expect(judge([status], weaknesses.slice(1)).outcome).not.toBe('good');
  });

  test.each([
    ['MD5', 1],
    ['RIPEMD-160', 3],
  ])('%s is never allowed', (_, hashAlgorithm) => {
    expect(judge([{ hashAlgorithm }], ['sha1', 'dsa', 'v3', 'short-rsa', 'expired-key']).outcome).toBe('weak');
  });
});

test.each<[Partial<SignatureStatus>, SignatureOutcome]>([
  [{ state: 'expired-signature' }, 'bad-signature'],
  [{ state: 'revoked-key' }, 'revoked-key'],
  [{ state: 'unchecked' }, 'unchecked'],
  [{ signatureClass: 0x10 }, 'bad-signature'],
])('%j is %s, whatever is allowed', (status, outcome) => {
  expect(judge([status], ['sha1', 'dsa', 'v3', 'short-rsa', 'expired-key']).outcome).toBe(outcome);
});

test('the best of several counts, but one that does not fit the bytes is refused in any company', () => {
  expect(judge([{ state: 'no-key' }, { state: 'bad' }]).outcome).toBe('bad-signature');
  expect(judge([{ state: 'bad' }, {}, { state: 'no-key' }]).outcome).toBe('bad-signature');
  expect(judge([{}, { state: 'bad' }]).outcome).toBe('bad-signature');
  expect(judge([{ state: 'no-key' }, {}, { state: 'unchecked' }]).outcome).toBe('good');
  expect(judge([{ state: 'expired-signature' }, {}]).outcome).toBe('good');
  expect(judge([]).outcome).toBe('no-signature');
});
