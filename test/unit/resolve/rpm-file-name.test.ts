import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatRpmFileName, parseRpmFileName } from '../../../src/resolve/rpm-file-name.ts';

describe('parseRpmFileName', () => {
  test.each([
    ['kernel-devel-2.6.32-642.el6.x86_64.rpm', 'kernel-devel', '2.6.32-642.el6', 'x86_64'],
    [
      'kernel-debuginfo-common-x86_64-2.6.32-642.el6.x86_64.rpm',
      'kernel-debuginfo-common-x86_64',
      '2.6.32-642.el6',
      'x86_64',
    ],
    ['kernel-uek-devel-5.4.17-2136.323.7.el8uek.x86_64.rpm', 'kernel-uek-devel', '5.4.17-2136.323.7.el8uek', 'x86_64'],
    ['kernel-devel-6.12.0-55.43.1.el10_0.x86_64_v2.rpm', 'kernel-devel', '6.12.0-55.43.1.el10_0', 'x86_64_v2'],
    ['kernel-devel-5.3.18-24.67.3.noarch.rpm', 'kernel-devel', '5.3.18-24.67.3', 'noarch'],
    ['kernel6.12-devel-6.12.25-32.101.amzn2023.x86_64.rpm', 'kernel6.12-devel', '6.12.25-32.101.amzn2023', 'x86_64'],
  ])('%s', (fileName, name, version, arch) => {
    expect(parseRpmFileName(fileName)).toEqual({ name, version, arch });
  });

  test.each([
    ['kernel.rpm'],
    ['kernel-1.rpm'],
    ['kernel-1-2.rpm'],
    ['-1-2.x86_64.rpm'],
    ['kernel--2.x86_64.rpm'],
    ['kernel-1-.x86_64.rpm'],
    ['kernel-1-2..rpm'],
    ['kernel-1-2.x86_64.deb'],
    ['../kernel-1-2.x86_64.rpm'],
    ['kernel-1-2.x86_64.rpm\n'],
    [''],
  ])('%j is none', (fileName) => {
    expect(parseRpmFileName(fileName)).toBeNull();
  });

  test('gives back what was put together, without an epoch', () => {
    const word = fc.string({ unit: fc.constantFrom('a', '1', '.', '_', '+', '~', '^'), minLength: 1, maxLength: 6 });
    const arch = fc.constantFrom('x86_64', 'noarch', 'x86_64_v2', 'i686');
    fc.assert(
      fc.property(word, word, word, word, arch, (first, second, version, release, arch) => {
        const parts = { name: `k${first}-${second}`, version: `${version}-${release}`, arch };
        expect(parseRpmFileName(formatRpmFileName({ ...parts, version: `3:${parts.version}` }))).toEqual(parts);
      }),
    );
  });
});
