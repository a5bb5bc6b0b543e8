/** The repository with debug packages is not set up. */
import type { Fault } from '../fault.ts';
import { setUpDebugRepository } from '../common-remedies.ts';
import { withPrepare } from '../remedy-words.ts';

export const REPO_NOT_CONFIGURED: Fault = {
  summary: 'the repository with debug packages is not set up',
  page: {
    meaning:
      'Debug packages are in repositories of their own, which no installation enables by itself: ddebs for Ubuntu, debuginfo for CentOS and its kin, debug for SUSE.',
    tell: 'No line of the package sources names such a repository, or it is disabled.',
    todo: 'Set it up with its key and refresh, or let tapprep fetch the packages from the mirror list.',
  },
  beyondTarget: false,
  explains: ['REPO_NO_PACKAGE', 'DEVEL_MISSING', 'DEBUGINFO_MISSING'],
  remedy: (situation) => ({
    remedies: setUpDebugRepository(situation),
    otherwise: withPrepare(
      situation,
      (command) =>
        `"${command}" needs no repository to be set up: it fetches the exact packages and verifies them itself.`,
    ),
  }),
};
