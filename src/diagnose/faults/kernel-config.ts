/** A CONFIG_ option that SystemTap needs is off in this kernel. */
import type { Fault } from '../fault.ts';
import { run } from '../../make-remedy.ts';
import { releaseWord } from '../rule.ts';
import { shellText } from '../../shell-words.ts';

export const KERNEL_CONFIG: Fault = {
  summary: 'a CONFIG_ option that SystemTap needs is off in this kernel',
  page: {
    meaning:
      'An option that SystemTap or this kind of probe needs is off in the kernel: MODULES, KPROBES, RELAY, DEBUG_FS, UPROBES, TRACEPOINTS, PERF_EVENTS or KALLSYMS.',
    tell: 'Look for it in /boot/config-RELEASE or /proc/config.gz.',
    todo: 'Use a kind of probe that does not need it, or boot a kernel that has it.',
  },
  beyondTarget: true,
  explains: [],
  remedy: (situation) => ({
    remedies: [
      run(
        shellText`grep -E 'CONFIG_(MODULES|KPROBES|RELAY|DEBUG_FS|UPROBES|TRACEPOINTS|PERF_EVENTS|KALLSYMS)=' /boot/config-${releaseWord(situation)}`,
      ),
    ],
    otherwise:
      "An option that is off can only be had by booting another kernel: the distribution's own, or one rebuilt with it.",
  }),
};
