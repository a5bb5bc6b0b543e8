/** FTP, for mirrors that speak nothing else: passive mode, binary, SIZE for the length and REST to resume. */
import { PassThrough, Readable } from 'node:stream';
import { Client, FTPError } from 'basic-ftp';
import { redact } from '../errors.ts';
import { TransferError, networkFailure } from './failure.ts';
import { NO_HEADERS, type Transport, type TransportResponse } from './transport.ts';

/** RFC 959: the file is not there or may not be read. */
const FILE_UNAVAILABLE = 550;
const NOT_LOGGED_IN = 530;
/** RFC 959: REST is not implemented, or not with this parameter. */
const NO_RESUME: ReadonlySet<number> = new Set([500, 501, 502, 504]);

/** A transport for ftp: URLs. `idleMs` bounds each answer and every silence. Proxies are not spoken. */
export function createFtpTransport(idleMs: number): Transport {
  return {
    open: (url, request) => withClient(url, idleMs, request.signal, (session) => openFile(session, request.offset)),
    probe: (url, signal) =>
      withClient(url, idleMs, signal, async (session) => {
        const size = await readSize(session);
        session.close();
        return { status: size === null ? 404 : 200, sizeBytes: size, url, retryAfter: null, date: null };
      }),
  };
}

interface Session {
  readonly client: Client;
  readonly url: string;
  readonly path: string;
  readonly signal: AbortSignal;
  close(): void;
}

/** Logs in and works; what `work` leaves open it closes itself, a failure closes everything. */
async function withClient<T>(
  url: string,
  idleMs: number,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const path = decodeURIComponent(pathname);
  if (/[\r\n\0]/.test(path)) {
    throw new TransferError('UNSAFE_URL', `${url} holds a line break, which FTP would take for a command`, 'never');
  }
  const client = new Client(idleMs);
  const onAbort = (): void => client.close();
  const close = (): void => {
    signal.removeEventListener('abort', onAbort);
    client.close();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await client.access({
      host: hostname,
      port: port === '' ? 21 : Number(port),
      user: username === '' ? 'anonymous' : decodeURIComponent(username),
      password: username === '' ? 'tapprep@' : decodeURIComponent(password),
    });
    return await work({ client, url, path, signal, close });
  } catch (error) {
    close();
    throw ftpFailure(error, url, signal);
  }
}

/** Bytes of the file; null when it is not there. */
async function readSize({ client, path }: Session): Promise<number | null> {
  try {
    return await client.size(path);
  } catch (error) {
    if (error instanceof FTPError && error.code === FILE_UNAVAILABLE) return null;
    throw error;
  }
}

async function openFile(session: Session, offset: number): Promise<TransportResponse> {
  const { client, url, path, signal } = session;
  const size = await readSize(session);
  if (size === null || offset > size) {
    session.close();
    const contentRange = size === null ? null : `bytes */${size}`;
    return {
      url,
      status: size === null ? 404 : 416,
      headers: { ...NO_HEADERS, contentRange },
      body: Readable.from([]),
    };
  }
  const start = offset > 0 && (await canResume(session)) ? offset : 0;
  const body = new PassThrough({ highWaterMark: 1 << 18 });
  body.once('close', () => session.close());
  // It may fail before anybody reads it; the reader gets the error then.
  body.on('error', () => undefined);
  client
    .downloadTo(body, path, start)
    .catch((error: unknown) => body.destroy(ftpFailure(error, url, signal) as Error))
    .finally(() => session.close());
  return {
    url,
    status: start > 0 ? 206 : 200,
    headers: {
      ...NO_HEADERS,
      contentLength: size - start,
      contentRange: start > 0 ? `bytes ${start}-${size - 1}/${size}` : null,
    },
    body,
  };
}

/** Asked before the transfer, where a refusal can still be answered by taking the whole file. */
async function canResume({ client }: Session): Promise<boolean> {
  try {
    await client.send('REST 1');
    return true;
  } catch (error) {
    if (error instanceof FTPError && NO_RESUME.has(error.code)) return false;
    throw error;
  }
}

function ftpFailure(error: unknown, url: string, signal: AbortSignal): unknown {
  if (signal.aborted || !(error instanceof Error)) return networkFailure(error, url, signal);
  const facts = { url: redact(url), ...(error instanceof FTPError ? { status: error.code } : {}) };
  if (error instanceof FTPError) {
    if (error.code === FILE_UNAVAILABLE) {
      return new TransferError('NOT_FOUND', `${url} is not there (550)`, 'never', { facts, cause: error });
    }
    const advice = error.code === NOT_LOGGED_IN ? 'never' : 'later';
    return new TransferError('NETWORK', `${url} answered ${error.message}`, advice, {
      facts,
      cause: error,
    });
  }
  if (error.message.startsWith('Timeout')) {
    return new TransferError('TIMEOUT', `no answer from ${url} in time: ${error.message}`, 'later', {
      facts,
      cause: error,
    });
  }
  return networkFailure(error, url, signal);
}
