import { describe, expect, test } from 'vitest';
import { parseReleaseFile } from '../../../../src/resolve/deb/release-file.ts';

const HEX = 'ab'.repeat(32);
const TEXT = `Origin: Debian
Suite: oldstable
Codename: bookworm
Date: Sat, 11 Jul 2026 10:16:37 UTC
Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC
Acquire-By-Hash: yes
No-Support-for-Architecture-all: Packages
Architectures: all amd64 arm64
Components: main contrib
SHA256:
 ${HEX}  100 main/binary-amd64/Packages
 ${HEX.toUpperCase()}    20 main/binary-amd64/Packages.xz
 ${HEX}    20 main/Contents-amd64.gz
 ${HEX}    20 ../../outside/Packages
`;

const parse = (text: string) => parseReleaseFile(text, 'InRelease');

test('reads what the reader goes by', () => {
  expect(parse(TEXT)).toMatchObject({
    suite: 'oldstable',
    codename: 'bookworm',
    date: Date.UTC(2026, 6, 11, 10, 16, 37),
    validUntil: Date.UTC(2026, 6, 18, 10, 16, 37),
    acquireByHash: true,
    notAutomatic: false,
    architectures: ['all', 'amd64', 'arm64'],
    archAllInEachIndex: true,
  });
  expect([...parse(TEXT).indexes]).toEqual([
    ['main/binary-amd64/Packages', { sha256: HEX, sizeBytes: 100 }],
    ['main/binary-amd64/Packages.xz', { sha256: HEX, sizeBytes: 20 }],
  ]);
});

test.each([
  ['all is listed and nothing else said', 'No-Support-for-Architecture-all: Packages\n', '', false],
  ['no architecture all', 'Architectures: all amd64 arm64', 'Architectures: amd64', true],
])('packages for every architecture: %s', (_, from, to, inEach) => {
  expect(parse(TEXT.replace(from, to)).archAllInEachIndex).toBe(inEach);
});

test('Valid-Until may be absent, as in Debian 11', () => {
  expect(parse(TEXT.replace(/^Valid-Until.*\n/m, '')).validUntil).toBeNull();
});

describe('refuses', () => {
  test.each([
    ['no SHA256', TEXT.replace(/^SHA256:[^]*/m, 'MD5Sum:\n x 1 y\n'), 'no field "SHA256"'],
    ['a short digest', TEXT.replace(`${HEX}  100`, 'abcd  100'), 'cannot be right'],
    ['a size that is none', TEXT.replace('  100 ', '  -1 '), 'cannot be right'],
    ['an index listed twice', TEXT + ` ${HEX} 5 main/binary-amd64/Packages\n`, 'cannot be right'],
    ['a date of another form', TEXT.replace('Sat, 11 Jul 2026', '2026-07-11'), 'no date of this format'],
    ['a local time', TEXT.replace('10:16:37 UTC\nV', '10:16:37 +0200\nV'), 'no date of this format'],
    ['a month that is none', TEXT.replace('18 Jul', '18 Xxx'), 'no date of this format'],
    ['a field given twice', TEXT.replace('Origin: Debian', 'Suite: sid'), '"Suite" twice'],
  ])('%s', (_, text, words) => {
    expect(() => parse(text)).toThrow(words);
  });
});
