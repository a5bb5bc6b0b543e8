/** No debug information of the kernel. */
import type { Fault } from '../fault.ts';
import { installDebuginfo } from '../common-remedies.ts';

export const DEBUGINFO_MISSING: Fault = {
  summary: 'no debug information of the kernel',
  page: {
    meaning:
      'Probes on kernel functions and their variables need the debug information of exactly this kernel. stap names the build tree in its message, but that is not where it is missing. begin, timer and tracepoint probes work without it.',
    tell: 'There is no /usr/lib/debug/lib/modules/RELEASE/vmlinux. "stap -v -e \'probe begin { exit() }\'" works while "probe vfs.read" does not.',
    todo: 'Install kernel-debuginfo with its common package, -dbg (Debian) or -dbgsym (Ubuntu), with the release in the name. It takes 1 to 6 GB on disk.',
  },
  beyondTarget: false,
  explains: [],
  remedy: installDebuginfo,
};
