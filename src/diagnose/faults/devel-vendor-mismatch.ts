/** The build tree has the right version but comes from another build of the kernel. */
import type { Fault } from '../fault.ts';
import type { Remedy } from '../../types.ts';
import { EMPTY_CACHE, prepare, run, runAsRoot } from '../../make-remedy.ts';
import { quoteCommand, shellText } from '../../shell-words.ts';
import type { Situation } from '../situation.ts';

export const DEVEL_VENDOR_MISMATCH: Fault = {
  summary: 'the build tree has the right version but comes from another build of the kernel',
  page: {
    meaning:
      'Two vendors build kernels with the same name, version and release: CentOS and Scientific Linux, for instance. Their packages look alike, but the builds are not the same, and the module refuses to run because the build time of the tree is not that of the running kernel.',
    tell: 'The message shows both build times. "uname -v" must equal UTS_VERSION in include/generated/compile.h (or utsversion.h) of the build tree, and "rpm -qi" must name the same vendor and build host for kernel and kernel-devel.',
    todo: 'Replace the development package with that of the vendor whose kernel runs and delete the stap cache. Editing UTS_VERSION only silences the check.',
  },
  beyondTarget: false,
  explains: [],
  remedy: (situation) => ({
    remedies: [
      ...(situation.system === null || situation.system.builderCommand === null
        ? []
        : [run(situation.system.builderCommand)]),
      ...installByVersion(situation),
      prepare(),
      EMPTY_CACHE,
    ],
    otherwise:
      'Do not edit UTS_VERSION in compile.h: symbol versions and structures may differ as well. Take the package of the vendor that built the running kernel, then delete the cache.',
  }),
};

/**
 * apt takes the build that runs by its version, which may be older than the one that is there. Debian's headers want their common
 * half in the same version, which has to be named with them.
 */
function installByVersion({ packages, place, distribution }: Situation): readonly Remedy[] {
  const { version, devel } = packages;
  if (distribution === 'debian' || place.manager !== 'apt-get' || version === null || devel.length === 0) return [];
  const names = quoteCommand(devel.map((name) => `${name}=${version}`));
  return [runAsRoot(shellText`apt-get install -y --allow-downgrades ${names}`)];
}
