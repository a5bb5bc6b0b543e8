/** Fetches in a process of its own, to be killed or to run beside others: argv[2] is JSON, stdout one line of JSON. */
import { createFetcher } from '../../src/fetch/fetcher.ts';
import type { FetchLimits } from '../../src/fetch/limits.ts';
import type { FetchRequest } from '../../src/fetch/request.ts';
import { isTapprepError } from '../../src/errors.ts';
import { FAST_LIMITS, sleepUnless } from './fetch-lab.ts';

export interface ChildTask {
  readonly cacheDir: string;
  readonly request: FetchRequest;
  readonly lockMs: number;
  readonly limits?: Partial<FetchLimits>;
}

const task = JSON.parse(process.argv[2] ?? '') as ChildTask;

async function work(): Promise<unknown> {
  try {
    const fetcher = await createFetcher({
      cacheDir: task.cacheDir,
      offline: false,
      emit: () => undefined,
      now: Date.now,
      sleep: sleepUnless,
      random: Math.random,
      signal: new AbortController().signal,
      limits: { ...FAST_LIMITS, responseMs: 5_000, idleMs: 5_000, lockMs: task.lockMs, ...task.limits },
    });
    return await fetcher.fetchFile(task.request);
  } catch (error) {
    if (!isTapprepError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}

process.stdout.write(`${JSON.stringify(await work())}\n`);
