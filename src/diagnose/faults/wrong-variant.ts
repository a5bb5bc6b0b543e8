/** Packages of another kernel variant (debug, rt, 64k) than the one that runs. */
import type { Fault } from '../fault.ts';
import type { PackageKind } from '../log-packages.ts';
import { baseRelease, variantOf } from '../other-packages.ts';
import type { Situation } from '../situation.ts';
import { EMPTY_CACHE, install } from '../../make-remedy.ts';

export const WRONG_VARIANT: Fault = {
  summary: 'packages of another kernel variant (debug, rt, 64k) than the one that runs',
  page: {
    meaning:
      'The version is right, but the package is for another variant of the kernel: kernel-debug-devel or kernel-debug-debuginfo for the plain kernel, rt or 64k for a plain one, or the reverse; headers of -generic where -lowlatency of the same number runs. A dependency of systemtap-devel can pull in the debug variant by itself.',
    tell: '"uname -r" of a variant ends in +debug, .debug, +rt, +64k or the like; the name of its packages has the same word after "kernel-", or in Debian and Ubuntu the whole release behind "linux-headers-".',
    todo: 'Install the packages of the variant that runs. The others may stay, they do no harm.',
  },
  beyondTarget: false,
  explains: [],
  remedy: (situation) => ({
    remedies: [
      install(ownPackages(situation), 'kernel', isAbout(situation, 'debuginfo') ? 'debug' : 'enabled'),
      EMPTY_CACHE,
    ],
    otherwise: 'If the other variant is the one you want to look at, boot that kernel instead.',
  }),
};

/** Of the kinds that the log is about; of both where it shows neither. */
function ownPackages(situation: Situation): readonly string[] {
  const hasNeither = !isAbout(situation, 'devel') && !isAbout(situation, 'debuginfo');
  return [
    ...(hasNeither || isAbout(situation, 'devel') ? namesOf(situation, 'devel') : []),
    ...(hasNeither || isAbout(situation, 'debuginfo') ? namesOf(situation, 'debuginfo') : []),
  ];
}

function isAbout({ log }: Situation, kind: PackageKind): boolean {
  return log.packages.some((one) => one.kind === kind);
}

/** Where no table knows the kernel: behind the architecture stands the word that the package has behind "kernel". */
function namesOf({ packages, release }: Situation, kind: 'devel' | 'debuginfo'): readonly string[] {
  const known = packages[kind];
  if (known.length > 0 || release === null || !/\.[a-z]\w+\+[\w-]+$/.test(release)) return known;
  return [`kernel-${variantOf(release) ?? ''}-${kind}-${baseRelease(release)}`];
}
