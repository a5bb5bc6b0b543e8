/** This SystemTap does not support this kernel. */
import type { Fault } from '../fault.ts';
import { EMPTY_CACHE, prepare, tapprep } from '../../make-remedy.ts';
import { withCommand } from '../remedy-words.ts';

export const STAP_TOO_OLD: Fault = {
  summary: 'this SystemTap does not support this kernel',
  page: {
    meaning:
      'The environment is complete, but this SystemTap does not know this kernel: its runtime does not compile against it, or asks for functions that the kernel no longer has. Distributions often ship a SystemTap older than their kernel, and updates of stable kernels can break one that once worked. A SystemTap that is too new for an old kernel shows the same messages.',
    tell: 'The compiler stops in a file below share/systemtap/runtime. "stap -V" lists the kernels it was tested with, which is a hint and no proof in either direction.',
    todo: 'Use another SystemTap: a newer package, a portable one, or one built from source. Only compiling and loading hello world tells which fits.',
  },
  beyondTarget: false,
  explains: [],
  remedy: (situation) => ({
    remedies: [prepare('auto'), EMPTY_CACHE],
    otherwise: withCommand(
      situation,
      tapprep('verify'),
      (command) =>
        `Which SystemTap fits is only known once hello world was compiled and loaded: "${command}" does both.`,
    ),
  }),
};
