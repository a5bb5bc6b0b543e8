import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { fileNameOf, isPlainFileName, resolveLocation } from '../../../src/resolve/location.ts';
import type { Digest } from '../../../src/types.ts';

const BASE = 'https://mirror.example/centos/9/os/';
const SHA256: Digest = { algorithm: 'sha256', hex: 'a'.repeat(64) };
const SHA1: Digest = { algorithm: 'sha1', hex: 'a'.repeat(40) };
const BLOB = `../../../blobstore/${'b'.repeat(64)}/kernel-devel-5.10.1-1.amzn2.x86_64.rpm`;

function outcome(href: string): string {
  try {
    return resolveLocation(BASE, href, SHA256).startsWith(BASE) ? 'below' : 'outside';
  } catch (error) {
    return isTapprepError(error) ? error.code : String(error);
  }
}

describe('resolveLocation', () => {
  test.each([
    ['kernel-devel-1-1.x86_64.rpm', `${BASE}kernel-devel-1-1.x86_64.rpm`],
    ['Packages/k/kernel-5.14.0-1.el9.x86_64.rpm', `${BASE}Packages/k/kernel-5.14.0-1.el9.x86_64.rpm`],
    ['./Packages/a.rpm', `${BASE}Packages/a.rpm`],
    ['Packages/g/gcc-c++-11-1.rpm', `${BASE}Packages/g/gcc-c++-11-1.rpm`],
    ['Packages/a%2bb.rpm', `${BASE}Packages/a%2bb.rpm`],
  ])('%s', (href, expected) => {
    expect(resolveLocation(BASE, href, null)).toBe(expected);
  });

  test('a token in the base URL stays behind the path', () => {
    expect(resolveLocation('https://updates.example/SUSE/x/?abc', 'x86_64/a.rpm', null)).toBe(
      'https://updates.example/SUSE/x/x86_64/a.rpm?abc',
    );
  });

  test.each([
    ['../a.rpm'],
    ['Packages/../../a.rpm'],
    ['Packages/..'],
    ['Packages/%2e%2e/a.rpm'],
    ['%2E%2e/a.rpm'],
    ['Packages%2f..%2fa.rpm'],
    ['/etc/passwd'],
    ['//evil.example/a.rpm'],
    ['https://evil.example/a.rpm'],
    ['file:///etc/passwd'],
    ['javascript:alert(1)'],
    ['..\\a.rpm'],
    ['a\u0000.rpm'],
    ['a\u001b[31m.rpm'],
    ['a b.rpm'],
    ['a.rpm?x=1'],
    ['a.rpm#x'],
    ['a%zz.rpm'],
    ['Packages//a.rpm'],
    [''],
    ['x'.repeat(1001)],
  ])('%j is UNSAFE_URL', (href) => {
    expect(() => resolveLocation(BASE, href, SHA256)).toThrow(expect.objectContaining({ code: 'UNSAFE_URL' }));
  });

  test('a blob store on the same host is taken when the index states a strong digest', () => {
    expect(resolveLocation('https://cdn.example/2/core/2.0/x86_64/ab12/', BLOB, SHA256)).toBe(
      `https://cdn.example/2/core/blobstore/${'b'.repeat(64)}/kernel-devel-5.10.1-1.amzn2.x86_64.rpm`,
    );
  });

  test.each([
    ['no digest', BLOB, null],
    ['only SHA-1', BLOB, SHA1],
    ['a way on from the store', `../blobstore/${'b'.repeat(64)}/../../etc/passwd`, SHA256],
    ['no content address', '../blobstore/latest/a.rpm', SHA256],
    ['a host of its own', `//evil.example/blobstore/${'b'.repeat(64)}/a.rpm`, SHA256],
    ['a hidden separator', `../blobstore/${'b'.repeat(64)}/..%2f..%2fa.rpm`, SHA256],
  ])('a blob store with %s is UNSAFE_URL', (_, href, digest) => {
    expect(() => resolveLocation(BASE, href, digest)).toThrow(expect.objectContaining({ code: 'UNSAFE_URL' }));
  });

  test('whatever an index says, the URL lies below the base or it is UNSAFE_URL', () => {
    const part = fc.constantFrom(
      '..',
      '.',
      '',
      '/',
      '%2e',
      '%2f',
      'a',
      'é',
      '\\',
      ':',
      '@',
      '?',
      '#',
      'http:',
      ' ',
      '%',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.boolean(), (parts, slashes) => {
        expect(outcome(parts.join(slashes ? '/' : ''))).toMatch(/^(?:below|UNSAFE_URL)$/);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('file names', () => {
  test.each([
    ['https://m.example/a/kernel-devel-1-1.x86_64.rpm', 'kernel-devel-1-1.x86_64.rpm'],
    ['https://m.example/a/gcc-c%2B%2B-1-1.rpm', 'gcc-c++-1-1.rpm'],
    ['https://m.example/a/a-1.0~rc1^git-1.rpm', 'a-1.0~rc1^git-1.rpm'],
    ['https://m.example/a/', null],
    ['https://m.example/a/%2e%2e%2fb.rpm', null],
    ['https://m.example/a/-rf.rpm', null],
    ['https://m.example/a/.hidden.rpm', null],
    ['https://m.example/a/b%0a.rpm', null],
  ])('%s', (url, expected) => {
    expect(fileNameOf(url)).toBe(expected);
  });

  test('a shell would not see more than a word', () => {
    for (const char of ' $`"\'|&;<>()*?[]{}!\\/\n\t') expect(isPlainFileName(`a${char}b`)).toBe(false);
  });
});
