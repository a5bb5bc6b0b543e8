/** A snapshot archive on loopback: archive/NAME/TIME/…, where a time between two snapshots leads to the earlier one. */
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

export interface SnapshotServer {
  /** Ends in "/". */
  readonly url: string;
  /** Paths of the requests so far, without those that were only led elsewhere. */
  readonly requests: string[];
  /** Answers the next request with 429 and this Retry-After, in seconds. */
  refuseNext(retryAfter: number): void;
  close(): Promise<void>;
}

/** @param root has NAME/TIME/dists/… @param times of each archive, ascending */
export async function serveSnapshots(
  root: string,
  times: Readonly<Record<string, readonly string[]>>,
): Promise<SnapshotServer> {
  const requests: string[] = [];
  let retryAfter: number | null = null;
  const server = createServer((request, response) => {
    const path = normalize(request.url ?? '/');
    const [, name = '', asked = '', rest = ''] = /^\/archive\/([a-z-]+)\/(\d{8}T\d{6}Z)\/(.*)$/.exec(path) ?? [];
    const time = times[name]?.findLast((each) => each <= asked);
    if (time !== undefined && time !== asked) {
      response.writeHead(302, { location: `/archive/${name}/${time}/${rest}` }).end();
      return;
    }
    requests.push(path);
    if (retryAfter !== null) {
      response.writeHead(429, { 'retry-after': String(retryAfter) }).end('slowly');
      retryAfter = null;
      return;
    }
    const file = join(root, name, time ?? 'none', rest);
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) response.writeHead(200).end(readFileSync(file));
    else response.writeHead(404).end('not here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    refuseNext: (seconds) => {
      retryAfter = seconds;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
