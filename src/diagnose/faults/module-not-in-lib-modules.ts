/** The probed module lies outside /lib/modules. */
import type { Fault } from '../fault.ts';
import { runAsRoot } from '../../make-remedy.ts';

export const MODULE_NOT_IN_LIB_MODULES: Fault = {
  summary: 'the probed module lies outside /lib/modules',
  page: {
    meaning:
      'stap looks for the files of probed modules only below /lib/modules/RELEASE and only for those that modules.dep lists. A module that was loaded from elsewhere has no debug information for it.',
    tell: '"modinfo -n MODULE" fails or names a path outside.',
    todo: 'Copy the module there, built with -g, and run depmod.',
  },
  beyondTarget: false,
  explains: [],
  remedy: ({ release }) => ({
    remedies: [
      runAsRoot(`install -D -m 0644 MODULE.ko /lib/modules/${release ?? '"$(uname -r)"'}/extra/MODULE.ko`),
      runAsRoot('depmod -a'),
    ],
    otherwise:
      'The module must be compiled with debug information (-g), and its name is written with underscores in the probe.',
  }),
};
