/** file: URLs, for mirrors on a disk. Regular files only; links are followed, as a web server would. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Readable } from 'node:stream';
import { isErrno } from '../errors.ts';
import { TransferError } from './failure.ts';
import { NO_HEADERS, type OpenRequest, type ProbeAnswer, type Transport, type TransportResponse } from './transport.ts';
import { shellLine } from '../shell-words.ts';

const BLOCK = 1 << 18;

/** A transport for file: URLs on this machine. */
export function createFileTransport(): Transport {
  return { open: openFile, probe: probeFile };
}

async function openFile(url: string, { offset }: Pick<OpenRequest, 'offset' | 'signal'>): Promise<TransportResponse> {
  const path = localPath(url);
  const answer = { url, headers: NO_HEADERS, body: Readable.from([]) };
  let handle;
  try {
    // Without O_NONBLOCK a named pipe would hang here.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return { ...answer, status: 404 };
    throw new TransferError('PERMISSION', `${path} cannot be read: ${(error as Error).message}`, 'never', {
      hint: shellLine`ls -l ${path}`,
      facts: { path },
      cause: error,
    });
  }
  const info = await handle.stat();
  if (!info.isFile()) {
    await handle.close();
    throw new TransferError('UNSAFE_URL', `${url} is not a regular file`, 'never', { facts: { path } });
  }
  const etag = `"${info.ino}-${info.mtimeMs}-${info.size}"`;
  if (offset > info.size) {
    await handle.close();
    return { ...answer, status: 416, headers: { ...NO_HEADERS, contentRange: `bytes */${info.size}` } };
  }
  return {
    url,
    status: offset > 0 ? 206 : 200,
    headers: {
      ...NO_HEADERS,
      etag,
      contentLength: info.size - offset,
      contentRange: offset > 0 ? `bytes ${offset}-${info.size - 1}/${info.size}` : null,
    },
    body: handle.createReadStream({ start: offset, highWaterMark: BLOCK }),
  };
}

async function probeFile(url: string, signal: AbortSignal): Promise<ProbeAnswer> {
  const { status, headers, body } = await openFile(url, { offset: 0, signal });
  body.destroy();
  return { status, sizeBytes: headers.contentLength, url, retryAfter: null, date: null };
}

function localPath(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new TransferError('UNSAFE_URL', `${url} names no file of this machine`, 'never', { cause: error });
  }
}
