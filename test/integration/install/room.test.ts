import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createLocalHost } from '../../../src/host/local.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { type Demand, requireRoom } from '../../../src/install/room.ts';
import type { Event } from '../../../src/types.ts';
import { makeDpkgRunRoot } from '../../helpers/dpkg-root.ts';
import { failureOf } from '../../helpers/failure-of.ts';

const directory = mkdtempSync(join(tmpdir(), 'room-'));
afterAll(() => rmSync(directory, { recursive: true }));

const host = createLocalHost();
const { bavail, bsize } = await statfs(directory);
const FREE = bavail * bsize;

async function ask(demands: readonly Demand[], on = host): Promise<readonly Event[]> {
  const events: Event[] = [];
  const signal = new AbortController().signal;
  await requireRoom(on, demands, { what: '2 packages need', emit: (event) => void events.push(event), signal });
  return events;
}

/** Of two directories that are not there yet. */
function below(share: number): readonly Demand[] {
  return ['a/b', 'c'].map((path) => ({ path: join(directory, path), bytes: Math.ceil(FREE * share) }));
}

describe('directories of one file system share its room', () => {
  test('each alone fits, both do not', async () => {
    const [one, other] = below(0.7);
    if (one === undefined || other === undefined) throw new Error('two demands');
    expect(await ask([one])).toEqual([]);
    expect(await failureOf(ask([one, other]))).toMatchObject({
      code: 'NO_SPACE',
      message: expect.stringMatching(
        /^2 packages need \d+ MiB in .*\/a\/b, .*\/c of this host, where \d+ MiB are free/,
      ),
      facts: { paths: [one.path, other.path], neededBytes: one.bytes + other.bytes },
    });
  });

  test('both fit', async () => {
    expect(await ask(below(0.3))).toEqual([]);
  });
});

test('a target that cannot tell what is free is not refused for that, and it is said', async () => {
  const root = join(directory, 'root');
  const keyring = join(directory, 'keyring');
  writeFileSync(keyring, '');
  makeDpkgRunRoot(root, { url: 'http://127.0.0.1:9/', suite: 'bullseye', keyring });
  rmSync(join(root, 'usr/bin/stat'));
  expect(await ask([{ path: '/usr', bytes: FREE * 2 }], createRootHost(root))).toEqual([
    { type: 'note', level: 'info', text: `${root} does not tell what is free in /usr` },
  ]);
});

test('nothing to install asks nothing', async () => {
  expect(await ask([], createRootHost(join(directory, 'root')))).toEqual([]);
});
