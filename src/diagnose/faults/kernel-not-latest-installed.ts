/** The packages fit a newer installed kernel, not the one that runs. */
import type { Fault } from '../fault.ts';
import { REBOOT, install } from '../../make-remedy.ts';
import { withCommand } from '../remedy-words.ts';

export const KERNEL_NOT_LATEST_INSTALLED: Fault = {
  summary: 'the packages fit a newer installed kernel, not the one that runs',
  page: {
    meaning:
      'An update installed a newer kernel with its development or debug packages, and the machine still runs the older one.',
    tell: '"rpm -q kernel" or "ls /lib/modules" lists a newer release than "uname -r".',
    todo: 'Reboot, or install the packages of the kernel that runs.',
  },
  beyondTarget: false,
  explains: [],
  remedy: (situation) => ({
    remedies: [REBOOT],
    otherwise: withCommand(
      situation,
      install([...situation.packages.devel, ...situation.packages.debuginfo], 'kernel'),
      (command) => `To keep the running kernel, install its own packages instead: ${command}`,
    ),
  }),
};
