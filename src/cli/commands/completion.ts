/** `tapprep completion SHELL`: the script for a shell; and what that script asks for with every press of the key. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, TapprepError } from '../../errors.ts';
import { complete } from '../complete/complete.ts';
import { createLookup } from '../complete/values.ts';
import type { Context } from '../context.ts';
import type { Output } from '../output.ts';
import { PACKAGE_ROOT } from '../package-root.ts';

const SHELLS = ['bash', 'zsh', 'fish'];

/** @throws TapprepError USAGE for another shell */
export async function runCompletion(context: Context, shell: string): Promise<number> {
  if (!SHELLS.includes(shell)) {
    throw new TapprepError('USAGE', `tapprep completion knows ${SHELLS.join(', ')}, but "${shell}" was given`, {
      hint: 'tapprep completion bash',
    });
  }
  const folder = import.meta.filename.endsWith('.ts') ? 'src' : 'dist';
  context.stdout.write(await readFile(join(context.packageRoot, folder, 'cli/complete', `tapprep.${shell}`), 'utf8'));
  return EXIT.done;
}

/**
 * Prints what can follow: first "words", "files" or "directories", then one word a line, with what it is after a tab. A
 * failure prints nothing: a shell that waits for words has no place for errors.
 */
export async function printCompletions(words: readonly string[], stdout: Output): Promise<void> {
  const lookup = createLookup({ packageRoot: PACKAGE_ROOT, cwd: process.cwd(), env: process.env });
  const found = await complete(words, lookup).catch(() => null);
  if (found === null) return;
  const lines = found.mode === 'words' ? found.candidates.map(({ value, text }) => `${value}\t${text}`) : [];
  stdout.write([found.mode, ...lines, ''].join('\n'));
}
