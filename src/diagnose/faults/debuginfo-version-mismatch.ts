/** The debug information that is there belongs to another kernel. */
import type { Fault } from '../fault.ts';
import { installDebuginfo } from '../common-remedies.ts';

export const DEBUGINFO_VERSION_MISMATCH: Fault = {
  summary: 'the debug information that is there belongs to another kernel',
  page: {
    meaning:
      'Debug information is installed, but that of another build. Package managers install the newest when no version is given.',
    tell: 'The release in the package name differs from "uname -r", or the build-id of the vmlinux ("eu-readelf -n") differs from that in /sys/kernel/notes.',
    todo: 'Install the one of the running kernel; the common package must have the same version.',
  },
  beyondTarget: false,
  explains: [],
  remedy: installDebuginfo,
};
