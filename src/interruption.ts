/** The end that a signal asks for: the one place where an abort becomes INTERRUPTED, with the signal's name. */
import { adviceOf, type ErrorDetails, isTapprepError, type StopSignal, TapprepError } from './errors.ts';

/** What an AbortSignal carries as its reason when a signal of the system stopped the run. */
export class StopRequest extends Error {
  readonly signal: StopSignal;

  constructor(signal: StopSignal) {
    super(`stopped by ${signal}`);
    this.name = 'AbortError';
    this.signal = signal;
  }
}

/** The signal that stopped the run; null where it goes on, or where something else ended it. */
export function stopSignalOf(signal: AbortSignal): StopSignal | null {
  const reason: unknown = signal.reason;
  return reason instanceof StopRequest ? reason.signal : null;
}

/** The error for work that was stopped. @param doing follows "stopped": "while reading FILE" */
export function interrupted(signal: AbortSignal, doing: string, details: ErrorDetails = {}): TapprepError {
  const name = stopSignalOf(signal);
  return new TapprepError('INTERRUPTED', `stopped ${name === null ? '' : `by ${name} `}${doing}`, {
    ...details,
    facts: { ...details.facts, ...(name === null ? {} : { signal: name }) },
  });
}

/** @throws TapprepError INTERRUPTED once the run is to stop */
export function refuseWhenStopped(signal: AbortSignal | undefined, doing: string, details: ErrorDetails = {}): void {
  if (signal?.aborted === true) throw interrupted(signal, doing, details);
}

/** What a failure is once the run is to stop: an abort that no place gave a sentence, else the failure itself. */
export function asInterruption(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted) return error;
  if (isTapprepError(error)) return error.code === 'INTERRUPTED' ? withSignal(error, signal) : error;
  return interrupted(signal, 'before it had come to its end', { cause: error });
}

function withSignal(error: TapprepError, signal: AbortSignal): TapprepError {
  const name = stopSignalOf(signal);
  if (name === null || error.facts['signal'] !== undefined) return error;
  return new TapprepError('INTERRUPTED', error.message, {
    ...adviceOf(error),
    facts: { ...error.facts, signal: name },
    cause: error,
  });
}
