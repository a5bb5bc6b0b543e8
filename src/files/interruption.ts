/** How reading and writing of files ends when the run is told to stop. */
import { refuseWhenStopped } from '../interruption.ts';

/** @param what the work that is ended, after "stopped while" @throws TapprepError INTERRUPTED when the signal was given */
export function throwIfStopped(signal: AbortSignal | undefined, what: string, cause?: unknown): void {
  refuseWhenStopped(signal, `while ${what}`, { cause });
}
