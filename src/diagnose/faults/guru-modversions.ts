/** Stap -g on a kernel built with CONFIG_MODVERSIONS. */
import type { Fault } from '../fault.ts';
import { EMPTY_CACHE, run } from '../../make-remedy.ts';

export const GURU_MODVERSIONS: Fault = {
  summary: 'stap -g on a kernel built with CONFIG_MODVERSIONS',
  page: {
    meaning:
      'With -g stap switches symbol versions off while compiling, by design and since version 4.3. A kernel built with CONFIG_MODVERSIONS then refuses the module with "Invalid module format".',
    tell: 'The script runs without -g, and dmesg says that the module has no symbol version or a version magic without "modversions".',
    todo: 'Add -B CONFIG_MODVERSIONS=y to the command, after deleting the cache.',
  },
  beyondTarget: false,
  explains: [],
  remedy: () => ({
    remedies: [EMPTY_CACHE, run('stap -g -B CONFIG_MODVERSIONS=y SCRIPT.stp')],
    otherwise:
      'Run the script without -g if it has no embedded C; dmesg shows "version magic" if the build tree is the wrong one.',
  }),
};
