/** One file: from the cache, or under its lock from the network into the cache. */
import { createHash } from 'node:crypto';
import { TapprepError, redact } from '../errors.ts';
import { type CachedFile, sizeOf } from './cache.ts';
import { download, type DownloadOutcome } from './download.ts';
import type { IndexEntry } from './index-entry.ts';
import { acquireLock } from './lock.ts';
import { PartFile } from './part-file.ts';
import { type PartRecord, readPartRecord, removePart, writePartRecord } from './part-record.ts';
import { createMeter } from './progress.ts';
import type { FetchRequest, FetchedFile, FetchContext } from './request.ts';
import type { PartState, Validators } from './transfer.ts';

/** Below this a digest costs less time than starting a thread for it. */
const THREAD_BYTES = 16 << 20;

/** Two requests with the same key end in the same file. */
export function keyOf(request: FetchRequest): string {
  if (request.digest !== null) return `${request.digest.algorithm}-${request.digest.hex}`;
  return `url-${createHash('sha256')
    .update(request.urls[0] ?? '')
    .digest('hex')}`;
}

/**
 * Fetches one file. `key` is `keyOf(request)`.
 * @throws TapprepError as Fetcher.fetchFile says
 */
export async function fetchOne(request: FetchRequest, key: string, context: FetchContext): Promise<FetchedFile> {
  checkRequest(request);
  const { cache, signal } = context;
  const cached = await findCached(request, context);
  if (cached !== null && (request.digest !== null || context.offline)) return cached;
  if (context.offline) throw offlineError(request, context);
  await cache.prepare();
  const part = cache.partPath(key);
  const lock = await acquireLock({
    path: cache.lockPath(key),
    self: context.self,
    what: request.name,
    timeoutMs: context.limits.lockMs,
    progress: () => sizeOf(part),
    now: context.now,
    sleep: context.sleep,
    signal,
    onWait: (text) => context.emit({ type: 'note', level: 'info', text }),
  });
  try {
    // Another process may have finished it while this one waited.
    const meanwhile = request.digest === null ? null : await findCached(request, context);
    return meanwhile ?? (await fetchIntoCache(request, part, context));
  } finally {
    await lock.release();
  }
}

function checkRequest(request: FetchRequest): void {
  if (request.urls.length === 0)
    throw new TapprepError('INTERNAL', `${request.name} has no address to be fetched from`);
  for (const url of request.urls) {
    if (!URL.canParse(url)) throw new TapprepError('UNSAFE_URL', `"${url}" is no address that can be fetched`);
  }
  if (request.sizeBytes === null || request.sizeBytes <= request.maxBytes) return;
  throw new TapprepError(
    'TOO_LARGE',
    `${request.name} has ${request.sizeBytes} bytes by its index but at most ${request.maxBytes} are taken`,
    { facts: { sizeBytes: request.sizeBytes, maxBytes: request.maxBytes } },
  );
}

/** By digest; without one by what the addresses gave last. */
async function findCached(request: FetchRequest, context: FetchContext): Promise<FetchedFile | null> {
  const { cache, signal } = context;
  if (request.digest !== null) {
    const file = await cache.find(request.digest, signal);
    return file === null ? null : fromCache(file, request.urls[0] ?? '', request);
  }
  for (const url of request.urls) {
    const found = await recallFile(url, context);
    if (found !== null) return fromCache(found.file, url, request);
  }
  return null;
}

async function recallFile(
  url: string,
  { cache, signal }: FetchContext,
): Promise<{ readonly entry: IndexEntry; readonly file: CachedFile } | null> {
  const entry = await cache.recall(url);
  if (entry === null) return null;
  const file = await cache.find({ algorithm: 'sha256', hex: entry.sha256 }, signal);
  return file === null ? null : { entry, file };
}

function fromCache(file: CachedFile, url: string, request: FetchRequest): FetchedFile {
  if (request.sizeBytes !== null && request.sizeBytes !== file.sizeBytes) {
    throw new TapprepError(
      'SIZE_MISMATCH',
      `${request.name} has ${request.sizeBytes} bytes by its index, but the bytes of its digest are ${file.sizeBytes}`,
      { facts: { expectedBytes: request.sizeBytes, actualBytes: file.sizeBytes, path: file.path } },
    );
  }
  return { ...file, url: redact(url), fromCache: true, inner: null };
}

function offlineError(request: FetchRequest, context: FetchContext): TapprepError {
  return new TapprepError('OFFLINE', `${request.name} is not in the cache ${context.cache.directory}`, {
    hint: 'run the same command once without --offline',
    facts: { urls: request.urls.map((url) => redact(url)), digest: request.digest },
  });
}

async function fetchIntoCache(request: FetchRequest, path: string, context: FetchContext): Promise<FetchedFile> {
  const { cache } = context;
  const known = new Map<string, { readonly entry: IndexEntry; readonly file: CachedFile }>();
  if (request.digest === null && request.fresh !== true) {
    for (const url of request.urls) {
      const found = await recallFile(url, context);
      if (found !== null) known.set(url, found);
    }
  }
  const outcome = await downloadPart(request, path, (url) => known.get(url)?.entry ?? null, context);
  if (outcome.kind === 'unchanged') {
    const found = known.get(outcome.url);
    if (found === undefined) throw new TapprepError('INTERNAL', `${request.name} is unchanged but not in the cache`);
    return fromCache(found.file, outcome.url, request);
  }
  const { sha256, sizeBytes, validators, inner } = outcome;
  const finalPath = await cache.adopt(path, sha256);
  await removePart(path, recordPath(path));
  await cache.remember(outcome.asked, { sha256, sizeBytes, ...validators, fetchedAt: context.now() });
  if (request.digest !== null && request.digest.algorithm !== 'sha256') {
    await cache.rememberDigest(request.digest, { sha256, sizeBytes });
  }
  return { path: finalPath, url: redact(outcome.url), sha256, sizeBytes, fromCache: false, inner };
}

function recordPath(part: string): string {
  return `${part}.json`;
}

async function downloadPart(
  request: FetchRequest,
  path: string,
  validators: (url: string) => Validators | null,
  context: FetchContext,
): Promise<DownloadOutcome> {
  const { emit, now, self, signal } = context;
  const record = await readPartRecord(recordPath(path));
  const keep = record !== null && isResumable(record, request, self.boot);
  const algorithms = new Set(['sha256', request.digest?.algorithm ?? 'sha256'] as const);
  const large = (request.sizeBytes ?? 0) >= THREAD_BYTES;
  const file = await PartFile.open(path, [...algorithms], {
    keep,
    reached: record?.reached,
    thread: large ? context.digestThread : null,
    inner: large ? request.inner : undefined,
  });
  const state: PartState = { file, record: keep ? record : null };
  const meter = createMeter(request.name, emit, now);
  meter.update(file.offset, request.sizeBytes);
  try {
    const outcome = await download({ ...request, validators }, state, {
      ...context,
      directory: context.cache.directory,
      boot: self.boot,
      onProgress: (bytes, total) => meter.update(bytes, total),
      saveRecord: (next) => writePartRecord(recordPath(path), next),
      onRetry: (text, level = 'info') => emit({ type: 'note', level, text }),
    });
    meter.finish();
    await file.close();
    if (outcome.kind === 'unchanged') await removePart(path, recordPath(path));
    return outcome;
  } catch (error) {
    await file.close();
    if (!signal.aborted && file.offset === 0) await removePart(path, recordPath(path));
    throw error;
  }
}

/** A part goes on only for the same file; without a digest only where no crash can have left holes in it. */
function isResumable(record: PartRecord, request: FetchRequest, boot: string): boolean {
  if (record.expected?.algorithm !== request.digest?.algorithm || record.expected?.hex !== request.digest?.hex) {
    return false;
  }
  if (record.size !== null && request.sizeBytes !== null && record.size !== request.sizeBytes) return false;
  return request.digest !== null || record.boot === boot;
}
