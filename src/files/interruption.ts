/** How a run that was told to stop ends. */
import { TapprepError } from '../errors.ts';

/** @param what the work that is ended, after "stopped while" @throws TapprepError INTERRUPTED when the signal was given */
export function throwIfStopped(signal: AbortSignal | undefined, what: string, cause?: unknown): void {
  if (signal?.aborted === true) throw new TapprepError('INTERRUPTED', `stopped while ${what}`, { cause });
}
