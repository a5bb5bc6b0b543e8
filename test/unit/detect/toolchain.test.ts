import { expect, test } from 'vitest';
import { compilerOfProcVersion, parseToolVersion, upstreamNumber } from '../../../src/detect/toolchain.ts';

test.each([
  ['gcc (Debian 12.2.0-14+deb12u1) 12.2.0', '12.2.0'],
  ['gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0', '12.2.0'],
  ['gcc (GCC) 4.1.2 20080704 (Red Hat 4.1.2-55)', '4.1.2'],
  ['gcc version 4.8.5 20150623 (Red Hat 4.8.5-44) (GCC)', '4.8.5'],
  ['x86_64-linux-gnu-gcc-11 (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0', '11.4.0'],
  ['Debian clang version 14.0.6', '14.0.6'],
  ['Ubuntu clang version 18.1.3 (1ubuntu1)', '18.1.3'],
  ['GNU Make 4.3', '4.3'],
  ['gcc: command not found', null],
  ['', null],
])('parseToolVersion(%j) is %s', (line, expected) => {
  expect(parseToolVersion(line)).toBe(expected);
});

test.each([
  [
    'Linux version 6.1.0-28-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP',
    'gcc-12 (Debian 12.2.0-14) 12.2.0',
  ],
  [
    'Linux version 3.10.0-1160.el7.x86_64 (mockbuild@host) (gcc version 4.8.5 20150623 (Red Hat 4.8.5-44) (GCC) ) #1 SMP Mon Oct 19 16:18:59 UTC 2020',
    'gcc version 4.8.5 20150623 (Red Hat 4.8.5-44) (GCC)',
  ],
  ['Linux version 6.6.1 (x@y) (Fedora clang version 17.0.6, LLD 17.0.6) #1', 'Fedora clang version 17.0.6'],
  ['Linux version 6.6.1 (x@y) #1', null],
  [')))(((', null],
])('compilerOfProcVersion(%j) is %s', (text, expected) => {
  expect(compilerOfProcVersion(text)).toBe(expected);
});

test.each([
  ['4:12.2.0-3', '12.2.0'],
  ['8.5.0-22.el8', '8.5.0'],
  ['1:4.3-4.1', '4.3'],
  ['abc', null],
])('upstreamNumber(%s) is %s', (version, expected) => {
  expect(upstreamNumber(version)).toBe(expected);
});
