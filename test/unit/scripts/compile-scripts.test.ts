import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RemoteHost } from '../../../src/host/host.ts';
import { loadCatalogue } from '../../../src/scripts/catalogue.ts';
import { compileScripts } from '../../../src/scripts/compile-scripts.ts';
import { createRecordedHost } from '../../helpers/recorded-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-scripts-'));
afterAll(() => rmSync(directory, { recursive: true }));

const WORK = '/var/tmp/tapprep-scripts.Ab12Cd';

test('on a host that keeps no cache of stap, all scripts share one, and the first has filled it before the next begin', async () => {
  const entries = (await loadCatalogue(join(import.meta.dirname, '../../..'))).slice(0, 4);
  const caches: (string | undefined)[] = [];
  const done: string[] = [];
  const begunAfter: number[] = [];
  const host = createRecordedHost(directory, {
    find: () => ({}),
    mktemp: () => ({ stdout: `${WORK}\n` }),
    rm: () => ({}),
    stap(_, { env }) {
      caches.push(env?.['SYSTEMTAP_DIR']);
      begunAfter.push(done.length);
      return { stdout: 'stap_1.ko\n' };
    },
  });
  // As over ssh, where tapprep keeps nothing between two runs.
  const remote = { ...host, kind: 'ssh' } as unknown as RemoteHost;
  const results = await compileScripts(remote, entries, {
    target: { release: '6.1.0-57-cloud-amd64' },
    signal: new AbortController().signal,
    onDone: ({ name }) => done.push(name),
  });
  expect(results.map(({ name, status }) => [name, status])).toEqual(entries.map(({ name }) => [name, 'pass']));
  expect(caches).toEqual(entries.map(() => `${WORK}/cache`));
  expect(begunAfter.slice(0, 2)).toEqual([0, 1]);
});
