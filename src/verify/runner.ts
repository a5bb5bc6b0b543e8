/** What runs that which was compiled, on the machine for which it was. */
import { posix } from 'node:path';
import type { Runtime } from '../types.ts';

export interface RunnerOptions {
  /** How staprun is called; by its name where left out. */
  readonly staprunArgv?: readonly string[];
  readonly runtime?: Runtime;
}

/** Start of its command line; stapbpf lies beside staprun. */
export function runnerOf({ staprunArgv = ['staprun'], runtime }: RunnerOptions): readonly string[] {
  const [staprun = ''] = staprunArgv;
  if (runtime !== 'bpf') return staprunArgv;
  return [staprun.includes('/') ? posix.join(posix.dirname(staprun), 'stapbpf') : 'stapbpf'];
}
