/** Which of a verdict's commands tapprep carries out itself. The others are sentences for people, and stay theirs. Pure. */
import type { HostFacts, Target } from '../types.ts';
import { quoteWord } from '../vm/shell-words.ts';

export type FixStep =
  | { readonly kind: 'install'; readonly command: string }
  | { readonly kind: 'purge'; readonly command: string; readonly paths: readonly string[] }
  | { readonly kind: 'left'; readonly command: string; readonly reason: string };

const TILDE_CACHE = 'rm -rf ~/.systemtap/cache';
/** The proof at the end does the same. */
const PROOF = /^tapprep verify(?: --kernel \S+)?$/;
const LEFT = 'it changes more than the packages and caches that tapprep answers for';

/** The steps in the order of the commands. Nothing is parsed as shell: a command is known as a whole or left. */
export function planFixes(
  commands: readonly string[],
  facts: Pick<HostFacts, 'systemtap' | 'root'>,
  target: Target | null,
): readonly FixStep[] {
  const paths = facts.systemtap?.cachePaths ?? [];
  const root = facts.root === null ? null : quoteWord(facts.root);
  const [inRoot, ofRoot] = root === null ? ['', ''] : [`chroot ${root} `, ` --root ${root}`];
  const purges = new Set([TILDE_CACHE, `rm -rf ${paths.join(' ')}`]);
  const installs = new Set(['tapprep install', `tapprep install --kernel ${target?.release ?? ''}`]);
  return commands.flatMap((command): readonly FixStep[] => {
    // Which SystemTap fits is what install finds out in any case.
    const bare = command
      .replace(/^sudo /, '')
      .replace(inRoot, '')
      .replace(ofRoot, '')
      .replace(/ --systemtap auto$/, '');
    if (PROOF.test(bare)) return [];
    if (installs.has(bare)) {
      return target === null
        ? [{ kind: 'left', command, reason: 'no packages are published for this kernel' }]
        : [{ kind: 'install', command }];
    }
    if (!purges.has(bare)) return [{ kind: 'left', command, reason: LEFT }];
    const foreign = paths.find((path) => !isStapCache(path));
    if (foreign !== undefined) return [{ kind: 'left', command, reason: `${foreign} is not where stap keeps a cache` }];
    return paths.length === 0 ? [] : [{ kind: 'purge', command, paths }];
  });
}

/** The paths come from the target, and what they name is removed with all that is below it. */
function isStapCache(path: string): boolean {
  return path.startsWith('/') && path.endsWith('/.systemtap/cache') && !path.split('/').includes('..');
}
