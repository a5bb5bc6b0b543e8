import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { describeRpm, listBuildIds, readRpmHead, type RpmHead } from '../../../src/trust/rpm-header.ts';
import { readRpmSection, type RpmSection } from '../../../src/trust/rpm-section.ts';
import { headerTags, type Tags, writeRpm, writeSection } from '../../helpers/rpm-writer.ts';

const LIMITS = { title: 'header', maxEntries: 100, maxStoreBytes: 10_000 };
const BUILD_ID = 'ab'.repeat(20);

function section(tags: Tags): RpmSection {
  const found = readRpmSection(writeSection(tags), 0, LIMITS);
  if ('needBytes' in found) throw new Error('incomplete');
  return found;
}

function head(file: Buffer): RpmHead {
  const found = readRpmHead(file);
  if ('needBytes' in found) throw new Error('incomplete');
  return found;
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'accepted';
  } catch (error) {
    return isTapprepError(error) ? error.code : String(error);
  }
}

/** Overwrites a 32-bit number of a structure. */
function patched(at: number, value: number): Buffer {
  const bytes = writeSection([
    [1000, { text: 'kernel' }],
    [1049, { texts: ['a', 'b'] }],
    [1003, { numbers: [1] }],
  ]);
  bytes.writeUInt32BE(value, at);
  return bytes;
}

describe('readRpmSection', () => {
  test('reads every kind of value', () => {
    const found = section([
      [1, { text: 'one' }],
      [2, { texts: ['a', '', 'c'] }],
      [3, { numbers: [7, 4294967295] }],
      [4, { bytes: Buffer.from([1, 2]) }],
    ]);
    expect(found.texts(1)).toEqual(['one']);
    expect(found.texts(2)).toEqual(['a', '', 'c']);
    expect(found.numbers(3)).toEqual([7, 4294967295]);
    expect(found.binary(4)).toEqual(Buffer.from([1, 2]));
    expect([found.texts(9), found.numbers(9), found.binary(9)]).toEqual([null, null, null]);
  });

  test('says how much more it needs, and never reads past what is there', () => {
    const bytes = writeSection([[1000, { text: 'kernel' }]]);
    expect(readRpmSection(bytes.subarray(0, 10), 0, LIMITS)).toEqual({ needBytes: 16 });
    for (let length = 16; length < bytes.length; length += 1) {
      expect(readRpmSection(bytes.subarray(0, length), 0, LIMITS)).toEqual({ needBytes: bytes.length });
    }
  });

  test.each([
    ['another magic', patched(0, 0x8eade802)],
    ['no entries', patched(8, 0)],
    ['more entries than allowed', patched(8, 101)],
    ['4 billion entries', patched(8, 0xffffffff)],
    ['a store of 4 GB', patched(12, 0xffffffff)],
    ['an offset behind the store', patched(16 + 8, 0x7fffffff)],
    ['a negative offset', patched(16 + 8, 0x80000000)],
    ['a count beyond the store', patched(16 + 12, 0xffffffff)],
    ['the same tag twice', patched(32, 1000)],
  ])('%s is BAD_PACKAGE', (_, bytes) => {
    expect(codeOf(() => readRpmSection(bytes, 0, LIMITS))).toBe('BAD_PACKAGE');
  });

  test.each([
    ['more numbers than there are bytes', patched(48 + 12, 4), (found: RpmSection) => found.numbers(1003)],
    ['more texts than there are', patched(32 + 12, 9), (found: RpmSection) => found.texts(1049)],
    ['text as numbers', patched(16 + 4, 4), (found: RpmSection) => found.texts(1000)],
    ['numbers as text', patched(48 + 4, 6), (found: RpmSection) => found.numbers(1003)],
  ])('%s are BAD_PACKAGE when read', (_, bytes, read) => {
    const found = readRpmSection(bytes, 0, LIMITS);
    expect(codeOf(() => read(found as RpmSection))).toBe('BAD_PACKAGE');
  });
});

describe('readRpmHead', () => {
  const file = writeRpm(
    headerTags('kernel-debuginfo', '2.6.32', '642.el6', [
      [1003, { numbers: [1] }],
      [1006, { numbers: [1_462_900_000] }],
      [1007, { text: 'worker1.bsys.centos.org' }],
      [1047, { texts: ['kernel-debuginfo', 'debuginfo(build-id)', 'plain'] }],
      [1112, { numbers: [8, 8, 0] }],
      [1113, { texts: ['1:2.6.32-642.el6', BUILD_ID, ''] }],
      [1116, { numbers: [0, 1, 1, 0] }],
      [1117, { texts: ['vmlinux', 'cdef0123456789abcdef.debug', 'cdef0123456789abcdef', 'cdef0123456789abcdef'] }],
      [1118, { texts: ['/usr/lib/debug/', '/usr/lib/debug/.build-id/12/'] }],
    ]),
    Buffer.from('payload'),
  );

  test('says what the package is', () => {
    expect(describeRpm(head(file).header)).toEqual({
      name: 'kernel-debuginfo',
      version: '1:2.6.32-642.el6',
      arch: 'x86_64',
      vendor: 'CentOS',
      buildHost: 'worker1.bsys.centos.org',
      buildTime: 1_462_900_000,
      sourceRpm: 'kernel-2.6.32-642.el6.src.rpm',
      provides: ['kernel-debuginfo = 1:2.6.32-642.el6', `debuginfo(build-id) = ${BUILD_ID}`, 'plain'],
      requires: [],
    });
  });

  test('finds build-ids among provides and files', () => {
    expect(listBuildIds(head(file).header)).toEqual([BUILD_ID, '12cdef0123456789abcdef']);
  });

  test('the payload begins where the header ends', () => {
    const { headerStart, payloadStart } = head(file);
    expect(headerStart % 8).toBe(0);
    expect(file.subarray(payloadStart).toString()).toBe('payload');
  });

  test('a source package is one whatever its architecture says', () => {
    const source = writeRpm(
      headerTags('kernel', '1', '1').filter(([tag]) => tag !== 1044),
      Buffer.alloc(0),
    );
    expect(describeRpm(head(source).header).arch).toBe('src');
  });

  test.each([
    ['an error page', Buffer.from('<html>not found</html>'.padEnd(200))],
    ['a deb', Buffer.from('!<arch>\ndebian-binary'.padEnd(200))],
  ])('%s is BAD_PACKAGE', (_, bytes) => {
    expect(codeOf(() => readRpmHead(bytes))).toBe('BAD_PACKAGE');
  });

  test('a prefix is enough, and a shorter one says how much is missing', () => {
    const { payloadStart } = head(file);
    expect(readRpmHead(file.subarray(0, payloadStart))).toHaveProperty('payloadStart', payloadStart);
    expect(readRpmHead(file.subarray(0, payloadStart - 1))).toEqual({ needBytes: payloadStart });
    expect(readRpmHead(file.subarray(0, 50))).toEqual({ needBytes: 96 });
  });

  test('bytes changed at random are read, refused or incomplete, never anything else', () => {
    const change = fc.tuple(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 }));
    const outcome = (changes: readonly (readonly [number, number])[]): string => {
      const copy = Buffer.from(file);
      for (const [at, value] of changes) copy[at] = value;
      return codeOf(() => {
        const found = readRpmHead(copy);
        return 'needBytes' in found ? null : { ...describeRpm(found.header), ids: listBuildIds(found.header) };
      });
    };
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        expect(outcome(changes)).toMatch(/^(?:accepted|BAD_PACKAGE)$/);
      }),
      { numRuns: 3000 },
    );
  });
});
