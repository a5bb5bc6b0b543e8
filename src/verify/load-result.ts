/** How loading one module went, wherever it was. */
import type { VmJob, VmJobResult } from '../vm/job.ts';
import { findErrorLines, quoteOutput } from './tool-words.ts';

export interface LoadResult {
  /** One sentence; null when it ran, was seen, and went away. */
  readonly reason: string | null;
  readonly output: string;
  readonly seconds: number;
}

/** The result of a job in a guest. */
export function loadResultOf(job: VmJob, result: VmJobResult, console: string): LoadResult {
  const parts = [result.stdout, result.stderr, result.triggerOutput, result.kernelLog];
  if (result.outcome === 'lost') parts.push(console);
  return {
    reason: reasonOf(job, result),
    output: quoteOutput(parts.filter((part) => part !== '').join('\n')),
    seconds: result.seconds,
  };
}

function reasonOf(job: VmJob, result: VmJobResult): string | null {
  switch (result.outcome) {
    case 'not-run':
      return 'the virtual machine went down before this module was loaded';
    case 'lost':
      return 'the virtual machine went down while this module was loaded';
    case 'flooded':
      return 'the script printed more than 16 MiB and was stopped';
    case 'timed-out':
      return result.missed.length > 0
        ? `"${result.missed[0] ?? ''}" was not printed within ${job.timeoutMs / 1000} s`
        : `the script did not end within ${job.timeoutMs / 1000} s`;
    case 'ended':
      break;
  }
  if (result.exitStatus !== 0) {
    const words = findErrorLines(result.stderr, 1).join('');
    return `staprun exited with status ${result.exitStatus ?? 'none'}: ${words === '' ? 'it gave no reason' : words}`;
  }
  if (result.missed.length > 0) return `the module ran, but "${result.missed[0] ?? ''}" was not printed`;
  return result.removed ? null : 'the module was still in the kernel when staprun had ended';
}
