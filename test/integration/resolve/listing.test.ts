import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readListing, readTemplate } from '../../../src/resolve/listing/reader.ts';
import type { RecordFilter } from '../../../src/resolve/reader.ts';
import { type DirectoryServer, serveDirectory } from '../../helpers/directory-server.ts';
import { type Nginx, serveNginx } from '../../helpers/nginx.ts';
import { type ReaderLab, openReaderLab } from '../../helpers/reader-context.ts';
import { rpmRepository } from '../../helpers/rpm-repository.ts';

const DEBUGINFO = 'kernel-debuginfo-2.6.32-642.el6.x86_64.rpm';
const COMMON = 'kernel-debuginfo-common-x86_64-2.6.32-642.el6.x86_64.rpm';
const directory = mkdtempSync(join(tmpdir(), 'tapprep-listing-'));
const filter: RecordFilter = {
  wantsName: (name) => name.startsWith('kernel-debuginfo'),
  fileNames: [DEBUGINFO, COMMON, 'kernel-debuginfo-2.6.32-999.el6.x86_64.rpm'],
};
let nginx: Nginx;
let server: DirectoryServer;
let reader: ReaderLab;

beforeAll(async () => {
  const root = join(directory, 'root');
  mkdirSync(join(root, '6/x86_64/repodata'), { recursive: true });
  for (const name of [
    DEBUGINFO,
    COMMON,
    'gcc-c++-4.4.7-17.el6.x86_64.rpm',
    'kernel-2.6.32-642.el6.src.rpm',
    'README',
  ]) {
    writeFileSync(join(root, '6/x86_64', name), name);
  }
  nginx = await serveNginx(root);
  server = await serveDirectory(root);
});
afterAll(async () => {
  await nginx.close();
  await server.close();
  rmSync(directory, { recursive: true });
});
beforeEach(async () => {
  reader = await openReaderLab();
});
afterEach(async () => {
  await reader.close();
});

describe('an index page', () => {
  test('of nginx gives the packages of the wanted names, to be believed for their signature alone', async () => {
    const base = `${nginx.url}6/x86_64/`;
    const records = await readListing(rpmRepository([base]), 'x86_64', filter, reader.context);
    expect(records.map(({ name, version, arch, urls }) => [name, version, arch, urls])).toEqual([
      ['kernel-debuginfo', '2.6.32-642.el6', 'x86_64', [base + DEBUGINFO]],
      ['kernel-debuginfo-common-x86_64', '2.6.32-642.el6', 'x86_64', [base + COMMON]],
    ]);
    expect(records[0]).toMatchObject({ digest: null, vendor: null, trust: { kind: 'rpm-signature', digest: null } });
  });

  test('with hostile names gives only those that lie beside it', async () => {
    server.override('/hostile/', (_, response) =>
      response.end(`<a href="../${DEBUGINFO}">a</a><a href="http://evil.example/${DEBUGINFO}">b</a>
        <a href="javascript:${DEBUGINFO}">c</a><a href="${COMMON}">d</a>`),
    );
    const records = await readListing(rpmRepository([`${server.url}hostile/`]), 'x86_64', filter, reader.context);
    expect(records.map((record) => record.urls)).toEqual([[`${server.url}hostile/${COMMON}`]]);
  });

  test('that is larger than any is TOO_LARGE', async () => {
    server.override('/large/', (_, response) => {
      response.writeHead(200, { 'content-length': 40_000_000 });
      response.end(Buffer.alloc(40_000_000, 'x'));
    });
    const read = readListing(rpmRepository([`${server.url}large/`]), 'x86_64', filter, reader.context);
    await expect(read).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  test('that is not there is NOT_FOUND', async () => {
    const read = readListing(rpmRepository([`${server.url}gone/`]), 'x86_64', filter, reader.context);
    await expect(read).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a template', () => {
  test('finds by HEAD what is there, with its size, and fetches nothing', async () => {
    const base = `${server.url}6/x86_64/`;
    const asked = server.requests.length;
    const records = await readTemplate(rpmRepository([base]), 'x86_64', filter, reader.context);
    expect(records.map((record) => [record.name, record.urls, record.sizeBytes])).toEqual([
      ['kernel-debuginfo', [base + DEBUGINFO], DEBUGINFO.length],
      ['kernel-debuginfo-common-x86_64', [base + COMMON], COMMON.length],
    ]);
    expect(server.requests.slice(asked).every((line) => line.startsWith('HEAD '))).toBe(true);
  });

  test('asks the next base URL when the first does not have it', async () => {
    const bases = [`${server.url}nothing/`, `${server.url}6/x86_64/`];
    const [record] = await readTemplate(rpmRepository(bases), 'x86_64', filter, reader.context);
    expect(record?.urls).toEqual([bases[1] + DEBUGINFO, bases[0] + DEBUGINFO]);
  });

  test('of which one server has no file and another does not answer is not known to have none', async () => {
    server.override(`/ill/${DEBUGINFO}`, (_, response) => response.writeHead(503).end());
    const bases = [`${server.url}nothing/`, `${server.url}ill/`];
    await expect(readTemplate(rpmRepository(bases), 'x86_64', filter, reader.context)).rejects.toMatchObject({
      code: 'NETWORK',
    });
    expect(await readTemplate(rpmRepository(bases.slice(0, 1)), 'x86_64', filter, reader.context)).toEqual([]);
  });

  test('whose server only fails is a NETWORK error, not "not there"', async () => {
    server.override(`/broken/${DEBUGINFO}`, (_, response) => response.writeHead(405).end());
    const read = readTemplate(rpmRepository([`${server.url}broken/`]), 'x86_64', filter, reader.context);
    await expect(read).rejects.toMatchObject({ code: 'NETWORK' });
  });
});
