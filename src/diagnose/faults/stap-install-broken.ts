/** SystemTap is missing, incomplete or mixed from several versions. */
import type { Fault } from '../fault.ts';
import { systemtapPackages } from '../common-remedies.ts';
import { EMPTY_CACHE, reinstall, run } from '../../make-remedy.ts';

export const STAP_INSTALL_BROKEN: Fault = {
  summary: 'SystemTap is missing, incomplete or mixed from several versions',
  page: {
    meaning:
      'SystemTap is not installed, or only a part of it, or its parts come from different versions: a stap without its tapset, a tapset of another version, a staprun without its set-uid bit, a library that is missing.',
    tell: '"stap -v" says how many library scripts it read: a few hundred are normal, 0 is not. "type -a stap staprun" shows whether there is more than one.',
    todo: 'Install all its packages in one version again, and remove copies elsewhere in the PATH.',
  },
  beyondTarget: false,
  explains: [],
  remedy: (situation) => ({
    remedies: [reinstall(systemtapPackages(situation), 'systemtap'), run('stap -V'), EMPTY_CACHE],
    otherwise:
      'Look for a second SystemTap ("type -a stap staprun") and for SYSTEMTAP_TAPSET or SYSTEMTAP_RUNTIME in the environment.',
  }),
};
