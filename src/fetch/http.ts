/** HTTP and HTTPS: the only home of got. Bytes as they are sent, redirects under our own rules, no hidden retries. */
import { type ClientRequestArgs, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { getCACertificates } from 'node:tls';
import got from 'got';
import { TapprepError, isTapprepError, redact } from '../errors.ts';
import { type Proxy, TransferError, networkFailure } from './failure.ts';
import { type Identities, type Identity, refusalByStatus, refusalByTls, withToken } from './identity.ts';
import { reuseReadBuffer } from './memory.ts';
import { redirectTarget } from './redirect.ts';
import {
  type OpenRequest,
  PROBE_REQUEST,
  type ProbeAnswer,
  type ResponseHeaders,
  type Transport,
  type TransportResponse,
} from './transport.ts';

export interface HttpOptions {
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY (or their lower-case forms) are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds to connect (TCP and TLS each), to the first header, and of silence in the body. */
  readonly connectMs: number;
  readonly responseMs: number;
  readonly idleMs: number;
  /** Certificate authorities in PEM, instead of the built-in ones. */
  readonly certificateAuthority?: readonly string[];
  readonly lookup?: LookupFunction;
  /** Who asks, where a server wants to know. */
  readonly identities?: Identities;
}

type Method = 'GET' | 'HEAD';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy'];

/** Failures that may only mean that the authority is known to this machine but not to Node. */
const UNKNOWN_AUTHORITY: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** A transport for http: and https: URLs. Connections are kept for the next request and never hold the process. */
export function createHttpTransport(options: HttpOptions): Transport {
  const agent = createAgents(options);
  let authorities = options.certificateAuthority ?? null;

  /** Where curl and apt trust an authority of this machine's own, so do we; reading them takes time, so only then. */
  async function openTrusting(method: Method, url: string, request: OpenRequest): Promise<OnceResponse> {
    const identity = options.identities?.of(url) ?? null;
    if (identity !== null) return await openKnown(method, url, request, identity);
    try {
      return await openOnce(method, url, request, { ...options, agent, authorities });
    } catch (error) {
      const reason = isTapprepError(error) ? error.facts.reason : null;
      if (authorities !== null || !UNKNOWN_AUTHORITY.has(reason)) throw error;
      authorities = [...getCACertificates('default'), ...getCACertificates('system')];
      return await openOnce(method, url, request, { ...options, agent, authorities });
    }
  }

  /** By the authorities that the source names, or else by all that this machine believes. */
  async function openKnown(
    method: Method,
    url: string,
    request: OpenRequest,
    identity: Identity,
  ): Promise<OnceResponse> {
    const believed = identity.authorities ??
      authorities ?? [...getCACertificates('default'), ...getCACertificates('system')];
    try {
      const response = await openOnce(method, url, request, { ...options, agent, authorities: believed, identity });
      const refusal = refusalByStatus(url, response.status, identity);
      if (refusal === null) return response;
      response.body.destroy();
      throw refusal;
    } catch (error) {
      throw (isTapprepError(error) ? refusalByTls(url, error.facts['reason'], identity) : null) ?? error;
    }
  }

  async function follow(method: Method, url: string, request: OpenRequest): Promise<TransportResponse> {
    let current = url;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const response = await openTrusting(method, current, request);
      if (!REDIRECTS.has(response.status)) return response;
      response.body.destroy();
      current = redirectTarget(current, response.location, request.redirects);
    }
    throw new TransferError('NETWORK', `${url} redirects more than ${MAX_REDIRECTS} times`, 'never', {
      facts: { url: redact(url), last: redact(current) },
    });
  }

  async function probe(url: string, signal: AbortSignal): Promise<ProbeAnswer> {
    const response = await follow('HEAD', url, { ...PROBE_REQUEST, signal });
    response.body.destroy();
    const { contentLength, retryAfter, date } = response.headers;
    return { status: response.status, sizeBytes: contentLength, url: response.url, retryAfter, date };
  }

  return { open: (url, request) => follow('GET', url, request), probe };
}

/** TLS reads small records through buffers of its own, so only plain connections get this setting. */
class PlainAgent extends HttpAgent {
  override createConnection(
    options: ClientRequestArgs,
    done?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const reading = { ...options, onread: reuseReadBuffer() };
    return super.createConnection(reading, done);
  }
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** By the scheme of what is asked. */
  readonly proxies: Readonly<Record<string, Proxy>>;
}

function createAgents(options: HttpOptions): Agents {
  const proxyEnv: Record<string, string> = {};
  for (const name of PROXY_VARIABLES) {
    const value = options.env[name] ?? options.env[name.toUpperCase()];
    if (value !== undefined) proxyEnv[name] = value;
  }
  const common = { keepAlive: true, proxyEnv };
  try {
    return { http: new PlainAgent(common), https: new HttpsAgent(common), proxies: readProxies(proxyEnv) };
  } catch (error) {
    // Neither the value nor the library's error, which holds it: nobody can tell where in a bad address the password is.
    const names = PROXY_VARIABLES.filter((name) => proxyEnv[name] !== undefined).join(', ');
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'no address';
    throw new TapprepError('USAGE', `the proxy settings in ${names} cannot be used: not an address (${reason})`, {
      hint: 'export http_proxy=http://HOST:PORT/',
    });
  }
}

function readProxies(env: Readonly<Record<string, string>>): Agents['proxies'] {
  const named = ['http', 'https'].flatMap((scheme) => {
    const variable = `${scheme}_proxy`;
    const value = env[variable] ?? '';
    return URL.canParse(value) ? [[`${scheme}:`, { variable, address: new URL(value) }] as const] : [];
  });
  return Object.fromEntries(named);
}

type OnceResponse = TransportResponse & { readonly location: string | null };

interface OnceOptions extends Omit<HttpOptions, 'certificateAuthority' | 'env' | 'identities'> {
  readonly agent: Agents;
  /** PEM; null: those that Node brings. */
  readonly authorities: readonly string[] | null;
  readonly identity?: Identity;
}

async function openOnce(
  method: Method,
  url: string,
  request: OpenRequest,
  options: OnceOptions,
): Promise<OnceResponse> {
  const { certificate = null } = options.identity ?? {};
  const proxy = options.agent.proxies[new URL(url).protocol] ?? null;
  const https = {
    ...(options.authorities === null ? {} : { certificateAuthority: [...options.authorities] }),
    ...(certificate === null ? {} : { certificate: certificate.cert, key: certificate.key }),
  };
  const stream = got.stream(withToken(url, options.identity ?? null), {
    method,
    agent: { http: options.agent.http, https: options.agent.https },
    decompress: false,
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    headers: requestHeaders(request),
    signal: request.signal,
    timeout: {
      lookup: options.connectMs,
      connect: options.connectMs,
      secureConnect: options.connectMs,
      response: options.responseMs,
      socket: options.idleMs,
    },
    ...(options.lookup === undefined ? {} : { dnsLookup: options.lookup }),
    https,
  });
  return await new Promise((resolve, reject) => {
    stream.once('error', (error) => reject(networkFailure(error, url, request.signal, proxy)));
    stream.once('response', (response: Readable & { statusCode: number; headers: RawHeaders }) => {
      resolve({
        status: response.statusCode,
        url,
        headers: pickHeaders(response.headers),
        location: one(response.headers.location),
        body: stream,
        source: response,
      });
    });
  });
}

function requestHeaders(request: OpenRequest): Record<string, string> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'tapprep' };
  if (request.offset > 0 || request.end !== null) {
    headers.range = `bytes=${request.offset}-${request.end === null ? '' : request.end - 1}`;
  }
  if (request.offset > 0 && request.ifRange !== null) headers['if-range'] = request.ifRange;
  if (request.ifNoneMatch !== null) headers['if-none-match'] = request.ifNoneMatch;
  if (request.ifModifiedSince !== null) headers['if-modified-since'] = request.ifModifiedSince;
  return headers;
}

type RawHeaders = Readonly<Record<string, string | string[] | undefined>>;

function pickHeaders(headers: RawHeaders): ResponseHeaders {
  const length = one(headers['content-length']);
  return {
    etag: one(headers.etag),
    lastModified: one(headers['last-modified']),
    date: one(headers.date),
    contentLength: length !== null && /^\d{1,15}$/.test(length) ? Number(length) : null,
    contentRange: one(headers['content-range']),
    contentEncoding: one(headers['content-encoding']),
    retryAfter: one(headers['retry-after']),
    framed: one(headers['transfer-encoding'])?.toLowerCase().includes('chunked') ?? false,
  };
}

function one(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
