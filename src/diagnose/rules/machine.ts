/** What kind of machine it is: containers, kernels of no distribution, a reboot that is due. */
import { kernelName, text, type Rule, type Sight } from '../rule.ts';
import { newerKernel, otherDevel } from '../sightings.ts';
import { NO_CONFIG } from './build-tree.ts';
import { NO_DEBUGINFO } from './debuginfo.ts';

const HINT = text('kernel-devel package, use');
const MISSING = [NO_CONFIG, NO_DEBUGINFO, HINT];

export const MACHINE_RULES: readonly Rule[] = [
  {
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    patterns: MISSING,
    likelihood: ({ situation, seen }) => {
      if (situation.host?.security.container != null) return 92;
      if (situation.log.container === null)
        return /linuxkit/.test(situation.release ?? '') || situation.packages.foreign ? 80 : 0;
      return seen(NO_CONFIG) || seen(HINT) ? 87 : 83;
    },
    cause: ({ situation }) =>
      `This runs in a container: ${kernelName(situation)} is that of the host, and the image has no packages of it.`,
    evidence: ({ situation }) => (situation.log.container === null ? [] : [situation.log.container]),
  },
  {
    code: 'CUSTOM_KERNEL_NO_PACKAGE',
    patterns: MISSING,
    likelihood: ({ situation }) => customLikelihood(situation),
    cause: ({ situation }) =>
      `No distribution has packages for it: ${situation.packages.custom ?? `the kernel of ${situation.release ?? 'this machine'} is not a distribution's`}.`,
  },
  {
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    patterns: [NO_CONFIG, HINT],
    likelihood: ({ situation }) => {
      const newer = newerKernel(situation);
      if (newer === null) return 0;
      return otherDevel(situation)?.release === newer.release ? 83 : 58;
    },
    cause: ({ situation }) =>
      `${kernelName(situation)} runs, but the newer ${newerKernel(situation)?.release ?? 'kernel'} is installed and the development package is that one's: a reboot is due.`,
    evidence: ({ situation }) => newerKernel(situation)?.lines ?? [],
  },
];

const MADE_ELSEWHERE = /microsoft|WSL|linuxkit|dockerdesktop/i;

/** Certain for the kernels whose makers are known, a hint for forms that only look foreign. */
function customLikelihood(situation: Sight['situation']): number {
  const { release, packages, host } = situation;
  if (host?.security.wsl === true || MADE_ELSEWHERE.test(release ?? '')) return 88;
  if (packages.custom === null) return 0;
  // What is seen is a missing tree, which its builder may still have; that no package exists comes right behind.
  return packages.customKnown ? 70 : 62;
}
