import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dearmorKeys, isArmored } from '../../../src/trust/armor.ts';
import { listKeys } from '../../../src/trust/keyring.ts';

const wrap = (bytes: Uint8Array) =>
  `-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\n${Buffer.from(bytes)
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')}\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n`;

describe('dearmorKeys', () => {
  test('gives back every block, whatever stands around it', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(bytes, bytes, (one, two) => {
        const text = `some words\n${wrap(one)}between\r\n${wrap(two).replaceAll('\n', '\r\n')}`;
        expect(Buffer.from(dearmorKeys(text, 'x'))).toEqual(Buffer.concat([one, two]));
      }),
    );
  });

  test('a block without headers needs no empty line', () => {
    const text = '-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAEC\n-----END PGP PUBLIC KEY BLOCK-----';
    expect([...dearmorKeys(text, 'x')]).toEqual([0, 1, 2]);
  });

  test('a header may say nothing, as gpg takes it', () => {
    const text = wrap(Buffer.from('abc')).replace('Comment: x', 'Version:\nComment: x');
    expect(Buffer.from(dearmorKeys(text, 'x')).toString()).toBe('abc');
  });

  test.each([
    ['a block that does not end', wrap(Buffer.from('abc')).replace(/-----END.*/, ''), 'does not end it'],
    ['what is not base64', wrap(Buffer.from('abc')).replace('YWJj', 'YW*j'), 'not base64'],
  ])('refuses %s', (_, text, words) => {
    expect(() => dearmorKeys(text, 'key.asc')).toThrow(words);
  });

  test('tells binary from text by the first byte', () => {
    expect(isArmored(Buffer.from('-----BEGIN'))).toBe(true);
    expect(isArmored(Buffer.from([0x99, 0x01]))).toBe(false);
    expect(isArmored(Buffer.alloc(0))).toBe(false);
  });
});

test('listKeys survives any bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => listKeys(bytes).size <= bytes.length));
  const packetOfKey = fc
    .uint8Array({ minLength: 1, maxLength: 60 })
    .map((body) => Buffer.from([0x98, body.length, 4, ...body]));
  fc.assert(fc.property(packetOfKey, (bytes) => listKeys(bytes).size <= 1));
});
