import { expect, test } from 'vitest';
import { createLocalHost } from '../../../src/host/local.ts';
import { findRemains } from '../../../src/install/remains.ts';
import { FRONT_ENDS, type FrontEndFetch } from '../../../src/package-system/front-ends.ts';
import { createFrontEndTransport, frontEndBase } from '../../../src/pipeline/front-end-transport.ts';

const FROM_THE_START = {
  offset: 0,
  end: null,
  ifRange: null,
  ifNoneMatch: null,
  ifModifiedSince: null,
  redirects: 'any',
} as const;

/** What dnf and zypper make of their indexes below DIRECTORY/cache. */
const LAID: Readonly<Record<'dnf' | 'zypper', (repository: string) => string>> = {
  dnf: (repository) => `${repository}-0b42d0e9ba900c50`,
  zypper: (repository) => `raw/${repository}`,
};

test.each(['dnf', 'zypper'] as const)(
  'an index by %s is of the repository that was asked, whatever others are called',
  async (name) => {
    const host = createLocalHost();
    const directories: string[] = [];
    const closers: (() => Promise<void>)[] = [];
    const real = FRONT_ENDS[name].fetch as FrontEndFetch;
    const write = 'mkdir -p "$1/repodata" && printf "%s" "$2" >"$1/repodata/repomd.xml"';
    const fetch: FrontEndFetch = {
      ...real,
      buildIndexArgv: (id, directory) => {
        directories.push(directory);
        return ['sh', '-c', write, 'sh', `${directory}/cache/${LAID[name](id)}`, id];
      },
    };
    const { signal } = new AbortController();
    const atEnd = (close: () => Promise<void>): void => void closers.push(close);
    const transport = createFrontEndTransport(host, { name, fetch, emit: () => undefined, signal, atEnd });
    const asked = ['rhui-appstream-source', 'rhui-appstream', 'a-rhui-appstream', 'with[odd]*', 'with[odd]*-more'];
    const got: string[] = [];
    for (const id of asked) {
      const { body } = await transport.open(`${frontEndBase(host)}${encodeURIComponent(id)}/repodata/repomd.xml`, {
        ...FROM_THE_START,
        signal,
      });
      got.push((await body.toArray()).join(''));
    }
    // Killed here, it would be known.
    const { ours } = await findRemains(host, [], false);
    expect(ours).toContainEqual({ kind: 'directory', path: directories[0] });
    await Promise.all(closers.map((close) => close()));
    expect(got).toEqual(asked);
  },
);
