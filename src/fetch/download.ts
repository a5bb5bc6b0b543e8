/** One file from several addresses: attempts, pauses, the next mirror, and the final check of every byte. */
import { countOf } from '../count.ts';
import { adviceOf, type ErrorCode, redact, TapprepError } from '../errors.ts';
import type { Sha256, NoteLevel } from '../types.ts';
import { backoffMs } from './backoff.ts';
import { TransferError, fetchInterrupted } from './failure.ts';
import { isUnresolved, type KnownHosts } from './known-hosts.ts';
import { hashUrl, strongValidator } from './part-record.ts';
import type { InnerDigest } from './request.ts';
import { fillSegmented, mayFillSegmented } from './segmented.ts';
import {
  type IsWorthLeaving,
  transfer,
  type PartState,
  type TransferContext,
  type TransferJob,
  type Validators,
} from './transfer.ts';

export interface DownloadJob extends TransferJob {
  /** In the order to try; at least one. */
  readonly urls: readonly string[];
  /** What is remembered of each address, to ask whether it changed. */
  readonly validators: (url: string) => Validators | null;
}

export interface DownloadContext extends TransferContext {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onRetry: (text: string, level?: NoteLevel) => void;
  readonly hosts: KnownHosts;
}

export type DownloadOutcome =
  | {
      readonly kind: 'complete';
      /** After redirects. */
      readonly url: string;
      /** The one of the job's addresses that led there. */
      readonly asked: string;
      readonly sha256: Sha256;
      readonly sizeBytes: number;
      readonly validators: Validators;
      readonly inner: InnerDigest | null;
    }
  | { readonly kind: 'unchanged'; readonly url: string };

interface Mirror {
  readonly url: string;
  failures: number;
  bad: number;
  notBefore: number;
  last: TransferError | null;
  dropped: boolean;
  /** Bytes a second where it was left for being slow. */
  rate: number | null;
}

/** One that was left must have been so much faster than the one at work to be gone back to. */
const CLEARLY_FASTER = 2;

/** Progress below this does not count as such, so that a mirror that drops every connection ends some time. */
const PROGRESS_BYTES = 1 << 20;

/**
 * Fills and verifies a part. On return the part is whole, flushed, and has the size and digest asked for.
 * @throws TapprepError NETWORK | NOT_FOUND | TIMEOUT | UNSAFE_URL | TOO_LARGE | SIZE_MISMATCH | DIGEST_MISMATCH |
 *   INTERRUPTED | NO_SPACE | PERMISSION
 */
export async function download(job: DownloadJob, part: PartState, context: DownloadContext): Promise<DownloadOutcome> {
  const mirrors = job.urls.map((url): Mirror => ({
    url,
    failures: 0,
    bad: 0,
    notBefore: 0,
    last: null,
    dropped: false,
    rate: null,
  }));
  // What several sent is not the fault of any of them.
  let isMixed = false;
  let wasSegmented = false;
  // Rates change, and each change of the mirror costs a connection.
  let changes = 2 * mirrors.length;
  let best = part.file.offset;
  for (;;) {
    const mirror = nextMirror(mirrors, context.now(), holderOf(job, part));
    if (mirror === null) throw allFailed(job, mirrors);
    const refusal = context.hosts.refusal(mirror.url);
    if (refusal !== null) {
      mirror.last = refusal;
      mirror.dropped = true;
      continue;
    }
    await pauseUntil(mirror, job, context);
    try {
      const outcome = await attempt(
        mirror.url,
        job,
        part,
        context,
        (rate) => changes > 0 && isFaster(mirrors, mirror, rate),
      );
      context.hosts.answered(mirror.url);
      return outcome;
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      if (part.file.offset >= best + PROGRESS_BYTES) {
        best = part.file.offset;
        mirror.failures = 0;
        context.hosts.answered(mirror.url);
      }
      if (error.retry === 'slow') {
        changes -= 1;
        mirror.rate = Number(error.facts.bytesPerSecond);
        const alive = mirrors.filter(({ dropped }) => !dropped).map(({ url }) => url);
        const tell = (text: string): void => context.onRetry(`${job.name}: ${text}; the other mirrors go on`);
        if (!wasSegmented && mayFillSegmented(job, part)) {
          context.onRetry(`${job.name}: ${error.message}; asking ${countOf(alive.length, 'mirror')} at once`);
          [wasSegmented, isMixed] = [true, true];
          await fillSegmented(alive, job, part, context, tell);
        } else context.onRetry(`${job.name}: ${error.message}; trying another mirror`);
        continue;
      }
      if (error.retry === 'bad' && isMixed) {
        isMixed = false;
        context.onRetry(`${job.name}: ${error.message}; trying one mirror at a time`);
        continue;
      }
      recordFailure(mirror, error, mirrors.length, context);
      context.hosts.failed(mirror.url, error);
      const again = mirrors.some((each) => !each.dropped && context.hosts.refusal(each.url) === null);
      if (again && !context.hosts.wasTold(mirror.url, error)) {
        // Names that do not resolve are reported once, at the end, for all hosts.
        const level = isUnresolved(error) ? 'detail' : 'info';
        context.onRetry(`${job.name}: ${error.message}; trying again`, level);
      }
    }
  }
}

async function attempt(
  url: string,
  job: DownloadJob,
  part: PartState,
  context: DownloadContext,
  isWorthLeaving: IsWorthLeaving,
): Promise<DownloadOutcome> {
  // Without a digest only the mirror that sent the first bytes can go on.
  const mayLeave: IsWorthLeaving = (rate) => job.digest !== null && isWorthLeaving(rate);
  let validators: Validators = { etag: null, lastModified: null };
  let from = url;
  if (job.sizeBytes === null || part.file.offset !== job.sizeBytes) {
    const outcome = await transfer(url, job, part, job.validators(url), context, mayLeave);
    if (outcome.kind === 'unchanged') return { kind: 'unchanged', url };
    validators = outcome.validators;
    from = outcome.url;
  }
  await part.file.flush();
  const sha256 = await verifyPart(from, job, part);
  const inner = await part.file.innerDigest();
  return { kind: 'complete', url: from, asked: url, sha256, sizeBytes: part.file.offset, validators, inner };
}

async function verifyPart(url: string, job: TransferJob, part: PartState): Promise<Sha256> {
  const bytes = part.file.offset;
  const digests = await part.file.digests();
  const actual = job.digest === null ? null : digests[job.digest.algorithm];
  if (job.sizeBytes !== null && bytes !== job.sizeBytes) {
    await part.file.restart();
    throw new TransferError(
      'SIZE_MISMATCH',
      `${job.name} has ${job.sizeBytes} bytes by its index but ${bytes} arrived from ${url}`,
      'bad',
      { facts: { url: redact(url), expectedBytes: job.sizeBytes, actualBytes: bytes } },
    );
  }
  if (job.digest !== null && actual !== job.digest.hex) {
    await part.file.restart();
    throw new TransferError(
      'DIGEST_MISMATCH',
      `${job.name} has ${job.digest.algorithm} ${job.digest.hex} by its index but ${actual} from ${url}`,
      'bad',
      { facts: { url: redact(url), algorithm: job.digest.algorithm, expected: job.digest.hex, actual } },
    );
  }
  const onDisk = await part.file.sizeOnDisk();
  if (onDisk !== bytes) {
    throw new TapprepError(
      'LOCKED',
      `${part.file.path} has ${onDisk} bytes on the disk but ${bytes} were written: another process writes to it`,
    );
  }
  return digests.sha256 as Sha256;
}

/** Whether one is alive that was not measured yet, or was clearly faster when it was. */
function isFaster(mirrors: readonly Mirror[], own: Mirror, rate: number): boolean {
  return mirrors.some(
    (each) => each !== own && !each.dropped && (each.rate === null || each.rate > rate * CLEARLY_FASTER),
  );
}

/**
 * The mirror that may be asked soonest; of those the one with the fewest failures, then one that was not slow, then the
 * fastest, then the first named. A file
 * without a digest stays where its first bytes came from: only that mirror can continue it.
 */
function nextMirror(mirrors: readonly Mirror[], now: number, holder: string | null): Mirror | null {
  const alive = mirrors.filter((mirror) => !mirror.dropped);
  const own = alive.find((mirror) => holder !== null && hashUrl(mirror.url) === holder);
  if (own !== undefined) return own;
  const waits = (mirror: Mirror): number => Math.max(0, mirror.notBefore - now);
  const failed = (mirror: Mirror): number => mirror.failures + mirror.bad;
  const speed = (mirror: Mirror): number => mirror.rate ?? Number.MAX_VALUE;
  return alive.toSorted((a, b) => waits(a) - waits(b) || failed(a) - failed(b) || speed(b) - speed(a))[0] ?? null;
}

/** Hash of the address that alone can continue the part; null where any or none can. */
function holderOf(job: DownloadJob, { file, record }: PartState): string | null {
  if (job.digest !== null || file.offset === 0 || record === null || strongValidator(record) === null) return null;
  return record.urlHash;
}

async function pauseUntil(mirror: Mirror, job: TransferJob, context: DownloadContext): Promise<void> {
  const wait = mirror.notBefore - context.now();
  if (wait > 0) await context.sleep(wait, context.signal);
  if (context.signal.aborted) throw fetchInterrupted(context.signal, job.name);
}

function recordFailure(mirror: Mirror, error: TransferError, mirrors: number, context: DownloadContext): void {
  const { limits } = context;
  mirror.last = error;
  if (error.retry === 'never') {
    mirror.dropped = true;
    return;
  }
  if (error.retry === 'bad') {
    mirror.bad += 1;
    // One more chance from scratch where there is no other mirror: the bytes may have been damaged on the way.
    mirror.dropped = mirrors > 1 || mirror.bad > 1;
    return;
  }
  mirror.failures += 1;
  const asked = error.retryAfterMs ?? 0;
  mirror.dropped =
    mirror.failures >= (error.unreached ? Math.min(limits.contactAttempts, limits.attempts) : limits.attempts) ||
    asked > limits.maxRetryAfterMs;
  const pause = backoffMs(mirror.failures, limits.backoffMs, limits.maxBackoffMs, context.random());
  mirror.notBefore = context.now() + Math.max(asked, pause);
}

/** Which failure stands for all, the gravest first: wrong bytes must not hide behind a dead mirror. */
const GRAVITY: readonly ErrorCode[] = [
  'DIGEST_MISMATCH',
  'SIZE_MISMATCH',
  'TOO_LARGE',
  'UNSAFE_URL',
  'NOT_REGISTERED',
  'NETWORK',
  'TIMEOUT',
  'PERMISSION',
  'NOT_FOUND',
];

function allFailed(job: DownloadJob, mirrors: readonly Mirror[]): TapprepError {
  const failures = mirrors.flatMap((mirror) => (mirror.last === null ? [] : [mirror.last]));
  const gravest = [...failures].sort((a, b) => GRAVITY.indexOf(a.code) - GRAVITY.indexOf(b.code))[0];
  if (gravest === undefined) return new TapprepError('INTERNAL', `${job.name} has no address to be fetched from`);
  const sentences = failures.map((failure) => failure.message);
  return new TapprepError(gravest.code, `${job.name} could not be fetched: ${sentences.join('; ')}`, {
    ...adviceOf(gravest),
    facts: { ...gravest.facts, failures: failures.map((failure) => ({ code: failure.code, ...failure.facts })) },
    cause: gravest,
  });
}
