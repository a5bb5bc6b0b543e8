/** Stap and staprun are of different eras. */
import type { Fault } from '../fault.ts';
import { systemtapPackages } from '../common-remedies.ts';
import { EMPTY_CACHE, reinstall, run } from '../../make-remedy.ts';

export const STAPRUN_VERSION_MISMATCH: Fault = {
  summary: 'stap and staprun are of different eras',
  page: {
    meaning:
      'The protocol between module and staprun changed in 5.0. A module of a newer stap does not work with an older staprun and the reverse, also when it was compiled on another machine.',
    tell: 'Compare "stap -V" with "staprun -V".',
    todo: 'Install both from the same source in the same version.',
  },
  beyondTarget: false,
  explains: [],
  remedy: (situation) => ({
    remedies: [reinstall(systemtapPackages(situation), 'systemtap'), run('stap -V'), run('staprun -V'), EMPTY_CACHE],
    otherwise:
      'stap and staprun on either side of version 5.0 do not understand each other, also when the module is compiled on another machine.',
  }),
};
