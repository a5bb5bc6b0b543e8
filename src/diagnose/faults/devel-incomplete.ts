/** The build tree lacks .config, Module.symvers or Makefile. */
import { installByPacman } from '../common-remedies.ts';
import type { Fault } from '../fault.ts';
import { EMPTY_CACHE, reinstall } from '../../make-remedy.ts';

export const DEVEL_INCOMPLETE: Fault = {
  summary: 'the build tree lacks .config, Module.symvers or Makefile',
  page: {
    meaning:
      'The build tree exists, but a file is missing that every module build needs: .config, Module.symvers, Makefile, or the programs below scripts/.',
    tell: 'The message names the file. On Debian the scripts are in linux-kbuild and the shared headers in linux-headers-…-common; a tree of your own has no Module.symvers before a full build.',
    todo: 'Install the package again with its dependencies, or build the tree to the end.',
  },
  beyondTarget: false,
  explains: [],
  remedy: (situation) =>
    installByPacman(situation) ?? {
      remedies: [
        reinstall([...new Set([...situation.log.incompletePackages, ...situation.packages.devel])], 'kernel'),
        EMPTY_CACHE,
      ],
      otherwise: 'A tree that you built yourself needs "make modules_prepare" and a full build for its Module.symvers.',
    },
};
