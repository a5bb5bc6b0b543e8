/** System.map is absent or empty. */
import type { Fault } from '../fault.ts';
import { installSymbolTable } from '../common-remedies.ts';

export const SYSMAP_MISSING: Fault = {
  summary: 'System.map is absent or empty',
  page: {
    meaning:
      "Neither the build tree nor /boot has a System.map, so stap has no table of the kernel's symbols. Probes by symbol name and return probes in programs need it.",
    tell: 'The warning "Kernel function symbol table missing" appears before pass 1.',
    todo: 'Install the debug package, write /proc/kallsyms there as root, or build the tree that -r names.',
  },
  beyondTarget: false,
  explains: [],
  remedy: installSymbolTable,
};
