/** A repository is set up wrongly or its address is dead. */
import type { Fault } from '../fault.ts';
import { CHECK_SOURCES, prepare } from '../../make-remedy.ts';

export const REPO_MISCONFIGURED: Fault = {
  summary: 'a repository is set up wrongly or its address is dead',
  page: {
    meaning:
      'A repository is configured but cannot be used: an unexpanded variable or a wrong code name in its address, a key that is missing, or an address that has moved since the release went out of support.',
    tell: 'Refreshing the index fails for it: 404, no Release file, NO_PUBKEY, no valid baseurl, or a host that no longer exists.',
    todo: 'Correct that one source. Do not switch off signature checks for it.',
  },
  beyondTarget: false,
  explains: ['REPO_NO_PACKAGE', 'REPO_NOT_CONFIGURED', 'DEVEL_MISSING', 'DEBUGINFO_MISSING'],
  remedy: () => ({
    remedies: [CHECK_SOURCES, prepare()],
    otherwise:
      'Correct the address, the code name or the key of the source that the message names, and refresh the index.',
  }),
};
