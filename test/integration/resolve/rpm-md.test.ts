import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PackageRecord, RecordFilter } from '../../../src/resolve/reader.ts';
import { readRpmMd } from '../../../src/resolve/rpm-md/reader.ts';
import type { Repository } from '../../../src/types.ts';
import { type DirectoryServer, serveDirectory } from '../../helpers/directory-server.ts';
import { GpgHome, type TestKey } from '../../helpers/gpg.ts';
import { type ReaderLab, openReaderLab } from '../../helpers/reader-context.ts';
import { kernelBuild, openRpmLab } from '../../helpers/rpm-lab.ts';
import { rpmRepository } from '../../helpers/rpm-repository.ts';

const RELEASE = '503.11.1.el9_5';
const UNAME = `5.14.0-${RELEASE}.x86_64`;
const lab = openRpmLab();
let packages: Readonly<Record<string, string>> = {};
let server: DirectoryServer;
let reader: ReaderLab;
let copies = 0;

const FILTER: RecordFilter = {
  wantsName: (name) => name === 'kernel-debuginfo',
  provides: [`kernel-devel-uname-r = ${UNAME}`],
};

beforeAll(async () => {
  packages = {
    ...lab.build(kernelBuild('5.14.0', RELEASE)),
    ...Object.fromEntries(
      Object.entries(lab.build(kernelBuild('5.14.0', '503.14.1.el9_5'))).map(([name, path]) => [`newer ${name}`, path]),
    ),
  };
  lab.makeRepository('gz', Object.values(packages), ['--compress-type=gz']);
  lab.makeRepository('xz', Object.values(packages), ['--compress-type=xz']);
  lab.makeRepository('bz2', Object.values(packages), ['--compress-type=bz2']);
  lab.makeRepository('sha1', Object.values(packages), ['--checksum=sha', '--simple-md-filenames']);
  server = await serveDirectory(join(lab.directory, 'repos'));
});
afterAll(async () => {
  await server.close();
  lab.close();
});
beforeEach(async () => {
  reader = await openReaderLab();
});
afterEach(async () => {
  await reader.close();
});

async function read(repository: Repository, filter = FILTER): Promise<readonly PackageRecord[]> {
  return await readRpmMd(repository, 'x86_64', filter, reader.context);
}

async function codeOf(name: string): Promise<string> {
  try {
    await read(rpmRepository([`${server.url}${name}/`]));
    return 'read';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** What a repository's primary.xml says, unpacked. */
function primaryOf(root: string): string {
  const file = readdirSync(join(root, 'repodata')).find((name) => name.endsWith('primary.xml.gz')) ?? '';
  return execFileSync('gzip', ['-dc', join(root, 'repodata', file)], { encoding: 'utf8' });
}

function sha(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A repository whose metadata must be signed by this key. */
function signedBy(name: string, by: TestKey): Repository {
  const trust = { metadata: 'signed', fingerprints: [by.fingerprint], keyrings: [by.armored] } as const;
  return rpmRepository([`${server.url}${name}/`], trust);
}

/** Serves an old repomd.xml for the first requests, as a mirror does that is being updated. */
function serveStale(name: string, times: number): void {
  const root = join(lab.directory, 'repos', name);
  cpSync(join(lab.directory, 'repos/gz'), root, { recursive: true });
  const stale = readFileSync(join(root, 'repodata/repomd.xml'), 'utf8').replaceAll(
    /repodata\/[0-9a-f]{8}/g,
    'repodata/00000000',
  );
  let asked = 0;
  server.override(`/${name}/repodata/repomd.xml`, (_, response) => {
    asked += 1;
    response.end(asked <= times ? stale : readFileSync(join(root, 'repodata/repomd.xml')));
  });
}

function xml(frames: string, count = 1): string {
  return `<metadata packages="${count}">${frames}</metadata>`;
}

function frame(location: string, inside = ''): string {
  return `<package type="rpm"><name>kernel-debuginfo</name><arch>x86_64</arch><version epoch="0" ver="1" rel="1"/>
    <checksum type="sha256" pkgid="YES">${'a'.repeat(64)}</checksum><location ${location}/><summary>${inside}</summary></package>`;
}

/** A repository of one index file whose repomd.xml is true of it, but for what `lies` says. */
function craft(
  packed: Buffer,
  open: Buffer | string,
  lies: { readonly href?: string; readonly openBytes?: number | null } = {},
): string {
  copies += 1;
  const name = `crafted${copies}`;
  const root = join(lab.directory, 'repos', name);
  execFileSync('mkdir', ['-p', join(root, 'repodata')]);
  const href = lies.href ?? 'repodata/primary.xml.gz';
  writeFileSync(join(root, 'repodata', href.split('/').at(-1) ?? ''), packed);
  const openBytes = lies.openBytes === undefined ? Buffer.byteLength(open) : lies.openBytes;
  writeFileSync(
    join(root, 'repodata/repomd.xml'),
    `<repomd><data type="primary"><checksum type="sha256">${sha(packed)}</checksum>
     <open-checksum type="sha256">${sha(open)}</open-checksum><location href="${href}"/><size>${packed.length}</size>
     ${openBytes === null ? '' : `<open-size>${openBytes}</open-size>`}</data></repomd>`,
  );
  return name;
}

describe('what createrepo_c writes', () => {
  test.each(['gz', 'xz', 'bz2', 'sha1'])(
    '%s: the provider of the wanted uname and every package of a wanted name',
    async (kind) => {
      const records = await read(rpmRepository([`${server.url}${kind}/`]));
      expect(records.map((record) => `${record.name} ${record.version}`).toSorted()).toEqual([
        `kernel-debuginfo 5.14.0-${RELEASE}`,
        'kernel-debuginfo 5.14.0-503.14.1.el9_5',
        `kernel-devel 5.14.0-${RELEASE}`,
      ]);
    },
  );

  test('a record has all that a plan needs, and its digest is that of the file', async () => {
    const record = (await read(rpmRepository([`${server.url}gz/`]))).find((found) => found.name === 'kernel-devel');
    const path = packages['kernel-devel'] ?? '';
    const bytes = readFileSync(path);
    const digest = { algorithm: 'sha256', hex: createHash('sha256').update(bytes).digest('hex') };
    expect(record).toMatchObject({
      arch: 'x86_64',
      urls: [`${server.url}gz/Packages/kernel-devel-5.14.0-${RELEASE}.x86_64.rpm`],
      sizeBytes: bytes.length,
      digest,
      trust: { kind: 'rpm-signature', digest, vendor: 'CentOS' },
      vendor: 'CentOS',
      buildHost: 'build-1.example.org',
      buildTime: 1_700_000_000,
      source: `kernel-5.14.0-${RELEASE}.src.rpm`,
      requires: expect.arrayContaining(['gcc', 'make']) as unknown,
      provides: expect.arrayContaining([`kernel-devel-uname-r = ${UNAME}`]) as unknown,
    });
  });

  test('zstd, as newer createrepo_c writes it', async () => {
    const xml = primaryOf(join(lab.directory, 'repos/gz'));
    const name = craft(zstdCompressSync(xml), xml, { href: 'repodata/primary.xml.zst' });
    expect(await read(rpmRepository([`${server.url}${name}/`]))).toHaveLength(3);
  });

  test('Requires of the debuginfo name the common package', async () => {
    const records = await read(rpmRepository([`${server.url}gz/`]));
    const debuginfo = records.find((record) => record.version.endsWith(RELEASE) && record.name === 'kernel-debuginfo');
    expect(debuginfo?.requires).toContain(`kernel-debuginfo-common-x86_64 = 5.14.0-${RELEASE}`);
  });

  test('an unsigned repository leaves nothing but its digest to believe', async () => {
    const [record] = await read(rpmRepository([`${server.url}gz/`], { packages: 'unsigned' }));
    expect(record?.trust).toMatchObject({ kind: 'unsigned-index', index: `${server.url}gz/repodata/repomd.xml` });
  });

  test('the mirror that answered comes first in every URL list', async () => {
    const dead = `${server.url}nothing/`;
    const [record] = await read(rpmRepository([dead, `${server.url}gz/`]));
    expect(record?.urls.map((url) => url.startsWith(dead))).toEqual([false, true]);
  });
});

describe('signed metadata', () => {
  const home = new GpgHome();
  let key: TestKey;
  let other: TestKey;
  beforeAll(() => {
    key = home.makeKey('Repository', 'rsa2048');
    other = home.makeKey('Stranger', 'rsa2048');
    for (const name of ['signed', 'stale-signature'])
      cpSync(join(lab.directory, 'repos/gz'), join(lab.directory, 'repos', name), { recursive: true });
    for (const name of ['signed', 'stale-signature']) {
      const repomd = join(lab.directory, 'repos', name, 'repodata/repomd.xml');
      writeFileSync(`${repomd}.asc`, home.sign(readFileSync(repomd), key, '--detach-sign', ['--armor']));
      if (name !== 'signed') writeFileSync(repomd, `${readFileSync(repomd, 'utf8')}\n`);
    }
  });
  afterAll(() => home.close());

  test('vouches for the digest of every package', async () => {
    const [record] = await read(signedBy('signed', key));
    expect(record?.trust).toMatchObject({
      kind: 'signed-index',
      signer: key.fingerprint,
      digest: { algorithm: 'sha256' },
    });
  });

  test('by a key that is not pinned is UNKNOWN_KEY', async () => {
    await expect(read(signedBy('signed', other))).rejects.toMatchObject({ code: 'UNKNOWN_KEY' });
  });

  test('that the server calls unchanged while its signature is another is asked for once more', async () => {
    const root = join(lab.directory, 'repos/half');
    const repomd = join(root, 'repodata/repomd.xml');
    cpSync(join(lab.directory, 'repos/gz'), root, { recursive: true });
    const sign = (): void =>
      writeFileSync(`${repomd}.asc`, home.sign(readFileSync(repomd), key, '--detach-sign', ['--armor']));
    sign();
    server.override('/half/repodata/repomd.xml', ({ headers }, response) => {
      if (headers['if-none-match'] === '"same"') response.writeHead(304, { etag: '"same"' }).end();
      else response.writeHead(200, { etag: '"same"' }).end(readFileSync(repomd));
    });
    await read(signedBy('half', key));
    writeFileSync(repomd, `${readFileSync(repomd, 'utf8')}\n`);
    sign();
    expect(await read(signedBy('half', key))).not.toEqual([]);
  });

  test('changed after signing is BAD_SIGNATURE', async () => {
    await expect(read(signedBy('stale-signature', key))).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
  });

  test('demanded but not there is UNSIGNED', async () => {
    await expect(read(signedBy('gz', key))).rejects.toMatchObject({ code: 'UNSIGNED' });
  });
});

describe('where to read from', () => {
  test('a mirror list of one base URL a line', async () => {
    server.override('/mirror.list', (_, response) => response.end(`${server.url}gz/\n`));
    const repository = rpmRepository([], {}, { discovery: { kind: 'mirror-list', url: `${server.url}mirror.list` } });
    expect(await read(repository)).toHaveLength(3);
  });

  test('a mirror list is asked when no base URL answers', async () => {
    const discovery = { kind: 'mirror-list', url: `${server.url}mirror.list` } as const;
    expect(await read(rpmRepository([`${server.url}gone/`], {}, { discovery }))).toHaveLength(3);
  });

  test('a metalink over plain http is UNSAFE_URL', async () => {
    server.override('/metalink', (_, response) => response.end('<metalink/>'));
    const repository = rpmRepository([], {}, { discovery: { kind: 'metalink', url: `${server.url}metalink` } });
    await expect(read(repository)).rejects.toMatchObject({ code: 'UNSAFE_URL' });
  });

  test('nowhere is NO_REPOSITORY', async () => {
    await expect(read(rpmRepository([]))).rejects.toMatchObject({ code: 'NO_REPOSITORY' });
  });

  test('a repository that is gone is NOT_FOUND', async () => {
    expect(await codeOf('gone')).toBe('NOT_FOUND');
  });
});

describe('an index that changes between two requests', () => {
  test('is asked for once more', async () => {
    serveStale('updating', 1);
    expect(await read(rpmRepository([`${server.url}updating/`]))).toHaveLength(3);
    expect(reader.events).toContainEqual(expect.objectContaining({ type: 'note' }));
  });

  test('and out of step again it is BAD_METADATA', async () => {
    serveStale('broken', 99);
    expect(await codeOf('broken')).toBe('BAD_METADATA');
    expect(server.requests.filter((line) => line === 'GET /broken/repodata/repomd.xml')).toHaveLength(2);
  });

  test('bytes of another day under the same name are BAD_METADATA', async () => {
    const name = craft(gzipSync('<metadata packages="0"/>'), '<metadata packages="0"/>');
    writeFileSync(join(lab.directory, 'repos', name, 'repodata/primary.xml.gz'), gzipSync('<metadata packages="1"/>'));
    expect(await codeOf(name)).toBe('BAD_METADATA');
  });
});

describe('a hostile or damaged index', () => {
  test('a truncated zst is BAD_METADATA', async () => {
    const text = xml(frame('href="a.rpm"', 'x'.repeat(200_000)));
    const packed = zstdCompressSync(text);
    expect(await codeOf(craft(packed.subarray(0, packed.length - 20), text, { href: 'repodata/p.xml.zst' }))).toBe(
      'BAD_METADATA',
    );
  });

  test('a second zst frame is read, and missing it is BAD_METADATA', async () => {
    const [first, second] = [`<metadata packages="2">${frame('href="a.rpm"')}`, `${frame('href="b.rpm"')}</metadata>`];
    const packed = [zstdCompressSync(first), zstdCompressSync(second)];
    const name = craft(Buffer.concat(packed), first + second, { href: 'repodata/p.xml.zst' });
    expect(await read(rpmRepository([`${server.url}${name}/`]))).toHaveLength(2);
    expect(await codeOf(craft(packed[0] ?? Buffer.alloc(0), first + second, { href: 'repodata/p.xml.zst' }))).toBe(
      'BAD_METADATA',
    );
  });

  test('more unpacked bytes than stated are BAD_METADATA, and no more are read', async () => {
    expect(await codeOf(craft(gzipSync(`${xml('', 0)}${' '.repeat(50_000_000)}`), xml('', 0)))).toBe('BAD_METADATA');
  });

  test('a stated size of 10 GB is TOO_LARGE without unpacking a byte', async () => {
    expect(await codeOf(craft(gzipSync('x'), 'x', { openBytes: 10_000_000_000 }))).toBe('TOO_LARGE');
  });

  test('a bomb of 10 GB whose size is not stated is TOO_LARGE in flat memory', async () => {
    // One member of 100 MB of packages that nobody asks for, a hundred times: gunzip takes members as one stream.
    const unwanted = `<package><name>x</name>${'x'.repeat(960)}</package>`;
    const member = gzipSync(Buffer.alloc(100_000_000, unwanted), { level: 1 });
    const head = gzipSync('<metadata packages="4000000">');
    const name = craft(Buffer.concat([head, ...Array.from({ length: 100 }, () => member)]), 'x', { openBytes: null });
    const before = process.memoryUsage.rss();
    expect(await codeOf(name)).toBe('TOO_LARGE');
    expect(process.memoryUsage.rss() - before).toBeLessThan(300_000_000);
  });

  test('entity expansion is BAD_METADATA', async () => {
    const bomb = `<!DOCTYPE metadata [<!ENTITY a "${'x'.repeat(1000)}"><!ENTITY b "${'&a;'.repeat(1000)}">]>${xml(frame('href="a.rpm"', '&b;'))}`;
    expect(await codeOf(craft(gzipSync(bomb), bomb))).toBe('BAD_METADATA');
    const inside = xml(frame('href="a.rpm"', '&b;'));
    expect(await codeOf(craft(gzipSync(inside), inside))).toBe('BAD_METADATA');
  });

  test('an entity bomb in repomd.xml is BAD_METADATA', async () => {
    const name = craft(gzipSync('x'), 'x');
    const path = join(lab.directory, 'repos', name, 'repodata/repomd.xml');
    writeFileSync(path, `<!DOCTYPE r [<!ENTITY a "b">]>${readFileSync(path, 'utf8')}`);
    expect(await codeOf(name)).toBe('BAD_METADATA');
  });

  test('fewer packages than stated are BAD_METADATA', async () => {
    const text = xml(frame('href="a.rpm"'), 2);
    expect(await codeOf(craft(gzipSync(text), text))).toBe('BAD_METADATA');
  });

  test.each([
    ['a way out of the repository', 'href="../../../etc/passwd.rpm"'],
    ['an absolute path', 'href="/etc/passwd.rpm"'],
    ['another scheme', 'href="file:///etc/passwd.rpm"'],
    ['another host', 'href="//evil.example/a.rpm"'],
    ['another host as its base', 'xml:base="http://evil.example/" href="a.rpm"'],
    ['an encoded way out', 'href="Packages/%2e%2e/%2e%2e/a.rpm"'],
  ])('a location with %s is UNSAFE_URL', async (_, href) => {
    const text = xml(frame(href));
    expect(await codeOf(craft(gzipSync(text), text))).toBe('UNSAFE_URL');
  });

  test('an index outside the repository is UNSAFE_URL', async () => {
    const name = craft(gzipSync('x'), 'x', { href: '../../gz/repodata/primary.xml.gz' });
    expect(await codeOf(name)).toBe('UNSAFE_URL');
  });

  test("Amazon's blob store beside the repository is followed", async () => {
    const text = xml(frame(`href="../../../blobstore/${'a'.repeat(64)}/kernel-debuginfo-1-1.x86_64.rpm"`));
    const [record] = await read(rpmRepository([`${server.url}${craft(gzipSync(text), text)}/`]));
    expect(record?.urls).toEqual([`${server.url}blobstore/${'a'.repeat(64)}/kernel-debuginfo-1-1.x86_64.rpm`]);
  });

  test('a repomd.xml that sends to another host is UNSAFE_URL', async () => {
    server.override('/moved/repodata/repomd.xml', (_, response) =>
      response.writeHead(302, { location: 'http://localhost:9/repodata/repomd.xml' }).end(),
    );
    expect(await codeOf('moved')).toBe('UNSAFE_URL');
  });
});
