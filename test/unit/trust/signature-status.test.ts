import { expect, test } from 'vitest';
import { parseFingerprint, parseSignatureStatus } from '../../../src/trust/signature-status.ts';

const KEY = '4CB50190207B4758A3F73A796ED0E7B82643E131';
const PRIMARY = 'B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8';
const VALID = `VALIDSIG ${KEY} 2026-10-30 1793347767 0 4 0 1 8 01 ${PRIMARY}`;

const parse = (...lines: readonly string[]) => parseSignatureStatus(lines.map((line) => `[GNUPG:] ${line}\n`).join(''));

test('reads the key, its primary key and the algorithms of a good signature', () => {
  expect(parse('NEWSIG', 'GOODSIG 6ED0E7B82643E131 A name', VALID)).toEqual([
    {
      state: 'good',
      keyId: '6ED0E7B82643E131',
      fingerprint: KEY,
      primary: PRIMARY,
      signedAt: 1793347767,
      signatureVersion: 4,
      publicKeyAlgorithm: 1,
      hashAlgorithm: 8,
      signatureClass: 1,
      reason: null,
    },
  ]);
});

test.each([
  ['EXPKEYSIG 6ED0E7B82643E131 x', 'expired-key'],
  ['EXPSIG 6ED0E7B82643E131 x', 'expired-signature'],
  ['REVKEYSIG 6ED0E7B82643E131 x', 'revoked-key'],
])('%s is %s', (line, state) => {
  expect(parse('NEWSIG', line, VALID)).toMatchObject([{ state, fingerprint: KEY }]);
});

test.each([
  ['BADSIG 6ED0E7B82643E131 x', 'bad'],
  ['ERRSIG 6ED0E7B82643E131 1 8 00 1793347767 9 -', 'no-key'],
  ['ERRSIG 6ED0E7B82643E131 22 8 00 1793347767 4', 'unchecked'],
])('%s is %s', (line, state) => {
  expect(parse(line)).toMatchObject([{ state, keyId: '6ED0E7B82643E131' }]);
});

test('good without the key named is not good; VALIDSIG alone is nothing', () => {
  expect(parse('GOODSIG 6ED0E7B82643E131 x')).toMatchObject([{ state: 'unchecked' }]);
  expect(parse(VALID)).toEqual([]);
  expect(parse('GOODSIG 6ED0E7B82643E131 x', 'VALIDSIG short')).toMatchObject([{ state: 'unchecked' }]);
});

test('words outside the status lines say nothing', () => {
  expect(parseSignatureStatus(`gpgv: Good signature\nGOODSIG x\n ${VALID}\nNODATA 1\n`)).toEqual([]);
});

test('keeps signatures apart', () => {
  const found = parse('NEWSIG', 'BADSIG AAAAAAAAAAAAAAAA x', 'NEWSIG', 'GOODSIG 6ED0E7B82643E131 x', VALID);
  expect(found.map(({ state, fingerprint }) => [state, fingerprint])).toEqual([
    ['bad', null],
    ['good', KEY],
  ]);
});

test.each([
  [KEY.toLowerCase(), KEY],
  ['0123456789abcdef0123456789abcdef', '0123456789ABCDEF0123456789ABCDEF'],
  ['0123', null],
  [`${KEY}0`, null],
  [undefined, null],
])('parseFingerprint(%j)', (text, fingerprint) => {
  expect(parseFingerprint(text)).toBe(fingerprint);
});
