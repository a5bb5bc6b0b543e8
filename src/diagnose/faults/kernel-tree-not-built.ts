/** A kernel source tree that was never configured or built. */
import type { Fault } from '../fault.ts';
import { MAKE_WHOLE } from '../make-in-tree.ts';
import { run } from '../../make-remedy.ts';
import type { Situation } from '../situation.ts';
import { shellLine, shellText } from '../../shell-words.ts';
import type { ShellText } from '../../types.ts';

/** The tree that the user named; facts of others may name any. */
function makeIn({ host, place }: Situation): ShellText {
  const tree = place.reach.via === 'facts' ? null : (host?.own?.buildTree ?? null);
  return tree === null ? shellText`make` : shellLine`make -C ${tree}`;
}

export const KERNEL_TREE_NOT_BUILT: Fault = {
  summary: 'a kernel source tree that was never configured or built',
  page: {
    meaning:
      'The tree that stap was pointed to holds the sources of a kernel, but was never configured or compiled, so it has neither configuration headers nor symbol versions.',
    tell: 'include/generated/autoconf.h, Module.symvers and vmlinux do not exist in it.',
    todo: 'Configure it as the kernel in question is configured, compile it completely, then name it with -r again.',
  },
  beyondTarget: false,
  explains: [],
  remedy: (situation) => ({
    remedies: MAKE_WHOLE.map((what) => run(shellText`${makeIn(situation)} ${what}`)),
    otherwise:
      'Run them in the tree that stap -r names; the result must hold .config, Module.symvers, System.map and vmlinux.',
  }),
};
