import { expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { redirectTarget } from '../../../src/fetch/redirect.ts';
import { recordOf, strongValidator } from '../../../src/fetch/part-record.ts';
import { NO_HEADERS, type RedirectPolicy, parseContentRange } from '../../../src/fetch/transport.ts';

test.each([
  ['bytes 5-9/10', { start: 5, end: 9, total: 10 }],
  ['bytes 5-9/*', { start: 5, end: 9, total: null }],
  ['bytes */10', { start: null, end: null, total: 10 }],
  ['BYTES 0-0/1 ', { start: 0, end: 0, total: 1 }],
  ['bytes 5-/10', null],
  ['octets 5-9/10', null],
  ['bytes 5-9/10, 11-12/13', null],
  [`bytes 0-1/${'9'.repeat(30)}`, null],
  ['', null],
  [null, null],
])('Content-Range %j', (text, expected) => {
  expect(parseContentRange(text)).toEqual(expected);
});

/** The target, or null where going there is UNSAFE_URL. */
function followed(from: string, location: string | null, policy: RedirectPolicy): string | null {
  try {
    return redirectTarget(from, location, policy);
  } catch (error) {
    if (isTapprepError(error, 'UNSAFE_URL')) return null;
    throw error;
  }
}

const A = 'http://a.example/pool/x';
test.each<[from: string, location: string | null, policy: RedirectPolicy, target: string | null]>([
  [A, '/y', 'same-host', 'http://a.example/y'],
  [A, 'y', 'same-host', 'http://a.example/pool/y'],
  [A, 'https://a.example/x', 'same-host', 'https://a.example/x'],
  [A, 'https://a.example:8443/x', 'same-host', 'https://a.example:8443/x'],
  [A, 'http://A.EXAMPLE/x', 'same-host', 'http://a.example/x'],
  [A, 'http://a.example:81/x', 'same-host', null],
  [A, '//b.example/x', 'same-host', null],
  [A, 'http://b.example/x', 'any', 'http://b.example/x'],
  [A, 'ftp://a.example/x', 'any', null],
  [A, 'file:///etc/passwd', 'any', null],
  [A, 'javascript:alert', 'any', null],
  [A, 'http://[', 'any', null],
  [A, null, 'any', null],
  ['https://a.example/x', 'http://a.example/x', 'any', null],
  ['https://a.example/x', 'https://b.example/x', 'any', 'https://b.example/x'],
  ['http://user:word@a.example/x', '/y', 'same-host', 'http://user:word@a.example/y'],
  ['http://user:word@a.example/x', 'http://b.example/y', 'any', 'http://b.example/y'],
])('from %s to %s under %s', (from, location, policy, target) => {
  expect(followed(from, location, policy)).toBe(target);
});

const MODIFIED = 'Sun, 22 Nov 2026 10:00:00 GMT';
test.each([
  ['a strong ETag', { etag: '"x"', lastModified: MODIFIED }, '"x"'],
  ['a weak ETag beside an old date', { etag: 'W/"x"', lastModified: MODIFIED }, MODIFIED],
  ['only a weak ETag', { etag: 'W/"x"' }, null],
  ['a date of the same minute', { lastModified: MODIFIED, date: 'Sun, 22 Nov 2026 10:00:30 GMT' }, null],
  ["a date without the server's own", { lastModified: MODIFIED, date: null }, null],
  ['nothing', {}, null],
])('%s promises that the file is the same: %j', (_title, headers, expected) => {
  const date = 'Sun, 22 Nov 2026 11:00:00 GMT';
  const record = recordOf(A, { ...NO_HEADERS, date, ...headers }, 10, null, 'boot');
  expect(strongValidator(record)).toBe(expected);
});
