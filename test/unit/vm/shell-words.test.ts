import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteCommand } from '../../../src/vm/shell-words.ts';
import { ANY_CHARACTER } from '../../helpers/any-character.ts';

test.each([['busybox', 'sh'], ['dash']])('any words come out of %s %s as they went in', (...shell) => {
  const word = fc.string({ unit: ANY_CHARACTER, maxLength: 20 }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
      const script = `printf '%s\\0' ${quoteCommand(words)}`;
      const [program = '', ...args] = shell;
      const output = execFileSync(program, [...args, '-c', script], { encoding: 'buffer' });
      expect(output).toEqual(Buffer.from(words.map((text) => `${text}\0`).join('')));
    }),
    { numRuns: 20 },
  );
});
