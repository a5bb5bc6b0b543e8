/** Debug information was found but holds no usable DWARF. */
import type { Fault } from '../fault.ts';
import { EMPTY_CACHE, reinstall } from '../../make-remedy.ts';

export const DEBUGINFO_UNUSABLE: Fault = {
  summary: 'debug information was found but holds no usable DWARF',
  page: {
    meaning:
      'An image of the kernel was found, but no DWARF that belongs to it: the file is stripped, its debug information is split into .dwo files, or the debug file is of another build.',
    tell: '"eu-readelf -S" of the vmlinux shows no .debug_info, or its build-id is not the kernel\'s.',
    todo: 'Install the debug package of exactly this build. For a kernel of your own set CONFIG_DEBUG_INFO and neither SPLIT nor REDUCED.',
  },
  beyondTarget: false,
  explains: [],
  remedy: ({ packages }) => ({
    remedies: [reinstall(packages.debuginfo, 'kernel'), EMPTY_CACHE],
    otherwise:
      'Compare "eu-readelf -n" of the vmlinux below /usr/lib/debug with /sys/kernel/notes, and look for a .debug_info section with "eu-readelf -S".',
  }),
};
