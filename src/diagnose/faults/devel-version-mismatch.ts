/** The build tree that is there belongs to another kernel version. */
import type { Fault } from '../fault.ts';
import { installDevel, upgradeByPacman } from '../common-remedies.ts';

export const DEVEL_VERSION_MISMATCH: Fault = {
  summary: 'the build tree that is there belongs to another kernel version',
  page: {
    meaning:
      'A kernel-devel or headers package is installed, but it belongs to another version of the kernel. The build link of the running kernel is then missing or leads nowhere, or the compiled module carries the other version.',
    tell: 'Compare "uname -r" with "rpm -q kernel-devel" or "dpkg -l \'linux-headers*\'". When a module was compiled nevertheless, dmesg shows both sides as "version magic A should be B".',
    todo: 'Install the package of the running kernel, or boot the kernel that the installed one belongs to. Do not link one release to the other: pass 2 and pass 5 find out.',
  },
  beyondTarget: false,
  explains: [],
  remedy: (situation) => upgradeByPacman(situation) ?? installDevel(situation),
};
