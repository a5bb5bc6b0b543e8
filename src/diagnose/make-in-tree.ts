/** make in a tree of sources, which does whatever its Makefile says: only where root alone puts trees. Pure. */
import { run, runAsRoot } from '../make-remedy.ts';
import { quoteWord, shellLine, shellText } from '../shell-words.ts';
import type { Remedy, ShellText } from '../types.ts';

/** What makes a tree of sources whole. */
export const MAKE_WHOLE = [shellText`olddefconfig`, shellText`-j"$(nproc)"`];

/** A tree of packages, or one that root put beside them, without a way back out. */
const OF_ROOT = /^\/(?:usr\/src|(?:usr\/)?lib\/modules)(?:\/(?!\.\.?(?:\/|$))[^/]+)+\/?$/;

/** Calls of make in a tree that a log names, as root; of any other tree whose it is, as its owner's Makefile would do as root what it likes. */
export function makeIn(tree: string, calls: readonly ShellText[]): readonly Remedy[] {
  return OF_ROOT.test(tree)
    ? calls.map((call) => runAsRoot(shellText`make -C ${quoteWord(tree)} ${call}`))
    : [run(shellLine`ls -ld ${tree}`)];
}
