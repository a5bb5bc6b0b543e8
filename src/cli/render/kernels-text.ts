/** The outcomes of many rehearsals as one table. */
import { countOf } from '../../count.ts';
import { textOf } from '../../sentence.ts';
import type { KernelOutcome } from '../../pipeline/rehearse-kernels.ts';
import { formatSeconds } from './progress-text.ts';
import { renderTable } from './table.ts';

/** One row a kernel, in the order in which they were rehearsed, and how many of them are proven. */
export function renderKernels(outcomes: readonly KernelOutcome[]): string {
  const rows = outcomes.map((one) => [
    one.release,
    one.ready ? 'proven' : 'NOT PROVEN',
    one.systemtap ?? '-',
    one.hello,
    one['kernel.function'],
    formatSeconds(one.seconds),
    [one.code, one.reason === null ? null : textOf(one.reason)].filter((part) => part !== null).join(': '),
  ]);
  const proven = outcomes.filter(({ ready }) => ready).length;
  const head = ['kernel', '', 'SystemTap', 'hello', 'kernel.function', 'time', 'why not'];
  return `${renderTable(head, rows)}\n\n${proven} of ${countOf(outcomes.length, 'kernel is', 'kernels are')} proven`;
}
