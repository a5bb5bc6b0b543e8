/** A disk or TMPDIR is full, missing or not writable. */
import type { Fault } from '../fault.ts';
import { run } from '../../make-remedy.ts';
import { shellText } from '../../shell-words.ts';

export const NO_SPACE: Fault = {
  summary: 'a disk or TMPDIR is full, missing or not writable',
  page: {
    meaning:
      'A place that is written to is full, missing or not writable: TMPDIR for the build, the stap cache in the home directory, /usr/lib/debug for debug information, the cache of the package manager. Memory that runs out while a module is compiled, or is missing for its buffers, belongs here as well.',
    tell: '"df -h" and "df -i" of the path in the message, and the value of TMPDIR, which may only hold letters, digits and -/._ .',
    todo: 'Free space, most easily by removing debug information of kernels that are gone, or point TMPDIR to a directory with room.',
  },
  beyondTarget: false,
  explains: [],
  remedy: () => ({
    remedies: [
      run('df -h /tmp /var/tmp /usr/lib/debug /var/cache "$HOME"'),
      run('mkdir -p "$HOME/stap-tmp"'),
      { kind: 'set-variable', by: 'user', name: 'TMPDIR', value: shellText`"$HOME/stap-tmp"` },
    ],
    otherwise:
      'kernel debug information takes 5 to 10 GB below /usr/lib/debug: remove that of kernels that are no longer installed.',
  }),
};
