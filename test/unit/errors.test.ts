import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeControl, exitCodeOf, redact, TapprepError } from '../../src/errors.ts';

test.each([
  ['fetching http://user:secret@mirror.example/x failed', 'fetching http://***@mirror.example/x failed'],
  ['https://a@b@c.example/p', 'https://***@c.example/p'],
  [
    'proxy http://u:p%40@127.0.0.1:3128 and ftp://anonymous:me@host/',
    'proxy http://***@127.0.0.1:3128 and ftp://***@host/',
  ],
  ['http://host/path?mail=a@b', 'http://host/path?mail=a@b'],
  ['http://h/x?a=1&sig=s3cret&b=2 ended', 'http://h/x?a=1&sig=***&b=2 ended'],
  ['https://h/?X-Amz-Security-Token=abc#top', 'https://h/?X-Amz-Security-Token=***#top'],
  ['no url, a@b stays', 'no url, a@b stays'],
])('redact takes credentials out of %s', (text, safe) => {
  expect(redact(text)).toBe(safe);
});

test('redact keeps every text without "@" and "=" as it is', () => {
  fc.assert(
    fc.property(
      fc.string().filter((s) => !s.includes('@') && !s.includes('=')),
      (text) => redact(text) === text,
    ),
  );
});

test('a message never carries credentials or their hint', () => {
  const error = new TapprepError('NETWORK', 'no answer from http://u:pw@h/', { hint: 'curl http://u:pw@h/' });
  expect(`${error.message} ${error.hint}`).not.toContain('pw');
});

test('escapeControl leaves nothing that a terminal would obey', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (text) => !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(escapeControl(text)),
    ),
  );
  expect(escapeControl('a\u001b[31mb')).toBe('a\\x1b[31mb');
});

test.each([
  ['USAGE', 2],
  ['NETWORK', 3],
  ['DIGEST_MISMATCH', 4],
  ['INSTALL_FAILED', 5],
  ['NOT_ROOT', 6],
  ['INTERRUPTED', 130],
  ['NO_EXACT_PACKAGE', 1],
] as const)('%s exits %i', (code, exit) => {
  expect(exitCodeOf(new TapprepError(code, 'x'))).toBe(exit);
});
