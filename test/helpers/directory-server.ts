/** A real HTTP server on loopback for a directory, in which single paths can be answered otherwise. */
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface DirectoryServer {
  /** Ends in "/". */
  readonly url: string;
  /** "METHOD path" of each request so far. */
  readonly requests: string[];
  /** Answers this path otherwise from now on; null: as the directory has it. */
  override(path: string, answer: Answer | null): void;
  close(): Promise<void>;
}

/** Starts a server of the files below `root`; directories are 404, and there is no way out of the root. */
export async function serveDirectory(
  root: string,
  tls?: { readonly key: string; readonly cert: string },
): Promise<DirectoryServer> {
  const overrides = new Map<string, Answer>();
  const requests: string[] = [];
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    requests.push(`${request.method} ${path}`);
    const answer = overrides.get(path);
    if (answer === undefined) sendFile(join(root, normalize(`/${decodeURIComponent(path)}`)), request, response);
    else answer(request, response);
  };
  const server = tls === undefined ? createServer(handler) : createTlsServer(tls, handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/`,
    requests,
    override(path, answer) {
      if (answer === null) overrides.delete(path);
      else overrides.set(path, answer);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sendFile(path: string, request: IncomingMessage, response: ServerResponse): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) {
    response.writeHead(404).end('not here');
    return;
  }
  response.writeHead(200, { 'content-length': stat.size, etag: `"${stat.mtimeMs}-${stat.size}"` });
  if (request.method === 'HEAD') response.end();
  else createReadStream(path).pipe(response);
}
