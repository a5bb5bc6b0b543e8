/** Progress: rates from what arrived lately, events not more often than an eye can follow. Pure but for the clock. */
import type { Emit } from '../types.ts';

const WINDOW_MS = 5_000;
const EVENT_MS = 200;

export interface Meter {
  /** Tells the bytes that are there now, how many there will be (null: unknown), and how many of them need not arrive. */
  update(bytes: number, total: number | null, kept?: number): void;
  /** The last event, whatever the time. */
  finish(): void;
}

/** A meter that emits throttled progress events of one item. */
export function createMeter(item: string, emit: Emit, now: () => number): Meter {
  const samples: { readonly at: number; readonly arrived: number }[] = [];
  let bytes = 0;
  let arrived = 0;
  let total: number | null = null;
  let emitted = -Infinity;

  function send(at: number): void {
    emitted = at;
    samples.push({ at, arrived });
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > WINDOW_MS) samples.shift();
    const rate = rateOf(samples);
    const left = total === null ? null : Math.max(0, total - bytes);
    const secondsLeft = left === null || rate === null || rate === 0 ? null : left / rate;
    const bytesPerSecond = rate === null ? null : Math.round(rate);
    emit({ type: 'progress', item, bytes, totalBytes: total, bytesPerSecond, secondsLeft });
  }

  return {
    update(newBytes, newTotal, kept = 0) {
      // A restart goes backwards: rates of the bytes that were thrown away mean nothing.
      if (newBytes - kept < arrived) samples.length = 0;
      bytes = newBytes;
      arrived = bytes - kept;
      total = newTotal;
      const at = now();
      if (samples.length === 0) samples.push({ at, arrived });
      if (at - emitted >= EVENT_MS) send(at);
    },
    finish() {
      if (samples.length > 0) send(now());
    },
  };
}

/** Bytes a second; null before any time has passed and while nothing has come. */
function rateOf(samples: readonly { readonly at: number; readonly arrived: number }[]): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at || last.arrived === 0) return null;
  return Math.max(0, ((last.arrived - first.arrived) * 1000) / (last.at - first.at));
}
