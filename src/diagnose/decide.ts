/** Where two causes remain: the one command whose output tells them apart. Pure. */
import { CHECK_SOURCES, run } from '../make-remedy.ts';
import type { DecidedBy, Remedy } from '../types.ts';
import type { DiagnosisCode } from './codes.ts';
import { renderRemedies } from './render-remedy.ts';
import { askOwner, settleRemedies } from './settle-remedies.ts';
import type { Situation } from './situation.ts';

interface Question {
  /** Any two of them are told apart by it. */
  readonly between: readonly DiagnosisCode[];
  readonly ask: (situation: Situation) => Remedy;
}

/** The first that fits is asked. */
const QUESTIONS: readonly Question[] = [
  {
    between: [
      'DEVEL_MISSING',
      'DEVEL_VERSION_MISMATCH',
      'KERNEL_NOT_LATEST_INSTALLED',
      'WRONG_VARIANT',
      'DEVEL_INCOMPLETE',
    ],
    ask: () => run('ls -ld /lib/modules/* /lib/modules/*/build'),
  },
  {
    between: ['DEBUGINFO_MISSING', 'DEBUGINFO_VERSION_MISMATCH', 'DEBUGINFO_UNUSABLE', 'KERNEL_NOT_LATEST_INSTALLED'],
    ask: () => run('find /usr/lib/debug -name "vmlinux*"'),
  },
  {
    between: ['CUSTOM_KERNEL_NO_PACKAGE', 'DEVEL_MISSING', 'DEBUGINFO_MISSING', 'REPO_NO_PACKAGE'],
    ask: askOwner,
  },
  { between: ['REPO_NO_PACKAGE', 'REPO_NOT_CONFIGURED', 'REPO_MISCONFIGURED'], ask: () => CHECK_SOURCES },
  {
    between: ['SECUREBOOT_SIGNATURE', 'PERM_GROUPS', 'CONTAINER_KERNEL_NOT_IN_IMAGE'],
    ask: () => run('grep -s . /sys/kernel/security/lockdown /proc/sys/kernel/modules_disabled /proc/1/cgroup'),
  },
  {
    between: [
      'GURU_MODVERSIONS',
      'DEVEL_VERSION_MISMATCH',
      'DEVEL_VENDOR_MISMATCH',
      'GCC_OR_BUILD_MISMATCH',
      'STALE_CACHE',
      'WRONG_VARIANT',
    ],
    // The kernel names both sides of what it compared.
    ask: () => run('dmesg | tail -n 20'),
  },
  { between: ['STAP_TOO_OLD', 'GCC_OR_BUILD_MISMATCH', 'KERNEL_CONFIG'], ask: () => run('stap --version') },
  { between: ['STAP_INSTALL_BROKEN', 'PERM_GROUPS'], ask: () => run('ls -l "$(command -v staprun)"') },
  { between: ['PERM_CONTROL_CHANNEL', 'KERNEL_CONFIG'], ask: () => run('grep debugfs /proc/filesystems') },
];

/** What tells the first answer from the second; null where nothing short does. */
export function decideBetween(first: DiagnosisCode, second: DiagnosisCode, situation: Situation): DecidedBy | null {
  const question = QUESTIONS.find(({ between }) => between.includes(first) && between.includes(second));
  if (question === undefined) return null;
  const [command] = renderRemedies(settleRemedies([question.ask(situation)], situation), situation.place);
  return command === undefined ? null : { against: second, command };
}
