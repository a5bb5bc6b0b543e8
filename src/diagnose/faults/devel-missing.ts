/** No kernel-devel or headers package for the kernel in question. */
import type { Fault } from '../fault.ts';
import { installDevel } from '../common-remedies.ts';

export const DEVEL_MISSING: Fault = {
  summary: 'no kernel-devel or headers package for the kernel in question',
  page: {
    meaning:
      'stap compiles a kernel module for every script, and for that it needs the build tree of exactly the kernel in question: configuration, symbol versions, makefiles and headers. It looks for it in /lib/modules/RELEASE/build, and the first file it opens there, .config, is not there.',
    tell: '"ls -l /lib/modules/$(uname -r)/build" shows no such file, or a link to a directory that does not exist, and no kernel-devel or linux-headers package of that release is installed.',
    todo: 'Install the package with the release in its name, not the newest one: "yum install kernel-devel" without a version takes the newest, which only fits after a reboot. Point releases leave the mirrors for a vault; tapprep install looks there as well.',
  },
  beyondTarget: false,
  explains: [],
  remedy: installDevel,
};
