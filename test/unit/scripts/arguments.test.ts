import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { checkArguments } from '../../../src/scripts/arguments.ts';

const WATCH = { name: 'watch', arguments: [{ name: 'path', type: 'file', text: 'the file' }] } as const;
const LOOK = {
  name: 'look',
  arguments: [{ name: 'interval', type: 'integer', text: 'seconds', min: 1, max: 60, default: 10 }],
} as const;
const NONE = { name: 'none', arguments: [] } as const;

test('values come in the order of the script, defaults where nothing was given', () => {
  const both = { name: 'both', arguments: [...LOOK.arguments, ...WATCH.arguments] };
  expect(checkArguments(both, ['path=/etc/a=b c', 'interval=60'])).toEqual([
    { type: 'integer', value: 60 },
    { type: 'file', path: '/etc/a=b c' },
  ]);
  expect(checkArguments(LOOK, [])).toEqual([{ type: 'integer', value: 10 }]);
  expect(checkArguments(NONE, [])).toEqual([]);
});

test.each([
  ['no value', LOOK, ['interval'], /not of the form KEY=VALUE/],
  ['no key', LOOK, ['=3'], /not of the form KEY=VALUE/],
  ['a key that is none', LOOK, ['seconds=3'], /takes interval, not "seconds"/],
  ['a key of Object', LOOK, ['constructor=3'], /takes interval, not "constructor"/],
  ['a key where none is taken', NONE, ['json=1'], /takes no arguments/],
  ['twice', LOOK, ['interval=3', 'interval=4'], /given twice/],
  ['below', LOOK, ['interval=0'], /from 1 to 60, but "0"/],
  ['above', LOOK, ['interval=61'], /from 1 to 60, but "61"/],
  ['a fraction', LOOK, ['interval=1.5'], /whole number/],
  ['another base', LOOK, ['interval=0x10'], /whole number/],
  ['too many digits', LOOK, ['interval=9999999999999999999'], /whole number/],
  ['nothing', LOOK, ['interval='], /whole number/],
  ['script text', LOOK, ['interval=1) system("id"'], /whole number/],
  ['shell text', LOOK, ['interval=$(id)'], /whole number/],
  ['another argument of stap', LOOK, ['interval=-g'], /whole number/],
  ['no path', WATCH, [], /path is missing/],
  ['a relative path', WATCH, ['path=etc/passwd'], /absolute path/],
  ['an option', WATCH, ['path=-g'], /absolute path/],
  ['a newline', WATCH, ['path=/etc/a\nprobe begin {}'], /control characters/],
  ['a NUL', WATCH, ['path=/etc/a\u0000'], /control characters/],
  ['a path that a script cannot hold', WATCH, [`path=/${'é'.repeat(250)}`], /501 bytes/],
])('%s is refused', (_, script, words, message) => {
  expect(() => checkArguments(script, words)).toThrow(message);
});

test('whatever is given, it is refused by USAGE or stays what it was', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0x2ff }), { maxLength: 30 }), (codes) => {
      const text = String.fromCharCode(...codes);
      try {
        const [value] = checkArguments(WATCH, [`path=/${text}`]);
        return value?.type === 'file' && value.path === `/${text}`;
      } catch (error) {
        return isTapprepError(error, 'USAGE');
      }
    }),
  );
});
