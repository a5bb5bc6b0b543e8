import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { run } from '../../src/make-remedy.ts';
import { quoteCommand, shellLine, shellText } from '../../src/shell-words.ts';
import { ANY_CHARACTER } from '../helpers/any-character.ts';

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

test('a line has its own words as they are, and what is put in as one word each', () => {
  expect(shellLine`rm -r ${'/var/my cache'}; ls ${'a'}    # if it is ${"it's"}`).toBe(
    String.raw`rm -r '/var/my cache'; ls a    # if it is 'it'\''s'`,
  );
});

test.each(['5.1-2~bpo12+1', '~root', 'a:~root', 'x=~root', 'a/~root'])(
  '%s comes out as it went in, in a variable too',
  (text) => {
    const script = `printf '%s ' ${quoteCommand([text])}; v=${quoteCommand([text])}; printf %s "$v"`;
    for (const shell of ['dash', 'bash'])
      expect(execFileSync(shell, ['-c', script], { encoding: 'utf8' })).toBe(`${text} ${text}`);
  },
);

test('the compiler takes for a command what is written in the sources or was quoted, and no other text', () => {
  const name: string = ['a;id'].join('');
  const tool: 'dnf' | 'yum' = 'dnf';
  const commands = [
    run('ls -l /'),
    run(`${tool} makecache`),
    run(shellLine`ls ${name}`),
    run(shellText`ls ${quoteCommand([name])} ${tool}`),
    // @ts-expect-error any text
    run(name),
    // @ts-expect-error any text in a literal
    run(`ls ${name}`),
    // @ts-expect-error the same, joined
    run('ls ' + [name].join(' ')),
    // @ts-expect-error what was quoted, with any text behind it
    run(`${shellLine`ls ${name}`} ${name}`),
    // @ts-expect-error any text among what the shell reads
    run(shellText`ls ${name}`),
  ];
  expect(commands.slice(0, 4)).toMatchObject([
    { command: 'ls -l /' },
    { command: 'dnf makecache' },
    { command: "ls 'a;id'" },
    { command: "ls 'a;id' dnf" },
  ]);
});
