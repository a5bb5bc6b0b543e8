/** A CONFIG_ option that SystemTap needs is off in this kernel. */
import type { Fault } from '../fault.ts';
import { run } from '../../make-remedy.ts';
import { releaseWord } from '../rule.ts';
import type { Situation } from '../situation.ts';
import { quoteWord, shellText } from '../../shell-words.ts';
import type { ShellText } from '../../types.ts';

/** Both forms: CONFIG_A=y, and "# CONFIG_A is not set". */
const GREP = shellText`grep -E 'CONFIG_(MODULES|KPROBES|RELAY|DEBUG_FS|UPROBES|TRACEPOINTS|PERF_EVENTS|KALLSYMS)[= ]'`;

/** In the file that the facts are from. */
function look(situation: Situation): ShellText {
  const file = situation.host?.configFrom ?? null;
  if (file === null) return shellText`${GREP} /boot/config-${releaseWord(situation)}`;
  return file.endsWith('.gz') ? shellText`zcat ${quoteWord(file)} | ${GREP}` : shellText`${GREP} ${quoteWord(file)}`;
}

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
    remedies: [run(look(situation))],
    otherwise:
      "An option that is off can only be had by booting another kernel: the distribution's own, or one rebuilt with it.",
  }),
};
