/** FTP, for mirrors that speak nothing else: passive mode, binary, SIZE for the length and REST to resume. */
import { PassThrough, Readable } from 'node:stream';
import { Client, FTPError } from 'basic-ftp';
import { redact } from '../errors.ts';
import { TransferError, networkFailure } from './failure.ts';
import { NO_HEADERS, type OpenRequest, type Transport, type TransportResponse } from './transport.ts';

/** RFC 959: the file is not there or may not be read. */
const FILE_UNAVAILABLE = 550;
/** RFC 959: REST is not implemented, or not with this parameter. */
const NO_RESUME: ReadonlySet<number> = new Set([500, 501, 502, 504]);

/** A transport for ftp: URLs. `idleMs` bounds each answer and every silence. Proxies are not spoken. */
export function createFtpTransport(idleMs: number): Transport {
  return {
    async open(url, request) {
      const client = new Client(idleMs);
      const abort = (): void => client.close();
      request.signal.addEventListener('abort', abort, { once: true });
      try {
        return await openWith(client, url, request, () => request.signal.removeEventListener('abort', abort));
      } catch (error) {
        request.signal.removeEventListener('abort', abort);
        client.close();
        throw ftpFailure(error, url, request.signal);
      }
    },
  };
}

async function openWith(
  client: Client,
  url: string,
  { offset, signal }: OpenRequest,
  onEnd: () => void,
): Promise<TransportResponse> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const path = decodeURIComponent(pathname);
  if (/[\r\n\0]/.test(path)) {
    throw new TransferError('UNSAFE_URL', `${url} holds a line break, which FTP would take for a command`, 'never');
  }
  const end = (status: number, headers = NO_HEADERS): TransportResponse => {
    client.close();
    onEnd();
    return { url, status, headers, body: Readable.from([]) };
  };
  await client.access({
    host: hostname,
    port: port === '' ? 21 : Number(port),
    user: username === '' ? 'anonymous' : decodeURIComponent(username),
    password: username === '' ? 'tapprep@' : decodeURIComponent(password),
  });
  let size: number;
  try {
    size = await client.size(path);
  } catch (error) {
    if (error instanceof FTPError && error.code === FILE_UNAVAILABLE) return end(404);
    throw error;
  }
  if (offset > size) return end(416, { ...NO_HEADERS, contentRange: `bytes */${size}` });
  const body = new PassThrough({ highWaterMark: 1 << 18 });
  client.downloadTo(body, path, offset).then(
    () => {
      client.close();
      onEnd();
    },
    (error: unknown) => {
      client.close();
      onEnd();
      body.destroy(ftpFailure(error, url, signal) as Error);
    },
  );
  body.once('close', () => client.close());
  return {
    url,
    status: offset > 0 ? 206 : 200,
    headers: {
      ...NO_HEADERS,
      contentLength: size - offset,
      contentRange: offset > 0 ? `bytes ${offset}-${size - 1}/${size}` : null,
    },
    body,
  };
}

function ftpFailure(error: unknown, url: string, signal: AbortSignal): unknown {
  if (signal.aborted || !(error instanceof Error)) return networkFailure(error, url, signal);
  const facts = { url: redact(url), ...(error instanceof FTPError ? { status: error.code } : {}) };
  if (error instanceof FTPError) {
    if (error.code === FILE_UNAVAILABLE) {
      return new TransferError('NOT_FOUND', `${url} is not there (550)`, 'never', { facts, cause: error });
    }
    const never = NO_RESUME.has(error.code) || error.code === 530;
    return new TransferError('NETWORK', `${url} answered ${error.message}`, never ? 'never' : 'later', {
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
