/** The probed module lies outside /lib/modules. */
import type { Fault } from '../fault.ts';
import { runAsRoot } from '../../make-remedy.ts';
import { quoteWord, shellText } from '../../shell-words.ts';
import { releaseWord } from '../rule.ts';
import type { Situation } from '../situation.ts';

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
  remedy: (situation) => {
    const { file, name } = fileOf(situation);
    return {
      remedies: [
        runAsRoot(
          shellText`install -D -m 0644 ${quoteWord(file)} /lib/modules/${releaseWord(situation)}/extra/${quoteWord(name)}`,
        ),
        runAsRoot('depmod -a'),
      ],
      otherwise:
        'The module must be compiled with debug information (-g), and its name is written with underscores in the probe.',
    };
  },
};

/** As it was loaded, where that is shown; else by the name in the probe, in the directory where it was built. */
function fileOf({ log }: Situation): { readonly file: string; readonly name: string } {
  const [probed] = log.probedModules;
  const loaded = log.loadedFiles.find((file) => probed === undefined || moduleOf(file) === probed.replaceAll('-', '_'));
  const file = loaded ?? `${probed ?? 'MODULE'}.ko`;
  return { file, name: file.replace(/^.*\//, '') };
}

function moduleOf(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.ko$/, '').replaceAll('-', '_');
}
