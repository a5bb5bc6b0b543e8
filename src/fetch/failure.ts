/** Why one transfer failed and what that means for the next: the same mirror later, another mirror, or nobody. */
import { diskError } from '../files/disk-error.ts';
import { TapprepError, type ErrorCode, type ErrorDetails, isTapprepError, messageOf, redact } from '../errors.ts';
import { interrupted } from '../interruption.ts';
import { shellLine } from '../shell-words.ts';
import { say } from '../sentence.ts';
import type { Sentence } from '../types.ts';

/**
 * later: the mirror may do better in a moment. never: asking it again is pointless.
 * bad: it answered with wrong bytes, which counts as an attempt of the whole file. slow: it works, another may be faster.
 */
export type RetryAdvice = 'later' | 'never' | 'bad' | 'slow';

/** The failure of one transfer from one URL; what the retry loop branches on. */
export class TransferError extends TapprepError {
  readonly retry: RetryAdvice;
  /** The server's own wish (Retry-After), milliseconds. */
  readonly retryAfterMs: number | null;
  /** No connection to the host came about. */
  readonly unreached: boolean;
  /** What was wrong, without the address; null where the message alone says it. */
  readonly why: Sentence | null;

  constructor(
    code: ErrorCode,
    message: string,
    retry: RetryAdvice,
    details: ErrorDetails & {
      readonly retryAfterMs?: number | null;
      readonly unreached?: boolean;
      readonly why?: Sentence;
    } = {},
  ) {
    super(code, message, details);
    this.retry = retry;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.unreached = details.unreached ?? false;
    this.why = details.why ?? null;
  }
}

/** Thrown when the signal fired; says what is kept. */
export function fetchInterrupted(signal: AbortSignal, what: string): TapprepError {
  return interrupted(signal, `while fetching ${what}; what has arrived is kept for the next run`);
}

const TLS_CODES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain ends in an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'the issuer of its certificate is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of its certificate is unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the issuer of its certificate is unknown',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
  CERT_REVOKED: 'its certificate is revoked',
  HOSTNAME_MISMATCH: 'its certificate is for another name',
};

const NETWORK_CODES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name cannot be resolved',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ERR_HTTP_CONTENT_LENGTH_MISMATCH: 'the connection closed before all bytes had arrived',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection closed before all bytes had arrived',
};

const UNREACHED: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * Gives the failure of a connection its code, sentence and advice.
 * @param proxy through which the URL is asked; null for none
 */
export function networkFailure(
  error: unknown,
  url: string,
  signal: AbortSignal,
  proxy: Proxy | null = null,
): TapprepError {
  if (signal.aborted) return fetchInterrupted(signal, redact(url));
  if (isTapprepError(error)) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  const details = { facts: { url: redact(url), reason: code }, cause: plainCause(error) };
  const tls = TLS_CODES[code];
  if (tls !== undefined) {
    const clock = code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID';
    const hint = clock ? 'date    # is the clock right?' : shellLine`curl -sSI ${url}`;
    return new TransferError('NETWORK', `${url} cannot be trusted to be that host: ${tls} (${code})`, 'never', {
      ...details,
      hint,
    });
  }
  if (code === 'ERR_PROXY_TUNNEL') {
    return new TransferError('NETWORK', `${url} could not be read through the proxy: ${wordsOf(error)}`, 'never', {
      ...details,
      hint: 'export https_proxy=http://USER:PASSWORD@HOST:PORT/',
    });
  }
  if (code === 'ETIMEDOUT' || code === 'ESOCKETTIMEDOUT') {
    return new TransferError('TIMEOUT', `no answer from ${url} in time: ${wordsOf(error)}`, 'later', details);
  }
  const words = `${NETWORK_CODES[code] ?? wordsOf(error)} (${code})`;
  if (proxy !== null && isOfProxy(error, url, proxy)) {
    const { variable, address } = proxy;
    const why = `the proxy ${address.host} of ${variable}: ${words}`;
    return new TransferError('NETWORK', `${url} could not be read through ${why}`, 'later', {
      facts: { ...details.facts, proxy: address.host },
      cause: details.cause,
      hint: shellLine`env | grep -i _proxy; curl -sSI ${url}`,
      why: say(why),
      unreached: UNREACHED.has(code),
    });
  }
  return new TransferError('NETWORK', `${url} could not be read: ${words}`, 'later', {
    ...details,
    why: say(words),
    unreached: UNREACHED.has(code),
  });
}

/** A proxy and the variable that names it. */
export interface Proxy {
  readonly variable: string;
  readonly address: URL;
}

/** Whether the failed connection was one to the proxy: no_proxy may have left it out. */
function isOfProxy(error: unknown, url: string, { address }: Proxy): boolean {
  const seen: unknown = error instanceof Error ? (error.cause ?? error) : null;
  if (!(seen instanceof Error)) return false;
  if ('hostname' in seen) return seen.hostname === address.hostname;
  const own = new URL(url);
  const isSamePort = 'port' in seen && String(seen.port) === portOf(address);
  return isSamePort && (portOf(own) !== portOf(address) || ('address' in seen && seen.address === address.hostname));
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}

/** The library's errors carry every option of the request, passwords too; only their words go on. */
function plainCause(error: unknown): Error {
  return new Error(redact(wordsOf(error)));
}

function wordsOf(error: unknown): string {
  return messageOf(error).split('\n', 1)[0]?.slice(0, 200) ?? '';
}

/** Gives the failure of the disk at `path` its code: NO_SPACE, PERMISSION or CACHE_UNUSABLE; our own errors stay. */
export function diskFailure(error: unknown, path: string): unknown {
  return diskError(error, path, {
    place: 'CACHE_UNUSABLE',
    other: 'CACHE_UNUSABLE',
    hint: shellLine`df -h ${path}; df -i ${path}; ls -ld ${path}    # or --cache-dir DIR/tapprep, DIR on another disk`,
  });
}
