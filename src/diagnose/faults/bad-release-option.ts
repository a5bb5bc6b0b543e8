/** Stap -r names no usable release or build tree. */
import type { Fault } from '../fault.ts';
import { run } from '../../make-remedy.ts';

export const BAD_RELEASE_OPTION: Fault = {
  summary: 'stap -r names no usable release or build tree',
  page: {
    meaning:
      'The argument of -r is neither a release that /lib/modules knows nor a directory with include/config/kernel.release.',
    tell: 'The message repeats the argument.',
    todo: 'Give the release as uname -r prints it, or the path of a configured and built tree.',
  },
  beyondTarget: false,
  explains: [],
  remedy: () => ({
    remedies: [run('ls /lib/modules'), run('stap -r "$(uname -r)" -v -p4 -e \'probe begin { exit() }\'')],
    otherwise:
      'With -r /PATH the tree must be configured and built: it is recognised by include/config/kernel.release.',
  }),
};
