import { expect, test } from 'vitest';
import { parseParagraph, readCount, requireField } from '../../../../src/resolve/deb/control.ts';

test('reads fields, and continued lines without their leading blank', () => {
  const fields = parseParagraph('Package: make\nDescription: short\n long\n  indented\nSize: 12\n', 'x');
  expect([...fields]).toEqual([
    ['Package', 'make'],
    ['Description', 'short\nlong\n indented'],
    ['Size', '12'],
  ]);
  expect(readCount(fields, 'Size', 'x')).toBe(12);
  expect(readCount(fields, 'Installed-Size', 'x')).toBeNull();
});

test.each([
  ['a continued line first', ' Package: make'],
  ['a line without a colon', 'Package make'],
  ['an empty field name', ': make'],
  ['the same field twice', 'Package: a\nPackage: b'],
  ['too many fields', Array.from({ length: 501 }, (_, at) => `F${at}: x`).join('\n')],
])('refuses %s', (_, text) => {
  expect(() => parseParagraph(text, 'index')).toThrow(/^index is malformed: it has /);
});

test.each(['-1', '1e9', '0x10', '9'.repeat(16), 'many'])('a size of %j is none', (size) => {
  const fields = parseParagraph(`Size: ${size}`, 'index');
  expect(() => readCount(fields, 'Size', 'index')).toThrow('which is no size');
});

test('names the field that is missing', () => {
  expect(() => requireField(parseParagraph('A: b', 'index'), 'Version', 'index')).toThrow('no field "Version"');
});
