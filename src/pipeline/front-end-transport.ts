/** Addresses that only the target's own front end can ask: front-end:///HOST/REPOSITORY/PATH, as rpm-md lays a repository out. */
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { TransferError } from '../fetch/failure.ts';
import { NO_HEADERS, type Transport, type TransportResponse } from '../fetch/transport.ts';
import type { Host } from '../host/host.ts';
import type { FrontEndFetch } from '../package-system/front-ends.ts';
import { parseRpmFileName } from '../resolve/rpm-file-name.ts';
import type { Emit } from '../types.ts';
import { dropFrontEndDirectory, makeFrontEndDirectory } from './front-end-directory.ts';

export const FRONT_END_SCHEME = 'front-end:';
const LIMIT_MS = 1_800_000;

export interface FrontEndChoice {
  readonly name: string;
  readonly fetch: FrontEndFetch;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Takes what has to be done when the command ends. */
  readonly atEnd: (close: () => Promise<void>) => void;
}

/** The base of every repository that a host's own front end asks. */
export function frontEndBase(host: Host): string {
  return `${FRONT_END_SCHEME}///${encodeURIComponent(host.name)}/`;
}

/**
 * Everything is brought into a temporary directory of the target, which goes when the command ends: nothing that the front
 * end keeps is changed. What comes is verified as if it came from a server.
 */
export function createFrontEndTransport(host: Host, { name, fetch, emit, signal, atEnd }: FrontEndChoice): Transport {
  let work: Promise<string> | null = null;
  const indexes = new Map<string, Promise<string>>();

  async function makeWork(): Promise<string> {
    const directory = await makeFrontEndDirectory(host, signal);
    atEnd(() => dropFrontEndDirectory(host, directory));
    return directory;
  }

  /** What is there afterwards; zypper ends well without what it was asked for. */
  async function ask(argv: readonly string[], url: string, directory: string, pattern: string): Promise<string> {
    emit({ type: 'command', argv, where: host.name });
    const { exitCode, stdout, stderr } = await host.run(argv, { timeoutMs: LIMIT_MS, signal });
    const found = await host.run(['find', directory, '-path', pattern], { signal });
    const path = found.stdout.split('\n').find((line) => line !== '');
    if (exitCode === 0 && path !== undefined) return path;
    const said = (stderr.trim() || stdout.trim()).split('\n').at(-1)?.slice(0, 300) ?? '';
    throw new TransferError('NETWORK', `${name} on ${host.name} could not bring ${url}: ${said}`, 'never', {
      facts: { url, argv },
    });
  }

  /** The directory of a repository's index. */
  async function bringIndex(repository: string, directory: string, url: string): Promise<string> {
    const own = `${directory}/cache/${fetch.indexPattern(repository)}/repomd.xml`;
    const argv = fetch.buildIndexArgv(repository, directory);
    return (await ask(argv, url, `${directory}/cache`, own)).slice(0, -'/repomd.xml'.length);
  }

  async function bring(url: string): Promise<string | null> {
    const [, , repository = '', ...rest] = new URL(url).pathname.split('/').map(decodeURIComponent);
    const directory = await (work ??= makeWork());
    const index = indexes.get(repository) ?? bringIndex(repository, directory, url);
    indexes.set(repository, index);
    const repodata = await index;
    if (rest.length === 2 && rest[0] === 'repodata') return host.fetchFile(`${repodata}/${rest[1]}`);
    const fileName = rest.at(-1) ?? '';
    const wanted = parseRpmFileName(fileName);
    if (wanted === null) return null;
    const argv = fetch.buildDownloadArgv(repository, directory, [wanted]);
    return host.fetchFile(await ask(argv, url, `${directory}/packages`, `*/${fileName}`));
  }

  // One at a time: the front end locks its directory.
  let last: Promise<unknown> = Promise.resolve();
  async function openOne(url: string, offset: number): Promise<TransportResponse> {
    const answer = { url, headers: NO_HEADERS, body: Readable.from([]) };
    const turn = last.then(() => bring(url));
    last = turn.catch(() => undefined);
    const path = await turn;
    if (path === null) return { ...answer, status: 404 };
    const handle = await open(path);
    const { size } = await handle.stat();
    if (offset > size) {
      await handle.close();
      return { ...answer, status: 416, headers: { ...NO_HEADERS, contentRange: `bytes */${size}` } };
    }
    return {
      url,
      status: offset > 0 ? 206 : 200,
      headers: {
        ...NO_HEADERS,
        contentLength: size - offset,
        contentRange: offset > 0 ? `bytes ${offset}-${size - 1}/${size}` : null,
      },
      body: handle.createReadStream({ start: offset }),
    };
  }

  return {
    open: (url, { offset }) => openOne(url, offset),
    probe: async (url) => {
      const { status, headers, body } = await openOne(url, 0);
      body.destroy();
      return { status, sizeBytes: headers.contentLength, url, retryAfter: null, date: null };
    },
  };
}
