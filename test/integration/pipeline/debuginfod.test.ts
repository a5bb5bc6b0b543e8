import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { readJournal } from '../../../src/install/journal.ts';
import { planRemoval, removeInstalled } from '../../../src/install/remove.ts';
import { acquireLooseFile, addDebuginfodFile, placeLooseFile } from '../../../src/pipeline/debuginfod.ts';
import type { OpenTarget } from '../../../src/pipeline/open-target.ts';
import type { Session } from '../../../src/pipeline/session.ts';
import { assemblePlan } from '../../../src/resolve/plan.ts';
import { checkPlan } from '../../../src/resolve/plan-schema.ts';
import { looseFilesOf } from '../../../src/resolve/provisions.ts';
import type { BuildId, FileItem, Plan } from '../../../src/types.ts';
import { findDebuginfo } from '../../../src/verify/build-id.ts';
import { makeBuildRoot } from '../../helpers/build-lab.ts';
import { buildSmallKernel, type Debuginfod, serveDebuginfod, type SmallKernel } from '../../helpers/debuginfod.ts';
import { openTestSession } from '../../helpers/test-session.ts';

const R = '6.1.0-18-amd64';
const signal = new AbortController().signal;
let dir = '';
let kernel: SmallKernel;
let server: Debuginfod;
let liar: Server;
let lie: (response: ServerResponse) => void = (response) => response.end();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tapprep-debuginfod-'));
  kernel = await buildSmallKernel(join(dir, 'served'), R);
  server = await serveDebuginfod(join(dir, 'served'), kernel.buildId);
  liar = createServer((_, response) => lie(response));
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await server.close();
  liar.closeAllConnections();
  await new Promise((resolve) => liar.close(resolve));
  rmSync(dir, { recursive: true, force: true });
});

const liarUrl = (): string => `http://127.0.0.1:${(liar.address() as AddressInfo).port}/`;

let sessions = 0;
function open(urls: string): Promise<Session> {
  sessions += 1;
  return openTestSession(join(dir, `cache-${sessions}`), { offline: false, env: { DEBUGINFOD_URLS: urls }, signal });
}

function targetOf(buildId: BuildId | null): OpenTarget {
  const declared = declareFacts({ distro: 'debian:12', release: R, arch: 'x86_64', unameV: null });
  const facts = { ...declared, kernel: { ...declared.kernel, buildId } };
  return { host: null, facts, target: identifyTarget(facts) };
}

async function planFor(session: Session, buildId: BuildId | null = kernel.buildId): Promise<Plan> {
  const open = targetOf(buildId);
  return addDebuginfodFile(session, open, assemblePlan(open.target, [], [], []));
}

function itemOf(url: string): FileItem {
  return {
    kind: 'file',
    role: 'debuginfo',
    name: 'vmlinux',
    version: R,
    arch: 'x86_64',
    buildId: kernel.buildId,
    urls: [`${url}buildid/${kernel.buildId}/debuginfo`],
    place: `/usr/lib/debug/lib/modules/${R}/vmlinux`,
    sizeBytes: null,
    installedBytes: null,
    repository: 'debuginfod',
    install: true,
  };
}

test('by build-id from a debuginfod to where stap looks, in the journal as unsigned, and away again', async () => {
  const session = await open(`ima:enforcing ${server.url}`);
  const plan = await planFor(session);
  const [item] = looseFilesOf(plan.items);
  expect(item).toMatchObject({ kind: 'file', buildId: kernel.buildId, urls: itemOf(server.url).urls });
  expect(plan.notes.join()).toContain('nobody signs what a debuginfod serves');
  expect(checkPlan(JSON.stringify(plan), 'lock').items).toEqual(plan.items);
  if (item === undefined) throw new Error('no item');

  const host = createRootHost(makeBuildRoot(join(dir, 'root')));
  const placed = await placeLooseFile(session, host, await acquireLooseFile(session, item));
  expect(placed).toMatchObject({ path: item.place, url: item.urls[0], signed: false });
  expect(readFileSync(join(dir, 'root', item.place))).toEqual(readFileSync(kernel.path));
  expect(await findDebuginfo(host, targetOf(kernel.buildId).target)).toEqual({
    path: item.place,
    buildId: kernel.buildId,
    hasDwarf: true,
  });
  expect((await readJournal(host)).entries).toMatchObject([
    {
      state: 'done',
      files: [`/usr/lib/debug/lib/modules/${R}`],
      unsigned: [{ path: item.place, buildId: kernel.buildId }],
    },
  ]);

  // A second time it replaces its own.
  await placeLooseFile(session, host, await acquireLooseFile(session, item));
  await removeInstalled(host, await planRemoval(host), () => undefined, signal);
  expect(existsSync(join(dir, 'root', item.place))).toBe(false);
  expect(existsSync(join(dir, 'root/usr/lib/debug/lib/modules', R))).toBe(false);
});

test('what a package put there stays, and nothing of ours is left beside it', async () => {
  const session = await open(server.url);
  const root = makeBuildRoot(join(dir, 'other'));
  const place = join(root, 'usr/lib/debug/lib/modules', R);
  mkdirSync(place, { recursive: true });
  cpSync(kernel.path, join(place, 'vmlinux'));
  const host = createRootHost(root);
  const file = await acquireLooseFile(session, itemOf(server.url));
  await expect(placeLooseFile(session, host, file)).rejects.toMatchObject({ code: 'INSTALL_FAILED' });
  expect(existsSync(`${place}.tapprep-making`)).toBe(false);
});

test('a build that no server has: every address is told', async () => {
  const id = 'ab'.repeat(20) as BuildId;
  const session = await open(server.url);
  // elfutils' server only tells when it is asked for the file itself.
  const [planned] = looseFilesOf((await planFor(session, id)).items);
  const urls = [server.url, liarUrl()].map((base) => `${base}buildid/${id}/debuginfo`);
  const item = { ...(planned ?? itemOf(server.url)), urls };
  lie = (response) => void response.writeHead(404).end();
  expect(planned).toMatchObject({ urls: urls.slice(0, 1), sizeBytes: null });
  const missed = { code: 'NO_EXACT_PACKAGE', message: expect.stringContaining(urls.join(', ')) as unknown };
  await expect(acquireLooseFile(session, item)).rejects.toMatchObject(missed);

  const url = `${liarUrl()}buildid/${id}/debuginfo`;
  await expect(planFor(await open(liarUrl()), id)).rejects.toMatchObject({
    code: 'NO_EXACT_PACKAGE',
    message: expect.stringContaining(url) as unknown,
  });
  await expect(planFor(session, null)).rejects.toMatchObject({ code: 'NO_BUILD_ID' });
});

const send = (path: string) => (response: ServerResponse) => void response.end(readFileSync(path));

test.each<readonly [string, string, () => Promise<typeof lie>]>([
  [
    'another build',
    'BUILD_ID_MISMATCH',
    async () => send((await buildSmallKernel(join(dir, 'another'), '6.1.0-19-amd64')).path),
  ],
  [
    'a file that is cut off',
    'BAD_PACKAGE',
    async () => (response) => void response.end(readFileSync(kernel.path).subarray(0, 3000)),
  ],
  [
    '10 GB',
    'TOO_LARGE',
    async () => (response) => void response.writeHead(200, { 'content-length': String(10e9) }).write('x'),
  ],
  [
    'a page of HTML',
    'NOT_DEBUGINFO',
    async () => (response) => void response.end('<html><body>Please log in</body></html>'),
  ],
])('%s instead is refused as %s', async (_, code, make) => {
  lie = await make();
  const session = await open('');
  await expect(acquireLooseFile(session, itemOf(liarUrl()))).rejects.toMatchObject({ code });
  // The next server may tell the truth.
  const urls = [...itemOf(liarUrl()).urls, ...itemOf(server.url).urls];
  expect(await acquireLooseFile(session, { ...itemOf(server.url), urls })).toMatchObject({ url: urls[1] });
});

test('the right build-id over the wrong release, and without DWARF, is refused', async () => {
  const session = await open('');
  const bare = await buildSmallKernel(join(dir, 'bare'), R, { debug: false });
  lie = send(bare.path);
  await expect(acquireLooseFile(session, { ...itemOf(liarUrl()), buildId: bare.buildId })).rejects.toMatchObject({
    code: 'NOT_DEBUGINFO',
  });
  lie = send(kernel.path);
  await expect(acquireLooseFile(session, { ...itemOf(liarUrl()), version: '6.1.0-99-amd64' })).rejects.toMatchObject({
    code: 'WRONG_RELEASE',
    message: expect.stringContaining(`served the vmlinux of ${R}, but the kernel is 6.1.0-99-amd64`) as unknown,
  });
});
