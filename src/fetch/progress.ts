/** Progress: rates from what arrived lately, events not more often than an eye can follow. Pure but for the clock. */
import type { Emit } from '../types.ts';

const WINDOW_MS = 5_000;
const EVENT_MS = 200;

export interface Meter {
  /** Tells the bytes that are there now and how many there will be; null: unknown. */
  update(bytes: number, total: number | null): void;
  /** The last event, whatever the time. */
  finish(): void;
}

/** A meter that emits throttled progress events of one item. */
export function createMeter(item: string, emit: Emit, now: () => number): Meter {
  const samples: { readonly at: number; readonly bytes: number }[] = [];
  let bytes = 0;
  let total: number | null = null;
  let emitted = -Infinity;

  function send(at: number): void {
    emitted = at;
    samples.push({ at, bytes });
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > WINDOW_MS) samples.shift();
    const rate = rateOf(samples);
    const left = total === null ? null : Math.max(0, total - bytes);
    const secondsLeft = left === null || rate === null || rate === 0 ? null : left / rate;
    const bytesPerSecond = rate === null ? null : Math.round(rate);
    emit({ type: 'progress', item, bytes, totalBytes: total, bytesPerSecond, secondsLeft });
  }

  return {
    update(newBytes, newTotal) {
      // A restart goes backwards: rates of the bytes that were thrown away mean nothing.
      if (newBytes < bytes) samples.length = 0;
      bytes = newBytes;
      total = newTotal;
      const at = now();
      if (samples.length === 0) samples.push({ at, bytes });
      if (at - emitted >= EVENT_MS) send(at);
    },
    finish() {
      if (samples.length > 0) send(now());
    },
  };
}

/** Bytes a second; null before any time has passed. */
function rateOf(samples: readonly { readonly at: number; readonly bytes: number }[]): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at) return null;
  return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.at - first.at));
}
