/** System.map is the placeholder that Debian and Ubuntu install. */
import type { Fault } from '../fault.ts';
import { installSymbolTable } from '../common-remedies.ts';

export const SYSMAP_STUB: Fault = {
  summary: 'System.map is the placeholder that Debian and Ubuntu install',
  page: {
    meaning:
      'Debian and Ubuntu install a System.map of one line that only names the package with the real one. stap then knows no symbols; begin and timer probes do not mind.',
    tell: '"wc -l /boot/System.map-$(uname -r)" says 1.',
    todo: 'Install the debug package, or write /proc/kallsyms there as root.',
  },
  beyondTarget: false,
  explains: [],
  remedy: installSymbolTable,
};
