/** The repositories answer but do not carry the package. */
import type { Fault } from '../fault.ts';
import { searchIndex } from '../common-remedies.ts';
import { prepare } from '../../make-remedy.ts';

export const REPO_NO_PACKAGE: Fault = {
  summary: 'the repositories answer but do not carry the package',
  page: {
    meaning:
      'The package manager works, its repositories answer, and none has the package. Point releases move to a vault, updates push older builds out, and some debug packages were never published.',
    tell: 'The exact name and version is not listed by "yum list --showduplicates", "dnf repoquery" or "apt-cache policy", although newer ones are.',
    todo: 'tapprep install asks vaults, archives and snapshots for exactly this build. If nobody kept it, boot a kernel whose packages exist.',
  },
  beyondTarget: false,
  explains: ['DEVEL_MISSING', 'DEBUGINFO_MISSING'],
  remedy: (situation) => ({
    remedies: [...searchIndex(situation), prepare()],
    otherwise:
      'If no archive has this build any more, update to a kernel whose packages are published, reboot, and prepare that one.',
  }),
};
