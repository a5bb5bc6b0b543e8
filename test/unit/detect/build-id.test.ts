import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findBuildId, parseBuildId } from '../../../src/detect/build-id.ts';

const ID = '48dc540c8b76393804ca8088dbfa7d42911a9444';

interface Note {
  readonly name: string;
  readonly type: number;
  readonly hex: string;
}

function fill(bytes: Buffer): Buffer {
  return Buffer.alloc((4 - (bytes.length % 4)) % 4);
}

function encode(notes: readonly Note[], littleEndian: boolean): Uint8Array {
  return Buffer.concat(
    notes.map(({ name, type, hex }) => {
      const label = Buffer.from(`${name}\0`);
      const description = Buffer.from(hex, 'hex');
      const header = new DataView(new ArrayBuffer(12));
      header.setUint32(0, label.length, littleEndian);
      header.setUint32(4, description.length, littleEndian);
      header.setUint32(8, type, littleEndian);
      return Buffer.concat([Buffer.from(header.buffer), label, fill(label), description, fill(description)]);
    }),
  );
}

const GNU = { name: 'GNU', type: 3, hex: ID };
const XEN = { name: 'Xen', type: 6, hex: '78656e2d332e3000' };
const LINUX = { name: 'Linux', type: 257, hex: '00' };

describe('findBuildId', () => {
  test.each([
    ['alone', [GNU]],
    ['after notes whose parts need padding', [LINUX, XEN, GNU]],
    ['before others', [GNU, LINUX]],
  ])('%s, in both byte orders', (_, notes) => {
    expect(findBuildId(encode(notes, true))).toBe(ID);
    expect(findBuildId(encode(notes, false))).toBe(ID);
  });

  test.each([
    ['no notes', []],
    ['another GNU note', [{ ...GNU, type: 1 }]],
    ['type 3 of another vendor', [{ ...GNU, name: 'Xen' }]],
  ])('null for %s', (_, notes) => {
    expect(findBuildId(encode(notes, true))).toBeNull();
  });

  test('null for a note that is cut', () => {
    expect(findBuildId(encode([GNU], true).subarray(0, 30))).toBeNull();
  });

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const found = findBuildId(bytes);
        expect(found === null || parseBuildId(found) === found).toBe(true);
      }),
    );
  });
});

test.each([
  [ID, ID],
  [ID.toUpperCase(), ID],
  ['48dc', null],
  [`${ID}zz`, null],
  ['', null],
  ['-', null],
])('parseBuildId(%s) is %s', (text, expected) => {
  expect(parseBuildId(text)).toBe(expected);
});
