/** A real HTTP server on loopback that serves one file and misbehaves by name, one fault per request. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

/** What a request meets; a fault of the body strikes in its middle. */
export const FAULTS = [
  'fine',
  'reset',
  'stall',
  'drip',
  'truncated',
  'wrong-bytes',
  'too-short',
  'too-long',
  'no-length',
  'chunked',
  'chunked-cut',
  'ignores-range',
  'wrong-range',
  'changed-etag',
  '401',
  '403',
  '404',
  '416',
  '429',
  '500',
  '503',
  'redirect',
  'redirect-loop',
  'redirect-scheme',
  'redirect-host',
  'gzip',
  'garbage',
  'silent',
] as const;

export type Fault = (typeof FAULTS)[number];

export interface FaultServer {
  /** Ends in "/". */
  readonly url: string;
  readonly port: number;
  /** "METHOD path range" of each request so far. */
  readonly requests: readonly string[];
  /** The status of each answer so far. */
  readonly statuses: readonly number[];
  /** The Authorization headers so far. */
  readonly authorizations: readonly string[];
  /** Bytes of bodies handed to sockets so far, by answers at a pace. */
  readonly sent: number;
  /** Resolves when `sent` has grown by so much from now, at the latest after 5 s. */
  whenSent(bytes: number): Promise<void>;
  /** The faults of the next requests; "fine" when they are used up. */
  script(...faults: readonly Fault[]): void;
  /** Changes what is served and its ETag. */
  serve(content: Buffer): void;
  close(): Promise<void>;
}

export interface FaultServerOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Where "redirect-host" points to; another port of this host unless told. */
  readonly elsewhere?: string;
  /** Pace of whole answers; unbounded unless told. */
  readonly bytesPerSecond?: number;
  /** Seconds that 429 asks for. */
  readonly retryAfter?: string;
}

interface State {
  content: Buffer;
  version: number;
  script: Fault[];
  sent: number;
  readonly options: FaultServerOptions;
}

/** Starts a server for one content under every path. */
export async function startFaultServer(content: Buffer, options: FaultServerOptions = {}): Promise<FaultServer> {
  const state: State = { content, version: 1, script: [], sent: 0, options };
  const requests: string[] = [];
  const authorizations: string[] = [];
  const statuses: number[] = [];
  const sockets = new Set<Socket>();
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url} ${request.headers.range ?? '-'}`);
    authorizations.push(request.headers.authorization ?? '');
    response.on('error', () => undefined);
    answer(request, response, state);
    statuses.push(response.statusCode);
  };
  const server: Server = options.tls === undefined ? createServer(handler) : createTlsServer(options.tls, handler);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/`,
    port,
    requests,
    authorizations,
    statuses,
    get sent() {
      return state.sent;
    },
    whenSent: (bytes) => whenSent(state, bytes),
    script: (...faults) => {
      state.script = [...faults];
    },
    serve: (next) => {
      state.content = next;
      state.version += 1;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, state: State): void {
  const fault = state.script.shift() ?? 'fine';
  const simple = STATUS_FAULTS[fault];
  if (simple !== undefined) {
    response.writeHead(simple.status, simple.headers(state, request)).end('no');
    return;
  }
  const body = BODY_FAULTS[fault];
  if (body === undefined) {
    sendFile(request, response, state, fault);
    return;
  }
  body(response, state, request);
}

interface StatusFault {
  readonly status: number;
  readonly headers: (state: State, request: IncomingMessage) => Record<string, string>;
}

const noHeaders = (): Record<string, string> => ({});

const STATUS_FAULTS: Readonly<Partial<Record<Fault, StatusFault>>> = {
  '401': { status: 401, headers: noHeaders },
  '403': { status: 403, headers: noHeaders },
  '404': { status: 404, headers: noHeaders },
  '416': { status: 416, headers: noHeaders },
  '429': { status: 429, headers: ({ options }) => ({ 'retry-after': options.retryAfter ?? '1' }) },
  '500': { status: 500, headers: noHeaders },
  '503': { status: 503, headers: () => ({ 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }) },
  redirect: { status: 302, headers: () => ({ location: '/moved/here' }) },
  'redirect-loop': {
    status: 302,
    headers: (state, request) => (state.script.unshift('redirect-loop'), { location: request.url ?? '/' }),
  },
  'redirect-scheme': { status: 302, headers: () => ({ location: 'ftp://127.0.0.1/file' }) },
  'redirect-host': {
    status: 302,
    headers: ({ options }) => ({ location: options.elsewhere ?? 'http://127.0.0.1:9/' }),
  },
};

type BodyFault = (response: ServerResponse, state: State, request: IncomingMessage) => void;

const BODY_FAULTS: Readonly<Partial<Record<Fault, BodyFault>>> = {
  silent: () => undefined,
  garbage: (response) => response.socket?.end('this is not HTTP\r\n\r\n'),
  gzip: (response, { content }) => {
    const packed = gzipSync(content);
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed);
  },
  'too-short': (response, { content }) => {
    const less = content.subarray(0, content.length - 1);
    response.writeHead(200, { 'content-length': less.length }).end(less);
  },
  'too-long': (response, { content }) => {
    response.writeHead(200, { 'content-length': content.length + 1 });
    response.write(content);
    response.end('x');
  },
  'no-length': (response, { content }) => {
    // HTTP/1.0 style: the end of the connection is the end of the body, here in its middle.
    response.socket?.write('HTTP/1.0 200 OK\r\n\r\n');
    response.socket?.end(content.subarray(0, content.length >> 1));
  },
  chunked: (response, { content }) => {
    response.writeHead(200);
    response.write(content.subarray(0, 3));
    response.end(content.subarray(3));
  },
  'chunked-cut': (response, { content }) => {
    response.writeHead(200);
    response.write(content.subarray(0, content.length >> 1), () => response.destroy());
  },
  'wrong-range': (response, { content }, request) => {
    const start = rangeStart(request) ?? 0;
    const rest = content.subarray(start);
    const range = `bytes ${start + 1}-${content.length}/${content.length + 1}`;
    response.writeHead(206, { 'content-range': range, 'content-length': rest.length }).end(rest);
  },
};

/** Time for the bytes to be read: the kernel drops what it holds when the connection is reset. */
function soon(action: () => void): void {
  setTimeout(action, 40);
}

function rangeStart(request: IncomingMessage): number | null {
  const match = /^bytes=(\d+)-\d*$/.exec(request.headers.range ?? '');
  return match === null ? null : Number(match[1]);
}

/** First byte that was not asked for. */
function rangeEnd(request: IncomingMessage, size: number): number {
  const match = /^bytes=\d+-(\d+)$/.exec(request.headers.range ?? '');
  return match === null ? size : Math.min(size, Number(match[1]) + 1);
}

function sendFile(request: IncomingMessage, response: ServerResponse, state: State, fault: Fault): void {
  if (fault === 'changed-etag') state.version += 1;
  const { content } = state;
  const etag = `"v${state.version}"`;
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, { etag }).end();
    return;
  }
  const ifRange = request.headers['if-range'];
  const asked = rangeStart(request);
  const start = fault === 'ignores-range' || (ifRange !== undefined && ifRange !== etag) ? null : asked;
  if (start !== null && start >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  const end = start === null ? content.length : rangeEnd(request, content.length);
  const rest = content.subarray(start ?? 0, end);
  response.writeHead(start === null ? 200 : 206, {
    etag,
    'content-length': rest.length,
    ...(start === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${content.length}` }),
  });
  const { bytesPerSecond } = state.options;
  if (fault === 'fine' && bytesPerSecond !== undefined) {
    sendPaced(response, rest, bytesPerSecond, state);
    return;
  }
  const stream = STREAM_FAULTS[fault];
  if (stream === undefined) response.end(rest);
  else stream(response, rest);
}

const TICK_MS = 10;

function sendPaced(response: ServerResponse, rest: Buffer, bytesPerSecond: number, state: State): void {
  const step = Math.ceil((bytesPerSecond * TICK_MS) / 1000);
  let at = 0;
  const timer = setInterval(() => {
    if (response.writableNeedDrain) return;
    response.write(rest.subarray(at, at + step));
    state.sent += Math.min(step, rest.length - at);
    at += step;
    if (at >= rest.length) response.end();
  }, TICK_MS);
  response.once('finish', () => clearInterval(timer));
  response.once('close', () => clearInterval(timer));
}

async function whenSent(state: State, bytes: number): Promise<void> {
  const goal = state.sent + bytes;
  const deadline = Date.now() + 5_000;
  while (state.sent < goal && Date.now() < deadline) {
    await new Promise((resolve) => {
      setTimeout(resolve, TICK_MS);
    });
  }
}

type StreamFault = (response: ServerResponse, rest: Buffer) => void;

const STREAM_FAULTS: Readonly<Partial<Record<Fault, StreamFault>>> = {
  reset: (response, rest) => {
    response.write(rest.subarray(0, rest.length >> 1), () => soon(() => response.socket?.resetAndDestroy()));
  },
  truncated: (response, rest) => {
    response.write(rest.subarray(0, rest.length >> 1), () => response.socket?.end());
  },
  stall: (response, rest) => {
    response.write(rest.subarray(0, rest.length >> 1));
  },
  drip: (response, rest) => {
    let at = 0;
    const timer = setInterval(() => {
      response.write(rest.subarray(at, at + 1));
      at += 1;
      if (at === rest.length) response.end();
    }, 20);
    response.once('close', () => clearInterval(timer));
  },
  'wrong-bytes': (response, rest) => {
    const wrong = Buffer.from(rest);
    wrong[wrong.length >> 1] = (wrong[wrong.length >> 1] ?? 0) ^ 1;
    response.end(wrong);
  },
};
