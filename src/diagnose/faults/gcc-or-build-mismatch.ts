/** The compiler is missing, or it or the symbol versions differ from those of the kernel. */
import type { Fault } from '../fault.ts';
import { EMPTY_CACHE, install, run } from '../../make-remedy.ts';

export const GCC_OR_BUILD_MISMATCH: Fault = {
  summary: 'the compiler is missing, or it or the symbol versions differ from those of the kernel',
  page: {
    meaning:
      'The compiler is missing or not the one that the kernel was built with, or the symbol versions of the build tree are not those of the kernel.',
    tell: 'Compare "gcc --version" with /proc/version or CONFIG_CC_VERSION_TEXT; dmesg names the symbol that disagrees or is unknown.',
    todo: "Put the distribution's own compiler first in the PATH, install the version the kernel asks for, and take the build tree from the build that runs.",
  },
  beyondTarget: false,
  explains: [],
  remedy: () => ({
    remedies: [install(['gcc', 'make'], 'toolchain'), run('env PATH=/usr/bin:/bin gcc --version'), EMPTY_CACHE],
    otherwise:
      'Compare the compiler in /proc/version or CONFIG_CC_VERSION_TEXT with "gcc --version"; the major version must be the same.',
  }),
};
