/** One attempt: one URL, one request, bytes into the part. Resuming is decided here; retrying is not. */
import { redact } from '../errors.ts';
import type { Digest } from '../types.ts';
import { parseRetryAfter } from './backoff.ts';
import { chunksOf } from './body.ts';
import { TransferError, fetchInterrupted, networkFailure } from './failure.ts';
import type { FetchLimits } from './limits.ts';
import { releaseMemory } from './memory.ts';
import type { PartFile } from './part-file.ts';
import { hashUrl, recordOf, strongDate, strongValidator, type PartRecord } from './part-record.ts';
import type { Patience } from './patience.ts';
import { LATER, NOT_THERE } from './retry-status.ts';
import { checkSpace } from './space.ts';
import { parseContentRange, type RedirectPolicy, type Transport, type TransportResponse } from './transport.ts';

/** What the cache remembers of an address, to ask whether it changed. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export interface TransferJob {
  readonly name: string;
  readonly sizeBytes: number | null;
  readonly digest: Digest | null;
  readonly maxBytes: number;
  readonly redirects: RedirectPolicy;
}

export interface TransferContext {
  readonly transport: Transport;
  readonly limits: FetchLimits;
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Directory whose free space counts. */
  readonly directory: string;
  readonly boot: string;
  /** Bytes that are there now, and how many there will be (null: unknown). */
  readonly patience: Pick<Patience, 'wait' | 'heard'>;
  readonly onProgress: (bytes: number, total: number | null) => void;
  readonly saveRecord: (record: PartRecord) => Promise<void>;
}

/** Whether another mirror may well be faster than this many bytes a second. */
export type IsWorthLeaving = (bytesPerSecond: number) => boolean;

/** The state of a part between attempts. */
export interface PartState {
  readonly file: PartFile;
  record: PartRecord | null;
}

export type TransferOutcome =
  | { readonly kind: 'complete'; readonly validators: Validators; readonly url: string }
  | { readonly kind: 'unchanged' };

/**
 * Fetches the rest of a file from one URL, or all of it where the rest would not fit what is there.
 * @throws TransferError for what the retry loop handles; TapprepError INTERRUPTED | NO_SPACE | PERMISSION
 */
export async function transfer(
  url: string,
  job: TransferJob,
  part: PartState,
  validators: Validators | null,
  context: TransferContext,
  isWorthLeaving: IsWorthLeaving = () => false,
): Promise<TransferOutcome> {
  const ifRange = await prepareResume(url, job, part);
  const fresh = part.file.offset === 0 ? validators : null;
  const response = await context.transport.open(url, {
    offset: part.file.offset,
    end: null,
    ifRange,
    ifNoneMatch: fresh?.etag ?? null,
    ifModifiedSince: fresh !== null && fresh.etag === null ? fresh.lastModified : null,
    redirects: job.redirects,
    signal: context.signal,
  });
  try {
    if (response.status === 304 && fresh !== null) return { kind: 'unchanged' };
    if (isWhole(response, job, part)) return completed(response);
    const total = await acceptAnswer(url, response, job, part, context);
    await receive(url, response, job, part, total, context, isWorthLeaving);
  } finally {
    response.body.destroy();
  }
  return completed(response);
}

function completed(response: TransportResponse): TransferOutcome {
  const { url, headers } = response;
  return { kind: 'complete', url, validators: { etag: headers.etag, lastModified: strongDate(headers) } };
}

/** 416 to "the bytes after the last one": what is there is the whole file, and its digest is checked next. */
function isWhole(response: TransportResponse, job: TransferJob, part: PartState): boolean {
  const total = parseContentRange(response.headers.contentRange)?.total;
  return response.status === 416 && job.digest !== null && part.file.offset > 0 && total === part.file.offset;
}

/** Drops bytes that cannot be continued from this URL; returns the If-Range to send. */
async function prepareResume(url: string, job: TransferJob, part: PartState): Promise<string | null> {
  if (part.file.offset === 0) return null;
  const sameSource = part.record !== null && part.record.urlHash === hashUrl(url);
  const validator = sameSource && part.record !== null ? strongValidator(part.record) : null;
  // With a digest known beforehand any mirror may continue: a wrong mixture cannot pass. Without one only the
  // address that sent the first bytes may, and only if it promises that the file is still the same.
  if (validator === null && job.digest === null) await part.file.restart();
  return validator;
}

/** Checks status and headers before any byte is taken; returns the total size if it is known. */
async function acceptAnswer(
  url: string,
  response: TransportResponse,
  job: TransferJob,
  part: PartState,
  context: TransferContext,
): Promise<number | null> {
  const { status, headers } = response;
  const offset = part.file.offset;
  if (status !== 200 && status !== 206) throw await refusal(url, response, part, context.now());
  const range = parseContentRange(headers.contentRange);
  if (status === 206) {
    const why =
      offset === 0 ? 'a part was sent though the whole was asked for' : changeOf(range, part, url, headers.etag);
    if (why !== null) {
      await part.file.restart();
      throw new TransferError('NETWORK', `${url} cannot be continued at byte ${offset}: ${why}`, 'later', {
        facts: { url: redact(url), offset, contentRange: headers.contentRange },
      });
    }
  }
  const total = status === 206 ? (range?.total ?? null) : headers.contentLength;
  checkTotal(url, job, total);
  if (job.digest === null && isEncoded(url, headers.contentEncoding)) {
    throw new TransferError('NETWORK', `${url} is sent as ${headers.contentEncoding}, not as the file is`, 'never', {
      facts: { url: redact(url), contentEncoding: headers.contentEncoding },
    });
  }
  if (job.sizeBytes === null && job.digest === null && total === null && !headers.framed) {
    throw new TransferError('NETWORK', `${url} is sent without a length, so a cut file would look whole`, 'never', {
      facts: { url: redact(url) },
    });
  }
  if (status === 200 && offset > 0) await part.file.restart();
  const known = job.sizeBytes ?? total;
  await checkSpace(context.directory, known === null ? 0 : known - part.file.offset, job.name);
  if (part.file.offset === 0) {
    part.record = recordOf(url, headers, known, job.digest, context.boot);
    await context.saveRecord(part.record);
  }
  return known;
}

function changeOf(
  range: ReturnType<typeof parseContentRange>,
  part: PartState,
  url: string,
  etag: string | null,
): string | null {
  if (range === null || range.start !== part.file.offset) {
    return `the answer starts at ${range?.start ?? 'no stated byte'}`;
  }
  const before = part.record;
  if (before === null) return null;
  if (before.size !== null && range.total !== null && before.size !== range.total) {
    return `its size changed from ${before.size} to ${range.total}`;
  }
  const comparable = before.urlHash === hashUrl(url) && before.etag !== null && etag !== null;
  return comparable && before.etag !== etag ? `it changed from ${before.etag} to ${etag}` : null;
}

function checkTotal(url: string, job: TransferJob, total: number | null): void {
  if (total === null) return;
  if (job.sizeBytes !== null && total !== job.sizeBytes) {
    throw new TransferError(
      'SIZE_MISMATCH',
      `${job.name} has ${job.sizeBytes} bytes by its index but ${total} at ${url}`,
      'bad',
      { facts: { url: redact(url), expectedBytes: job.sizeBytes, actualBytes: total } },
    );
  }
  if (total > job.maxBytes) throw tooLarge(url, job, total);
}

function tooLarge(url: string, job: TransferJob, bytes: number): TransferError {
  return new TransferError('TOO_LARGE', `${url} has ${bytes} bytes but at most ${job.maxBytes} are taken`, 'bad', {
    facts: { url: redact(url), actualBytes: bytes, maxBytes: job.maxBytes },
  });
}

/** A .gz that is labelled with Content-Encoding: gzip is still the file; anything else so labelled is not. */
function isEncoded(url: string, encoding: string | null): boolean {
  if (encoding === null || encoding === '' || encoding.toLowerCase() === 'identity') return false;
  return !(/gzip$/i.test(encoding) && /\.t?gz$/i.test(new URL(url).pathname));
}

async function refusal(url: string, response: TransportResponse, part: PartState, now: number): Promise<TransferError> {
  const { status, headers } = response;
  const facts = { url: redact(url), status };
  if (NOT_THERE.has(status))
    return new TransferError('NOT_FOUND', `${url} is not there (${status})`, 'never', { facts });
  if (status === 416) {
    const offset = part.file.offset;
    await part.file.restart();
    return new TransferError('NETWORK', `${url} has no byte ${offset} (416)`, 'later', { facts });
  }
  const hint = status === 407 ? { hint: 'export http_proxy=http://USER:PASSWORD@HOST:PORT/' } : {};
  return new TransferError(
    'NETWORK',
    `${url} answered ${status}${status === 407 ? ': the proxy asks for a user and password' : ''}`,
    LATER.has(status) ? 'later' : 'never',
    { facts, ...hint, retryAfterMs: parseRetryAfter(headers.retryAfter, headers.date, now) },
  );
}

async function receive(
  url: string,
  response: TransportResponse,
  job: TransferJob,
  part: PartState,
  total: number | null,
  context: TransferContext,
  isWorthLeaving: IsWorthLeaving,
): Promise<void> {
  const { limits, now } = context;
  const began = { at: now(), offset: part.file.offset };
  let isHurried = total !== null;
  const bound = Math.min(total ?? job.maxBytes, job.maxBytes);
  let windowStart = now();
  let windowBytes = 0;
  const floor = Math.max(limits.lowSpeedBytesPerSecond, Math.ceil(((total ?? 0) * 1000) / limits.longestMs));
  const body = chunksOf(response);
  for (;;) {
    const chunk = await nextChunk(body, url, context.signal, context.patience);
    if (chunk === null) break;
    const received = part.file.offset + chunk.length;
    if (received > bound) {
      // However the body was cut into chunks: none of it is of use to a later attempt.
      await part.file.restart();
      if (total === null) throw tooLarge(url, job, received);
      throw new TransferError('SIZE_MISMATCH', `${url} sends more than the ${total} bytes that were announced`, 'bad', {
        facts: { url: redact(url), expectedBytes: total },
      });
    }
    windowBytes += chunk.length;
    await part.file.append(chunk);
    releaseMemory(chunk);
    context.onProgress(part.file.offset, total);
    const watched = now() - began.at;
    if (isHurried && total !== null && watched >= limits.hurryMs) {
      isHurried = false;
      const rate = ((part.file.offset - began.offset) * 1000) / watched;
      const leftMs = ((total - part.file.offset) * 1000) / rate;
      if (leftMs > limits.patienceMs && isWorthLeaving(rate)) throw tooSlow(url, rate, leftMs);
    }
    const elapsed = now() - windowStart;
    if (elapsed < limits.lowSpeedWindowMs) continue;
    if (windowBytes * 1000 < floor * elapsed) {
      throw new TransferError(
        'TIMEOUT',
        `${url} sent ${windowBytes} bytes in ${Math.round(elapsed / 1000)} s, less than ${floor} bytes a second`,
        'later',
        { facts: { url: redact(url), bytes: windowBytes, milliseconds: elapsed } },
      );
    }
    windowStart = now();
    windowBytes = 0;
  }
  if (total !== null && part.file.offset < total) {
    throw new TransferError('NETWORK', `${url} ended after ${part.file.offset} of ${total} bytes`, 'later', {
      facts: { url: redact(url), expectedBytes: total, actualBytes: part.file.offset },
    });
  }
}

function tooSlow(url: string, rate: number, leftMs: number): TransferError {
  const [bytesPerSecond, seconds] = [Math.round(rate), Math.round(leftMs / 1000)];
  return new TransferError('TIMEOUT', `${url} sends ${bytesPerSecond} bytes a second: ${seconds} s to go`, 'slow', {
    facts: { url: redact(url), bytesPerSecond },
  });
}

/** The next bytes of a body; null at its end. @throws TransferError, TapprepError INTERRUPTED */
export async function nextChunk(
  body: AsyncIterator<Uint8Array>,
  url: string,
  signal: AbortSignal,
  patience: TransferContext['patience'],
): Promise<Uint8Array | null> {
  if (signal.aborted) throw fetchInterrupted(signal, redact(url));
  try {
    const next = await patience.wait(() => body.next());
    patience.heard();
    return next.done === true ? null : next.value;
  } catch (error) {
    throw networkFailure(error, url, signal);
  }
}
