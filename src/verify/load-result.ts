/** How loading one module went, wherever it was. */
import { escapeControl } from '../errors.ts';
import type { VmJob, VmJobResult } from '../vm/job.ts';
import type { Blame } from '../types.ts';
import { blame, type Fault } from './step.ts';
import { findErrorLines, quoteOutput } from './tool-words.ts';

export interface LoadResult {
  /** Null when it ran, was seen, and went away. */
  readonly fault: Fault | null;
  readonly output: string;
  readonly seconds: number;
}

/** The result of a job in a guest. @param own to whom it is due when the module itself does not do what it should */
export function loadResultOf(job: VmJob, result: VmJobResult, console: string, own: Blame | null): LoadResult {
  const parts = [result.stdout, result.stderr, result.triggerOutput, result.kernelLog];
  if (result.outcome === 'lost' || result.outcome === 'silent') parts.push(console);
  return {
    fault: findFault(job, result, own),
    output: quoteOutput(parts.filter((part) => part !== '').join('\n')),
    seconds: result.seconds,
  };
}

function findFault(job: VmJob, result: VmJobResult, own: Blame | null): Fault | null {
  switch (result.outcome) {
    case 'not-run':
      return blame('this-machine', 'the virtual machine went down before this module was loaded');
    case 'lost':
      // Without guru mode no script can do that by itself.
      return blame('systemtap', 'the virtual machine went down while this module was loaded');
    case 'silent':
      // A kernel that hangs and a machine that is too slow look the same from here.
      return blame(null, 'the virtual machine answered no more while this module was loaded');
    case 'flooded':
      return blame(own, 'the script printed more than 16 MiB and was stopped');
    case 'timed-out':
      return findUnregistered(result.stderr, own) ?? missedInTime(job, result, own);
    case 'ended':
      break;
  }
  return judgeEnd(
    {
      exitStatus: result.exitStatus,
      stderr: result.stderr,
      missed: result.missed[0] ?? null,
      removed: result.removed,
    },
    own,
  );
}

function missedInTime(job: VmJob, result: VmJobResult, own: Blame | null): Fault {
  return result.missed.length > 0
    ? blame(own, `"${result.missed[0] ?? ''}" was not printed within ${job.timeoutMs / 1000} s`)
    : blame('this-machine', `the script did not end within ${job.timeoutMs / 1000} s`);
}

/** How a staprun came to its end by itself. */
export interface StaprunEnd {
  /** Null when a signal ended it. */
  readonly exitStatus: number | null;
  readonly stderr: string;
  /** What the script did not print; null when all was seen. */
  readonly missed: string | null;
  /** The module was out of the kernel afterwards. */
  readonly removed: boolean;
}

/** What was wrong with it; null when nothing was. */
export function judgeEnd({ exitStatus, stderr, missed, removed }: StaprunEnd, own: Blame | null): Fault | null {
  if (exitStatus !== 0) {
    const words = findErrorLines(stderr, 1).join('');
    return blame(
      isRefusal(stderr) ? 'target' : own,
      `staprun exited with status ${exitStatus ?? 'none'}: ${words === '' ? 'it gave no reason' : words}`,
    );
  }
  const unregistered = findUnregistered(stderr, own);
  if (unregistered !== null) return unregistered;
  if (missed !== null) return blame(own, `the module ran, but "${missed}" was not printed`);
  return removed ? null : blame(own, 'the module was still in the kernel when staprun had ended');
}

/**
 * The probe that the kernel did not take: the script runs on without it, and staprun says nothing of it by its exit status. A
 * return probe that sits behind the entry of its function (arm64, Linux 6.1) is one; by the symbol it does sit there. No other
 * SystemTap puts it elsewhere, so that a rung is due to the kernel.
 */
function findUnregistered(stderr: string, own: Blame | null): Fault | null {
  const found = /^WARNING: probe (.{1,500}?) \(address 0x[0-9a-f]+\) registration error.*?(\(rc -?\d+\))?\s*$/m.exec(
    stderr,
  );
  if (found === null) return null;
  const [, probe = '', code = ''] = found;
  const name = /^kernel\.function\("([\w.]+)[@"].*\.return\b/.exec(probe)?.[1];
  const instead = name === undefined ? '' : `; kprobe.function("${name}").return may do instead`;
  const words = escapeControl(`the kernel did not take the probe ${probe} ${code}`.trimEnd() + instead);
  return blame(own === 'systemtap' ? 'target' : own, words);
}

/**
 * Whether the kernel refused the module by its policy, in the words that staprun has of strerror(3): EKEYREJECTED, ENOKEY,
 * EPERM. Another SystemTap would be refused as well.
 */
function isRefusal(stderr: string): boolean {
  return /Key was rejected by service|Required key not available|Operation not permitted/.test(stderr);
}
