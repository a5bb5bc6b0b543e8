/** Files by address and digest: from the cache where they are there, from the network where they are not. */
import { basename } from 'node:path';
import type { ReaderContext } from '../resolve/reader.ts';
import type { Emit, Sha256 } from '../types.ts';
import { openCache } from './cache.ts';
import { createDigestThread } from './digest-thread.ts';
import { type CheckFile, fetchAll } from './fetch-all.ts';
import { fetchOne, keyOf } from './fetch-file.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { createIdentities, type Identities } from './identity.ts';
import { createKnownHosts } from './known-hosts.ts';
import { acquireLock } from './lock.ts';
import { describeSelf } from './owner.ts';
import { createPatience, type Patience } from './patience.ts';
import type { FetchRequest, FetchedFile, FetcherOptions, FetchContext } from './request.ts';
import { probe } from './probe.ts';
import type { Transport } from './transport.ts';
import { createTransport } from './transports.ts';

export interface Fetcher {
  /**
   * @throws TapprepError NETWORK | NOT_FOUND | TIMEOUT | OFFLINE | UNSAFE_URL | TOO_LARGE | DIGEST_MISMATCH |
   *   SIZE_MISMATCH | NO_SPACE | PERMISSION | LOCKED | INTERRUPTED
   */
  fetchFile(request: FetchRequest): Promise<FetchedFile>;
  /** As a repository reader wants it; without a digest the address is asked each time whether the file changed. */
  readonly fetchMetadata: ReaderContext['fetchMetadata'];
  readonly probe: ReaderContext['probe'];
  /** Several at once, results in the order asked; the first failure, also of `check`, stops the rest, as `within.signal` does. */
  fetchAll(requests: readonly FetchRequest[], check?: CheckFile, within?: Within): Promise<readonly FetchedFile[]>;
  /** Does work that one process of this cache may do at a time, others waiting for it. @throws TapprepError LOCKED, INTERRUPTED */
  exclusively<T>(request: ExclusiveRequest, work: () => Promise<T>): Promise<T>;
  /** Everything below a base is asked as somebody whom its server knows. */
  readonly introduce: Identities['add'];
  /** Addresses of a scheme, "front-end:", are opened by a transport of the caller's. */
  serve(scheme: string, transport: Transport): void;
  /** Removes a file whose later check failed, so that the next run fetches it again. */
  evict(file: { readonly sha256: Sha256 }): Promise<void>;
}

/** Whoever is told of several files, and what ends them. */
export type Within = Pick<FetcherOptions, 'emit' | 'signal'>;

/** Something beside files that several processes may want to make in one cache. */
export interface ExclusiveRequest {
  /** A file name. */
  readonly name: string;
  /** For people: what is worked on. */
  readonly what: string;
  /** How long to wait for another process. */
  readonly waitMs: number;
  /** Ends the waiting; the run's own where left out. */
  readonly signal?: AbortSignal;
}

/** Makes a fetcher. Several may share one cache directory, in one process or in many. */
export async function createFetcher(options: FetcherOptions): Promise<Fetcher> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const self = await describeSelf();
  const identities = createIdentities();
  const schemes = new Map<string, Transport>();
  const patience = createPatience({
    silenceMs: limits.silenceMs,
    totalMs: options.timeoutMs ?? null,
    now: options.now,
    timer: ring,
  });
  const runSignal = AbortSignal.any([options.signal, patience.signal]);
  const context: FetchContext = {
    ...options,
    concurrency: options.concurrency ?? 3,
    limits,
    self,
    digestThread: createDigestThread(),
    signal: runSignal,
    hosts: createKnownHosts(limits),
    patience,
    sleep: (ms, signal) => patience.wait(() => options.sleep(ms, signal)),
    transport: waitingTransport(
      options.transport ?? createTransport(limits, options.env ?? {}, identities, schemes),
      patience,
    ),
    cache: openCache(options.cacheDir, self.uid, options.emit, options.now),
  };
  const running = new Map<string, Promise<FetchedFile>>();

  /** A run that has waited too long ends for that reason, not because somebody stopped it. */
  async function orReason<T>(work: Promise<T>): Promise<T> {
    return work.catch((error: unknown) => {
      throw patience.signal.aborted && !options.signal.aborted ? patience.signal.reason : error;
    });
  }

  /** One at a time of the same file; the second then finds it in the cache. */
  async function fetchFile(request: FetchRequest, signal: AbortSignal, emit: Emit): Promise<FetchedFile> {
    const key = keyOf(request);
    for (let other = running.get(key); other !== undefined; other = running.get(key)) {
      await other.catch(() => undefined);
    }
    const started = orReason(fetchOne(request, key, { ...context, signal, emit })).finally(() => running.delete(key));
    running.set(key, started);
    return await started;
  }

  return {
    fetchFile: (request) => fetchFile(request, runSignal, options.emit),
    fetchMetadata: (request) =>
      fetchFile(
        {
          name: basename(new URL(request.urls[0] ?? 'file:///nothing').pathname),
          redirects: request.digest !== null || request.signed === true ? 'any' : 'same-host',
          ...request,
        },
        runSignal,
        options.emit,
      ),
    probe: (url) => orReason(probe(url, context)),
    fetchAll: (requests, check = async () => undefined, { emit, signal } = options) =>
      fetchAll(requests, { ...context, emit, signal: AbortSignal.any([runSignal, signal]) }, fetchFile, check),
    introduce: (base, identity) => identities.add(base, identity),
    serve: (scheme, transport) => void schemes.set(scheme, transport),
    // Waiting for another process is no waiting for the network, however long that may be silent.
    exclusively: (request, work) =>
      exclusively(request, work, { ...context, sleep: options.sleep, signal: request.signal ?? options.signal }),
    evict: (file) => context.cache.evict(file.sha256),
  };
}

/** A timer that keeps no process alive; what is due already rings at once. */
function ring(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, Math.max(0, ms));
  timer.unref();
  return () => clearTimeout(timer);
}

function waitingTransport(transport: Transport, patience: Patience): Transport {
  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    const answer = await patience.wait(work);
    patience.heard();
    return answer;
  };
  return {
    open: async (url, request) => {
      const answer = await asked(() => transport.open(url, request));
      // It may fail before somebody reads it; whoever does then gets the failure.
      answer.body.on('error', () => undefined);
      return answer;
    },
    probe: (url, signal) => asked(() => transport.probe(url, signal)),
  };
}

async function exclusively<T>(request: ExclusiveRequest, work: () => Promise<T>, context: FetchContext): Promise<T> {
  const { cache, self, now, sleep, signal, emit } = context;
  await cache.prepare();
  const lock = await acquireLock({
    path: cache.lockPath(request.name),
    self,
    what: request.what,
    timeoutMs: request.waitMs,
    // What the owner does cannot be seen from outside, so only time counts.
    progress: () => Promise.resolve(0),
    now,
    sleep,
    signal,
    onWait: (text) => emit({ type: 'note', level: 'info', text }),
  });
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
