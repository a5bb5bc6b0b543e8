/** The seam to the network: one way to open a URL, whatever its scheme. */
import type { Readable } from 'node:stream';

/**
 * Where a redirect may lead. "same-host" stays with the host that was asked; "any" is only for bytes that a digest
 * known beforehand or a signature protects. Neither ever goes to a weaker scheme.
 */
export type RedirectPolicy = 'same-host' | 'any';

export interface OpenRequest {
  /** First byte wanted; 0 asks for the whole file. */
  readonly offset: number;
  /** First byte not wanted; null asks for everything to the end. Only HTTP can be asked to stop. */
  readonly end: number | null;
  /** Strong ETag or Last-Modified that the bytes before `offset` came with; null sends no If-Range. */
  readonly ifRange: string | null;
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
  readonly redirects: RedirectPolicy;
  readonly signal: AbortSignal;
}

/** The part of a response's headers that a download needs; null is "not sent". */
export interface ResponseHeaders {
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly date: string | null;
  readonly contentLength: number | null;
  readonly contentRange: string | null;
  readonly contentEncoding: string | null;
  readonly retryAfter: string | null;
  /** True where the end of the body is marked (chunked), so that a cut body is noticed without a length. */
  readonly framed: boolean;
}

/** An answer with HTTP's status codes, also from FTP (200, 206, 404) and files. The caller reads or destroys the body. */
export interface TransportResponse {
  readonly status: number;
  /** After redirects. */
  readonly url: string;
  readonly headers: ResponseHeaders;
  readonly body: Readable;
  /** What the body is filled from: where it failed, the last bytes may still lie there. */
  readonly source?: Readable;
}

/** What is known of a file without its bytes. */
export interface ProbeAnswer {
  readonly status: number;
  /** null where the server does not say. */
  readonly sizeBytes: number | null;
  /** After redirects. */
  readonly url: string;
  readonly retryAfter: string | null;
  readonly date: string | null;
}

export interface Transport {
  /**
   * Opens a URL. Any status is an answer; the body may fail later with the same errors.
   * @throws TransferError NETWORK | TIMEOUT | UNSAFE_URL, TapprepError INTERRUPTED
   */
  open(url: string, request: OpenRequest): Promise<TransportResponse>;
  /**
   * Asks for the headers only (HTTP HEAD, FTP SIZE, stat). Any status is an answer.
   * @throws as open does
   */
  probe(url: string, signal: AbortSignal): Promise<ProbeAnswer>;
}

/** Headers of an answer that is not HTTP's. */
export const NO_HEADERS: ResponseHeaders = {
  etag: null,
  lastModified: null,
  date: null,
  contentLength: null,
  contentRange: null,
  contentEncoding: null,
  retryAfter: null,
  framed: false,
};

/** "bytes 5-9/10" or "bytes *\/10"; null for anything else. RFC 9110 section 14.4. */
export function parseContentRange(
  text: string | null,
): { readonly start: number | null; readonly end: number | null; readonly total: number | null } | null {
  const match = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec(text?.trim() ?? '');
  if (match === null) return null;
  const [, start, end, total] = match;
  return {
    start: start === undefined ? null : Number(start),
    end: end === undefined ? null : Number(end),
    total: total === undefined || total === '*' ? null : Number(total),
  };
}

/** What a probe asks: it tells no more than that a file is there, so a redirect to another host does no harm. */
export const PROBE_REQUEST = {
  offset: 0,
  end: null,
  ifRange: null,
  ifNoneMatch: null,
  ifModifiedSince: null,
  redirects: 'any',
} as const;
