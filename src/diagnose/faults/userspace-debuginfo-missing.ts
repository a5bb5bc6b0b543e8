/** The debug information that is missing is that of a program or library. */
import type { Fault } from '../fault.ts';
import { debuginfoOfProgram } from '../common-remedies.ts';
import { tapprep } from '../../make-remedy.ts';
import { withCommand } from '../remedy-words.ts';

export const USERSPACE_DEBUGINFO_MISSING: Fault = {
  summary: 'the debug information that is missing is that of a program or library',
  page: {
    meaning:
      'The probe looks into a program or library, and it is that file which has no debug information. The kernel is fine.',
    tell: 'The message names a file such as a library below /usr/lib64, or a type that was not found in it.',
    todo: 'Install the debug package of exactly the installed build of that program (debuginfo-install, -dbgsym), or let debuginfod deliver it.',
  },
  beyondTarget: false,
  explains: [],
  remedy: (situation) => ({
    remedies: debuginfoOfProgram(situation),
    otherwise: withCommand(
      situation,
      tapprep('verify'),
      (command) =>
        `The debug information must be of exactly the installed build; "${command}" tells whether the kernel side is fine.`,
    ),
  }),
};
