/** Several files at once, with one total; the first failure stops the rest and leaves their parts to be resumed. */
import { countOf } from '../count.ts';
import type { Emit } from '../types.ts';
import { keyOf } from './fetch-file.ts';
import { createMeter } from './progress.ts';
import type { FetchRequest, FetchedFile, FetchContext } from './request.ts';
import { checkSpace } from './space.ts';

/** Name of the item that the total progress goes by. */
export const TOTAL_ITEM = 'total';

type FetchFile = (request: FetchRequest, signal: AbortSignal, emit: Emit) => Promise<FetchedFile>;

/** What else must hold of a file, checked while others still arrive; a failure stops them as one of the network does. */
export type CheckFile = (file: FetchedFile, at: number) => Promise<void>;

/**
 * Fetches all, `concurrency` at a time, results in the order asked.
 * @throws TapprepError of the first that failed, after the others have stopped
 */
export async function fetchAll(
  requests: readonly FetchRequest[],
  context: FetchContext,
  fetchFile: FetchFile,
  check: CheckFile,
): Promise<readonly FetchedFile[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const total = createTotal(requests, context);
  const results: FetchedFile[] = [];
  const failures: unknown[] = [];
  let next = 0;

  async function work(): Promise<void> {
    for (let at = next++; at < requests.length && failures.length === 0; at = next++) {
      const request = requests[at];
      if (request === undefined) return;
      try {
        const file = await fetchFile(request, signal, total.listen(at));
        total.done(at, file);
        await check(file, at);
        results[at] = file;
      } catch (error) {
        // Those that fail afterwards were stopped by the first.
        failures.push(error);
        stop.abort();
      }
    }
  }

  await checkRoom(requests, context);
  await Promise.all(Array.from({ length: Math.min(context.concurrency, requests.length) }, work));
  if (failures.length > 0) throw failures[0];
  total.finish();
  return results;
}

/** Refuses before the first byte what cannot fit; files that are in the cache already are not counted. */
async function checkRoom(requests: readonly FetchRequest[], context: FetchContext): Promise<void> {
  const { cache } = context;
  let needed = 0;
  for (const request of requests) {
    if (request.sizeBytes === null) continue;
    needed += Math.max(0, request.sizeBytes - (await cache.bytesThere(request.digest, keyOf(request))));
  }
  if (needed === 0 || context.offline) return;
  await cache.prepare();
  await checkSpace(cache.directory, needed, `fetching ${countOf(requests.length, 'file')}`);
}

interface Total {
  listen(at: number): Emit;
  done(at: number, file: FetchedFile): void;
  finish(): void;
}

function createTotal(requests: readonly FetchRequest[], { emit, now }: FetchContext): Total {
  const meter = createMeter(TOTAL_ITEM, emit, now);
  const bytes = requests.map(() => 0);
  /** Of a file that goes on, what its first event tells; of one from the cache, all. */
  const kept = requests.map((): number | null => null);
  const sizes: (number | null)[] = requests.map((request) => request.sizeBytes);

  function update(): void {
    const known = sizes.every((size) => size !== null);
    meter.update(sum(bytes), known ? sum(sizes) : null, sum(kept));
  }

  return {
    listen: (at) => (event) => {
      emit(event);
      if (event.type !== 'progress') return;
      bytes[at] = event.bytes;
      kept[at] ??= event.bytes;
      sizes[at] ??= event.totalBytes;
      update();
    },
    done(at, { sizeBytes, fromCache }) {
      bytes[at] = sizeBytes;
      sizes[at] = sizeBytes;
      if (fromCache) kept[at] = sizeBytes;
      update();
    },
    finish: () => meter.finish(),
  };
}

function sum(numbers: readonly (number | null)[]): number {
  return numbers.reduce<number>((total, number) => total + (number ?? 0), 0);
}
