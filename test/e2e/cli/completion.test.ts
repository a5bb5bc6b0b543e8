import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Shell, ShellSession } from '../../helpers/shell-session.ts';

/** The first letter is typed, the shell has to find and to quote the rest. */
const HOSTILE = [
  'a b.json',
  'q\'uo"te.json',
  'd$(touch pwned).json',
  'b`touch pwned`.json',
  's;touch pwned.json',
  'g*[?.json',
  'w\\back.json',
];

/** What is pressed, and what tapprep is called with. */
const LINES: readonly (readonly [what: string, keys: string, called: readonly string[]])[] = [
  ['a command', 'tapprep rehe\t', ['rehearse']],
  ['an action', 'tapprep cac\tli\t', ['cache', 'list']],
  ['an option', 'tapprep plan --distr\tx:1', ['plan', '--distro', 'x:1']],
  ['a value with a colon', 'tapprep plan --distro rocky:1\t', ['plan', '--distro', 'rocky:10']],
  ['a value behind =', 'tapprep plan --distro=rocky:1\t', ['plan', '--distro=rocky:10']],
  ['a choice', 'tapprep verify --in l\t', ['verify', '--in', 'local']],
  ['a code', 'tapprep explain STALE\t', ['explain', 'STALE_CACHE']],
  ['a script', 'tapprep scripts show process\t', ['scripts', 'show', 'process-exec-exit']],
  [
    'a kernel of --root',
    'tapprep plan --root root --kernel 6\t',
    ['plan', '--root', 'root', '--kernel', '6.1.0-18-amd64'],
  ],
  ['a directory', 'tapprep plan --root roo\t', ['plan', '--root', 'root']],
  ...HOSTILE.map(
    (name) => [`the file ${name}`, `tapprep plan --facts ${name.charAt(0)}\t`, ['plan', '--facts', name]] as const,
  ),
];

test.each<Shell>(['bash', 'zsh', 'fish'])(
  'a real %s completes words, values and files, and runs nothing that stands in a name',
  async (shell) => {
    const script = readFileSync(join(import.meta.dirname, '../../../src/cli/complete', `tapprep.${shell}`), 'utf8');
    const session = new ShellSession(shell, script);
    try {
      for (const name of HOSTILE) writeFileSync(join(session.cwd, name), '');
      mkdirSync(join(session.cwd, 'root/lib/modules/6.1.0-18-amd64'), { recursive: true });
      mkdirSync(join(session.cwd, 'root/lib/modules/6.1.0-$(touch pwned)'));
      const calls = await session.press(LINES.map(([, keys]) => keys));
      // zsh takes the slash of a directory away again when the line is entered.
      const found = LINES.map(([what], at) => [what, calls[at]?.map((word) => word.replace(/\/$/, ''))]);
      expect(found).toEqual(LINES.map(([what, , called]) => [what, called]));
      expect(existsSync(join(session.cwd, 'pwned'))).toBe(false);
    } finally {
      session.close();
    }
  },
);
