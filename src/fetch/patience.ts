/** How long a run waits for the network as a whole, whichever of its many requests does the waiting. */
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';

export interface Patience {
  /** Fires when the run has waited too long; its reason is the error to throw. */
  readonly signal: AbortSignal;
  /** Counts the time of a wait for the network. Several may wait at once. */
  wait<T>(work: () => Promise<T>): Promise<T>;
  /** Something came, from anywhere. */
  heard(): void;
}

export interface PatienceOptions {
  /** Waiting without a single byte. */
  readonly silenceMs: number;
  /** All waiting together; null for no bound. */
  readonly totalMs: number | null;
  readonly now: () => number;
  /** Calls back after a time; the returned function calls it off. */
  readonly timer: (ms: number, ring: () => void) => () => void;
}

/** Only time in which something waits for the network counts: a compiler may take as long as it likes. */
export function createPatience({ silenceMs, totalMs, now, timer }: PatienceOptions): Patience {
  const controller = new AbortController();
  let waiting = 0;
  let since = 0;
  let silent = 0;
  let total = 0;
  let cancel: (() => void) | null = null;

  /** Brings the sums up to now. */
  function count(): void {
    const passed = waiting === 0 ? 0 : now() - since;
    since = now();
    silent += passed;
    total += passed;
  }

  function check(): void {
    count();
    const left = Math.min(silenceMs - silent, (totalMs ?? Infinity) - total);
    if (left > 0) {
      cancel = timer(left, check);
      return;
    }
    controller.abort(totalMs !== null && total >= totalMs ? outOfTime(totalMs) : tooSilent(silenceMs));
  }

  return {
    signal: controller.signal,
    wait: async (work) => {
      count();
      waiting += 1;
      if (waiting === 1) check();
      try {
        return await work();
      } finally {
        count();
        waiting -= 1;
        if (waiting === 0) {
          cancel?.();
          cancel = null;
        }
      }
    },
    heard: () => {
      count();
      silent = 0;
    },
  };
}

function outOfTime(totalMs: number): TapprepError {
  return new TapprepError('TIMEOUT', `asking and fetching took ${totalMs / 1000} s, which is what --timeout allows`, {
    hint: 'the same command with a longer --timeout goes on from what has arrived',
    facts: { endsRun: true, timeoutMs: totalMs },
  });
}

function tooSilent(silenceMs: number): TapprepError {
  return new TapprepError('TIMEOUT', `no source has sent a byte for ${silenceMs / 1000} s, so the run ends here`, {
    remedy: tapprep('mirrors', 'check'),
    facts: { endsRun: true, silenceMs },
  });
}
