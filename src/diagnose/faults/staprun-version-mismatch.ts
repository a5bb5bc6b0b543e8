/** Stap and staprun are of different eras. */
import type { Fault } from '../fault.ts';
import { systemtapPackages } from '../common-remedies.ts';
import { EMPTY_CACHE, install, run } from '../../make-remedy.ts';
import { compareRpmVersions } from '../../version/rpm-vercmp.ts';

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
  remedy: (situation) => {
    const stap = situation.log.stapVersion ?? situation.host?.systemtap?.version ?? null;
    const staprun = situation.log.staprunVersion ?? situation.host?.systemtap?.staprunVersion ?? null;
    if (stap === null || staprun === null || stap === staprun) {
      return {
        remedies: [
          run('type -a stap staprun'),
          run('stap -V'),
          run('staprun -V'),
          install(systemtapPackages(situation), 'systemtap'),
        ],
        otherwise: WHEREVER,
      };
    }
    const isOlder = compareRpmVersions(staprun, stap) < 0;
    return {
      remedies: [install(isOlder ? ['systemtap-runtime'] : systemtapPackages(situation), 'systemtap'), EMPTY_CACHE],
      otherwise: `The older one, ${isOlder ? `staprun ${staprun}` : `stap ${stap}`}, has to come to the version of the other, on the machine where it is; where its packages are no newer, compile with a SystemTap of the version that the machine has which runs the module.`,
    };
  },
};

const WHEREVER =
  'stap and staprun on either side of version 5.0 do not understand each other, also when the module is compiled on another machine.';
