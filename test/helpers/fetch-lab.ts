/** A fetcher in a directory of its own with fast limits, and what it told. */
import { createHash, randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Fetcher, createFetcher } from '../../src/fetch/fetcher.ts';
import type { FetchRequest, FetcherOptions } from '../../src/fetch/request.ts';
import type { Event } from '../../src/types.ts';

/** Waits short enough for tests, in the same proportions as the real ones. */
export const FAST_LIMITS = {
  connectMs: 500,
  responseMs: 600,
  idleMs: 600,
  lowSpeedBytesPerSecond: 1000,
  lowSpeedWindowMs: 600,
  attempts: 3,
  backoffMs: 4,
  maxBackoffMs: 20,
  maxRetryAfterMs: 2_000,
  lockMs: 500,
} as const;

export interface FetchLab {
  readonly cacheDir: string;
  readonly events: Event[];
  fetcher(options?: Partial<FetcherOptions>): Promise<Fetcher>;
  /** What lies in the cache beside final files and the index: parts, records, locks, temporary files. */
  leftovers(): Promise<readonly string[]>;
  /** The final files and whether each holds what its name says. */
  finalFiles(): Promise<readonly { readonly path: string; readonly right: boolean }[]>;
  /** Makes the cache directory. */
  prepared(): Promise<{ readonly uid: number }>;
  /** Makes it another user's; for root only. */
  giveAway(uid: number): Promise<void>;
  /** The names and contents of all small files of the cache, to look for what must not be there. */
  allText(): Promise<string>;
  close(): Promise<void>;
}

/** Makes an empty cache directory. */
export async function openFetchLab(): Promise<FetchLab> {
  const base = await mkdtemp(join(tmpdir(), 'tapprep-fetch-'));
  const cacheDir = join(base, 'cache');
  const events: Event[] = [];
  const files = async (): Promise<string[]> => {
    const entries = await readdir(cacheDir, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  };
  return {
    cacheDir,
    events,
    leftovers: async () =>
      (await files()).filter(
        (path) => !/\/(?:sha256\/..\/[0-9a-f]{64}|index\/[0-9a-f]{64}\.json|CACHEDIR\.TAG)$/.test(path),
      ),
    fetcher: (options = {}) =>
      createFetcher({
        cacheDir,
        offline: false,
        emit: (event) => events.push(event),
        now: Date.now,
        sleep: sleepUnless,
        random: Math.random,
        signal: new AbortController().signal,
        ...options,
        limits: { ...FAST_LIMITS, ...options.limits },
      }),
    finalFiles: async () => {
      const paths = (await files()).filter((path) => path.startsWith(join(cacheDir, 'sha256')));
      return await Promise.all(
        paths.map(async (path) => ({ path, right: path.endsWith(sha256(await readFile(path))) })),
      );
    },
    prepared: async () => {
      await mkdir(cacheDir, { recursive: true });
      return { uid: (await stat(cacheDir)).uid };
    },
    giveAway: (uid) => chown(cacheDir, uid, uid),
    allText: async () => {
      const paths = (await files()).filter((path) => path.endsWith('.json'));
      return [...paths, ...(await Promise.all(paths.map((path) => readFile(path, 'utf8'))))].join('\n');
    },
    close: () => rm(base, { recursive: true, force: true }),
  };
}

/** Sleeps; returns at once when the signal fires. */
export async function sleepUnless(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** Hex sha256 of bytes. */
function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Random bytes that no compression shortens. */
export function randomContent(bytes: number): Buffer {
  return randomBytes(bytes);
}

/** A request for exactly this content. */
export function requestFor(content: Buffer, ...urls: readonly string[]): FetchRequest {
  return {
    name: 'file.bin',
    urls,
    sizeBytes: content.length,
    digest: { algorithm: 'sha256', hex: sha256(content) },
    maxBytes: 1 << 30,
    redirects: 'any',
  };
}

/** Whether a file has exactly this content. */
export async function holds(path: string, content: Buffer): Promise<boolean> {
  return content.equals(await readFile(path));
}
