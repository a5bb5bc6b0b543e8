/** The two questions of Launchpad's API that tapprep asks, on loopback: which publications a name has, and their files. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One published binary. */
export interface Publication {
  readonly name: string;
  readonly version: string;
  /** Series and architecture, "jammy/amd64". */
  readonly series: string;
  readonly files: readonly {
    readonly url: string;
    readonly size: number;
    readonly sha1: string;
    readonly sha256: string;
  }[];
}

export interface LaunchpadServer {
  /** Of the archive; ends in "/". */
  readonly url: string;
  readonly origin: string;
  /** Paths with their queries. */
  readonly requests: string[];
  /** What is published; an answer of another form where it is a text. */
  published: readonly Publication[] | string;
  close(): Promise<void>;
}

export async function serveLaunchpad(): Promise<LaunchpadServer> {
  const requests: string[] = [];
  const archive = '/devel/ubuntu/+archive/primary';
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', origin());
    requests.push(url.pathname + url.search);
    const answer = (body: unknown): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const { published } = launchpad;
    if (typeof published === 'string') {
      response.writeHead(200).end(published);
      return;
    }
    const operation = url.searchParams.get('ws.op');
    if (operation === 'getPublishedBinaries' && url.pathname === archive) {
      const found = published.filter(
        ({ name, version }) =>
          name === url.searchParams.get('binary_name') &&
          (url.searchParams.get('version') === null || version === url.searchParams.get('version')),
      );
      const entries = found.map((one) => ({
        self_link: `${origin()}${archive}/+binarypub/${published.indexOf(one)}`,
        binary_package_name: one.name,
        binary_package_version: one.version,
        distro_arch_series_link: `${origin()}/devel/ubuntu/${one.series}`,
        status: 'Superseded',
      }));
      answer({ start: 0, total_size: entries.length, entries });
      return;
    }
    const at = /\/\+binarypub\/(\d+)$/.exec(url.pathname)?.[1];
    const publication = at === undefined ? undefined : published[Number(at)];
    if (operation === 'binaryFileUrls' && publication !== undefined) answer(publication.files);
    else response.writeHead(404).end('no such thing');
  });
  const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const launchpad: LaunchpadServer = {
    url: `${origin()}${archive}/`,
    origin: origin(),
    requests,
    published: [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return launchpad;
}
