import { expect, test } from 'vitest';
import { TapprepError } from '../../../src/errors.ts';
import { diskFailure, networkFailure } from '../../../src/fetch/failure.ts';

const errno = (code: string): Error => Object.assign(new Error(`${code}: something, open '/cache/x'`), { code });
const LIVE = new AbortController().signal;

test.each([
  ['ENOSPC', 'NO_SPACE'],
  ['EDQUOT', 'NO_SPACE'],
  ['EACCES', 'PERMISSION'],
  ['EPERM', 'PERMISSION'],
  ['EROFS', 'PERMISSION'],
  ['EIO', 'CACHE_UNUSABLE'],
  ['ELOOP', 'CACHE_UNUSABLE'],
  ['ENOTDIR', 'CACHE_UNUSABLE'],
])('%s of the disk is %s with the path', (code, expected) => {
  const failure = diskFailure(errno(code), '/cache/x');
  expect(failure).toMatchObject({ code: expected, message: expect.stringContaining('/cache/x') });
});

test('what is no failure of the disk stays what it is', () => {
  const own = new TapprepError('LOCKED', 'locked');
  const bug = new TypeError('undefined is no function');
  expect(diskFailure(own, '/cache/x')).toBe(own);
  expect(diskFailure(bug, '/cache/x')).toBe(bug);
});

test.each([
  ['ECONNRESET', 'NETWORK', 'later'],
  ['ENOTFOUND', 'NETWORK', 'later'],
  ['ETIMEDOUT', 'TIMEOUT', 'later'],
  ['CERT_HAS_EXPIRED', 'NETWORK', 'never'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'NETWORK', 'never'],
  ['ERR_PROXY_TUNNEL', 'NETWORK', 'never'],
  ['ESOMETHINGNEW', 'NETWORK', 'later'],
])('%s of a connection is %s, again: %s', (code, expected, retry) => {
  const failure = networkFailure(errno(code), 'http://user:word@a.example/x', LIVE);
  expect(failure).toMatchObject({ code: expected, retry, message: expect.stringContaining('a.example/x') });
  expect(failure.message).not.toContain('word@');
});

test('any failure after the signal is INTERRUPTED', () => {
  expect(networkFailure(errno('ECONNRESET'), 'http://a.example/x', AbortSignal.abort()).code).toBe('INTERRUPTED');
});
