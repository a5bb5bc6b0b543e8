import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FaultServer, startFaultServer } from '../../helpers/fault-server.ts';
import type { ChildTask } from '../../helpers/fetch-child.ts';
import { type FetchLab, openFetchLab, randomContent, requestFor } from '../../helpers/fetch-lab.ts';

const CHILD = fileURLToPath(new URL('../../helpers/fetch-child.ts', import.meta.url));
const content = randomContent(6_000_000);
let lab: FetchLab;
let server: FaultServer;

beforeEach(async () => {
  lab = await openFetchLab();
  server = await startFaultServer(content);
});

afterEach(async () => {
  await Promise.all([lab.close(), server.close()]);
});

/** Fetches twice with the cache on a file system of its own: as it is mounted, then after `repair`. */
async function fetchOn(
  mountOptions: string,
  setUp: string,
  repair: string,
): Promise<readonly Record<string, unknown>[]> {
  await mkdir(lab.cacheDir);
  const request = { ...requestFor(content, `${server.url}file.bin`), ...(setUp === '' ? {} : { sizeBytes: null }) };
  const task: ChildTask = { cacheDir: lab.cacheDir, request, lockMs: 500 };
  const script = `
    mount -t tmpfs -o ${mountOptions} tmpfs "$1" || exit 9
    cd "$1"; ${setUp === '' ? ':' : setUp}
    "$2" "$3" "$4"
    ${repair}
    "$2" "$3" "$4"`;
  const argv = [lab.cacheDir, process.execPath, CHILD, JSON.stringify(task)];
  const { stdout } = await promisify(execFile)('unshare', [
    '--map-root-user',
    '--mount',
    'sh',
    '-c',
    script,
    'sh',
    ...argv,
  ]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const ENLARGE = 'mount -o remount,size=64m,nr_inodes=1000,rw "$1"';

test('too little space is NO_SPACE before the first byte, with both numbers', async () => {
  const [failed, done] = await fetchOn('size=5m', '', ENLARGE);
  expect(failed).toMatchObject({ code: 'NO_SPACE', message: expect.stringContaining(`needs ${content.length} bytes`) });
  expect(done).toMatchObject({ sizeBytes: content.length, fromCache: false });
  expect(server.requests).toHaveLength(2);
});

test('a disk that fills up while writing is NO_SPACE, and the next run goes on from what was written', async () => {
  // No size is known beforehand and the space is only taken afterwards: the check at the start cannot see it.
  server.script('chunked');
  const [failed, done] = await fetchOn('size=4600k', ':', ENLARGE);
  expect(failed).toMatchObject({ code: 'NO_SPACE', message: expect.stringContaining('.part') });
  expect(done).toMatchObject({ sizeBytes: content.length });
  expect(server.requests[1]).toMatch(/bytes=[1-9]/);
});

test('no inode left is NO_SPACE', async () => {
  const [failed, done] = await fetchOn('size=64m,nr_inodes=7', ':', ENLARGE);
  expect(failed).toMatchObject({ code: 'NO_SPACE', message: expect.stringContaining('inode') });
  expect(done).toMatchObject({ sizeBytes: content.length });
});

test('a file system that is read only is PERMISSION', async () => {
  const [failed, done] = await fetchOn('size=64m', 'mount -o remount,ro "$1"', ENLARGE);
  expect(failed).toMatchObject({ code: 'PERMISSION', message: expect.stringContaining('EROFS') });
  expect(done).toMatchObject({ sizeBytes: content.length });
});

test('a cache that is read only still gives what it has', async () => {
  const [first, second] = await fetchOn('size=64m', '', 'mount -o remount,ro "$1"');
  expect(first).toMatchObject({ fromCache: false });
  expect(second).toMatchObject({ fromCache: true, path: first?.path });
});
