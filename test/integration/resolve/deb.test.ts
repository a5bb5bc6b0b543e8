import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { wantedNames } from '../../../src/resolve/deb/kernel-names.ts';
import { planDeb } from '../../../src/resolve/deb/plan-deb.ts';
import { readDebRepositories, readDebRepository, type DebRead } from '../../../src/resolve/deb/reader.ts';
import type { PlanRequest } from '../../../src/resolve/plan.ts';
import type { PackageRecord, RecordFilter } from '../../../src/resolve/reader.ts';
import type { Repository } from '../../../src/types.ts';
import { DebLab, type ArchiveOptions } from '../../helpers/deb-lab.ts';
import { debRepository, debTarget } from '../../helpers/deb-records.ts';
import { type DirectoryServer, serveDirectory } from '../../helpers/directory-server.ts';
import { GpgHome, type TestKey } from '../../helpers/gpg.ts';
import { type ReaderLab, openReaderLab } from '../../helpers/reader-context.ts';

const R = '6.1.0-56-amd64';
const NOW = Date.now();
const ALL: RecordFilter = { wantsName: () => true };
const home = new GpgHome();
const lab = new DebLab(home);
const keys = {} as Record<'archive' | 'other' | 'expired', TestKey>;
let packages: readonly string[] = [];
let server: DirectoryServer;
let reader: ReaderLab;

beforeAll(async () => {
  keys.archive = home.makeKey('archive', 'rsa2048');
  keys.other = home.makeKey('other', 'rsa2048');
  keys.expired = home.makeKey('expired', 'rsa2048', { fakeTime: '20140101T000000', expires: '10d' });
  packages = [
    lab.build(`linux-headers-${R}`, '6.1.192-2', { Depends: 'linux-headers-6.1.0-56-common (= 6.1.192-2), gcc-12' }),
    lab.build('linux-headers-6.1.0-56-common', '6.1.192-2', { Architecture: 'all' }),
    lab.build(`linux-image-${R}-dbg`, '6.1.192-2'),
    lab.build('systemtap', '4.8-2', { Depends: 'make, libc6', 'Pre-Depends': 'python3-minimal' }),
    lab.build('python3-minimal', '3.11.2-1'),
    lab.build('gcc', '4:12.2.0-3', { Depends: 'gcc-12' }),
    lab.build('gcc-12', '12.2.0-14', { Depends: 'libc6' }),
    lab.build('make', '4.3-4.1', { Depends: 'libc6' }),
    lab.build('libc6', '2.36-9', { Essential: 'yes' }),
    lab.build('unrelated', '1'),
  ];
  server = await serveDirectory(lab.directory);
});
afterAll(async () => {
  await server.close();
  lab.close();
  home.close();
});
beforeEach(async () => {
  reader = await openReaderLab();
});
afterEach(async () => {
  await reader.close();
});

/** Writes an archive of the packages and returns the repository that describes it. */
function archive(name: string, options: Partial<ArchiveOptions> = {}, over: Partial<Repository> = {}): Repository {
  lab.writeArchive(name, { suite: 'bookworm', packages, key: keys.archive, ...options });
  return repositoryAt([name], over);
}

function repositoryAt(names: readonly string[], over: Partial<Repository> = {}): Repository {
  return debRepository({
    id: names[0]!,
    baseUrls: names.map((name) => `${server.url}${name}/`),
    trust: { metadata: 'signed', packages: 'unsigned', fingerprints: [], keyrings: [keys.archive.keyring], allow: [] },
    ...over,
  });
}

async function read(repository: Repository, filter = ALL): Promise<readonly PackageRecord[]> {
  return await readDebRepository(repository, 'amd64', filter, reader.context);
}

async function failureOf(repository: Repository): Promise<unknown> {
  return await read(repository).then(
    () => 'read',
    (error: unknown) => error,
  );
}

const dists = (name: string, file = '') => join(lab.directory, name, 'dists/bookworm', file);
const index = (name: string, file = 'Packages.gz') => dists(name, `main/binary-amd64/${file}`);

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'latin1')), 'latin1');
}

describe('reads', () => {
  test.each([
    ['gzip', ['.gz'], 'Packages.gz'],
    ['xz', ['.xz'], 'Packages.xz'],
    ['zstd', ['.zst'], 'Packages.zst'],
    ['nothing packed', [''], 'Packages'],
    ['gzip rather than xz', ['.gz', '.xz'], 'Packages.gz'],
  ])('%s', async (name, packings, file) => {
    const id = `packed ${name}`.replaceAll(' ', '-');
    const records = await read(archive(id, { packings }));
    expect(records).toHaveLength(packages.length);
    expect(server.requests.at(-1)).toBe(`GET /${id}/dists/bookworm/main/binary-amd64/${file}`);
  });

  test('every field that a plan needs, with the signer', async () => {
    const [record] = await read(archive('fields'), { wantsName: (name) => name === 'systemtap' });
    const bytes = readFileSync(join(lab.directory, 'fields/pool/systemtap_4.8-2_amd64.deb'));
    const digest = { algorithm: 'sha256', hex: createHash('sha256').update(bytes).digest('hex') };
    expect(record).toMatchObject({
      name: 'systemtap',
      version: '4.8-2',
      arch: 'amd64',
      urls: [`${server.url}fields/pool/systemtap_4.8-2_amd64.deb`],
      sizeBytes: bytes.length,
      digest,
      trust: {
        kind: 'signed-index',
        digest,
        signer: keys.archive.fingerprint,
        index: `${server.url}fields/dists/bookworm/InRelease`,
      },
      requires: ['python3-minimal', 'make', 'libc6'],
      preRequires: ['python3-minimal'],
    });
  });

  test('by hash where the archive offers it, and plainly where that file is gone', async () => {
    const repository = archive('by-hash', { release: { 'Acquire-By-Hash': 'yes' } });
    expect(await read(repository)).toHaveLength(packages.length);
    expect(server.requests.at(-1)).toMatch(/by-hash\/SHA256\/[0-9a-f]{64}$/);
    await reader.close();
    reader = await openReaderLab();
    for (const file of readdirSync(index('by-hash', 'by-hash/SHA256'))) {
      server.override(`/by-hash/dists/bookworm/main/binary-amd64/by-hash/SHA256/${file}`, (_, response) => {
        response.writeHead(404).end();
      });
    }
    expect(await read(repository)).toHaveLength(packages.length);
    expect(server.requests.at(-1)).toMatch(/Packages\.gz$/);
  });

  test('Release and Release.gpg where there is no InRelease', async () => {
    expect(await read(archive('detached', { signature: 'detached' }))).toHaveLength(packages.length);
  });

  test('a flat directory without suites', async () => {
    archive('flat', { packings: [''] });
    const bytes = readFileSync(index('flat', 'Packages'));
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(lab.directory, 'flat/Packages'), bytes);
    const release = `Origin: x\nSHA256:\n ${hex} ${bytes.length} Packages\n`;
    writeFileSync(join(lab.directory, 'flat/InRelease'), home.sign(release, keys.archive, '--clearsign'));
    const [record] = await read(repositoryAt(['flat'], { suite: './', components: [] }));
    expect(record?.urls[0]).toMatch(`${server.url}flat/pool/`);
  });

  test('the index for every architecture where it stands alone', async () => {
    const repository = archive('arch-all', { release: { Architectures: 'all amd64' }, packings: [''] });
    const text = readFileSync(index('arch-all', 'Packages'), 'latin1');
    // The same lines serve as index of the second architecture: all that counts is that both are asked for.
    const [amd64, all] = [text, text.replaceAll('Architecture: amd64', 'Architecture: all')];
    const release = home.gpg(['--decrypt', dists('arch-all', 'InRelease')]).toString();
    const hex = createHash('sha256').update(all).digest('hex');
    mkdirSync(dists('arch-all', 'main/binary-all'), { recursive: true });
    writeFileSync(dists('arch-all', 'main/binary-all/Packages'), all);
    const both = `${release.trimEnd()}\n ${hex} ${all.length} main/binary-all/Packages\n`;
    writeFileSync(dists('arch-all', 'InRelease'), home.sign(both, keys.archive, '--clearsign'));
    expect(amd64).toContain('Architecture: amd64');
    expect(await read(repository)).toHaveLength(2 * packages.length);
  });

  test('an unsigned repository only where it is declared so', async () => {
    const options: Partial<ArchiveOptions> = { key: null };
    expect(await failureOf(archive('unsigned', options))).toMatchObject({ code: 'UNSIGNED' });
    const declared = archive('declared', options, {
      trust: { metadata: 'unsigned', packages: 'unsigned', fingerprints: [], keyrings: [], allow: [] },
    });
    const [record] = await read(declared);
    expect(record?.trust).toMatchObject({ kind: 'unsigned-index', buildId: null });
  });

  test('from the next mirror where the first one is stale or tampered with', async () => {
    archive('stale', { release: { 'Valid-Until': rfc(NOW - 86_400_000) } });
    archive('fresh', { release: { 'Valid-Until': rfc(NOW + 86_400_000) } });
    const records = await read(repositoryAt(['stale', 'fresh']));
    expect(records[0]?.urls[0]).toMatch(`${server.url}fresh/pool/`);
  });

  test('again with a fresh Release when the index has just changed', async () => {
    const repository = archive('updating');
    await read(repository);
    const before = readFileSync(dists('updating', 'InRelease'));
    archive('updating', { packages: packages.slice(1) });
    let served = 0;
    // A cache in between hands out the old InRelease once more.
    server.override('/updating/dists/bookworm/InRelease', (_, response) => {
      served += 1;
      response.end(served === 1 ? before : readFileSync(dists('updating', 'InRelease')));
    });
    await reader.close();
    reader = await openReaderLab();
    expect(await read(repository)).toHaveLength(packages.length - 1);
    expect(served).toBe(2);
  });

  test('again where a mirror calls the Release unchanged and has another Release.gpg', async () => {
    const options: Partial<ArchiveOptions> = { signature: 'detached' };
    const repository = archive('half', options);
    answerUnchanged('half', 'Release');
    expect(await read(repository)).toHaveLength(packages.length);
    archive('half', { ...options, packages: packages.slice(1) });
    expect(await read(repository)).toHaveLength(packages.length - 1);
  });
});

/** A server that knows a file by an entity tag which stays the same whatever becomes of the file. */
function answerUnchanged(name: string, file: string): void {
  server.override(`/${name}/dists/bookworm/${file}`, ({ headers }, response) => {
    const bytes = readFileSync(dists(name, file));
    if (headers['if-none-match'] === '"same"') response.writeHead(304, { etag: '"same"' }).end();
    else response.writeHead(200, { etag: '"same"', 'content-length': bytes.length }).end(bytes);
  });
}

function rfc(at: number): string {
  return new Date(at).toUTCString().replace('GMT', 'UTC');
}

function trustOf(): Repository['trust'] {
  return repositoryAt(['x']).trust;
}

function expiredTrust(): Partial<Repository> {
  return { trust: { ...trustOf(), keyrings: [keys.expired.keyring] } };
}

function tamper(name: string, change: (text: string) => string): Repository {
  const repository = archive(name);
  edit(dists(name, 'InRelease'), change);
  return repository;
}

describe('refuses a Release', () => {
  const cases: readonly (readonly [string, () => Repository, string, RegExp])[] = [
    [
      'signed by another key',
      () => archive('other-key', { key: keys.other }),
      'UNKNOWN_KEY',
      /is signed by key [0-9A-F]+, which is not in .*\.gpg/,
    ],
    [
      'that no keyring is there for',
      () => archive('no-ring', {}, { trust: { ...trustOf(), keyrings: ['/nonexistent/archive.gpg'] } }),
      'UNKNOWN_KEY',
      /no keyring is there to look in \(not there, or without a key: \/nonexistent\/archive\.gpg\)/,
    ],
    [
      'signed by a key that is not the pinned one',
      () => archive('pinned', {}, { trust: { ...trustOf(), fingerprints: [keys.other.fingerprint] } }),
      'UNKNOWN_KEY',
      /pinned is/,
    ],
    [
      'signed by an expired key',
      () =>
        archive('expired-key', { key: keys.expired, sign: ['--faked-system-time', '20140102T000000'] }, expiredTrust()),
      'EXPIRED_KEY',
      /has expired/,
    ],
    ['signed with SHA-1', () => archive('sha1', { sign: ['--digest-algo', 'SHA1'] }), 'WEAK_SIGNATURE', /sha1/],
    [
      'changed after signing',
      () => tamper('tampered', (text) => text.replace('Components: main', 'Components: evil')),
      'BAD_SIGNATURE',
      /does not fit the bytes/,
    ],
    ['cut off', () => tamper('cut', (text) => text.slice(0, -60)), 'BAD_METADATA', /cut off/],
    ['that is a login page', () => tamper('portal', () => '<html>please log in</html>'), 'UNSIGNED', /no signature/],
    [
      'that has expired',
      () => archive('expired', { release: { 'Valid-Until': rfc(NOW - 3 * 86_400_000) } }),
      'EXPIRED_RELEASE',
      /3 days later/,
    ],
    [
      'of a day to come',
      () => archive('future', { release: { Date: rfc(NOW + 3 * 86_400_000) } }),
      'CLOCK_WRONG',
      /clock of this machine/,
    ],
    ['of another suite', () => archive('suite', { release: { Suite: 'sid' } }), 'BAD_METADATA', /is of sid/],
    [
      'without the architecture',
      () => archive('arch', {}, { components: ['contrib'] }),
      'NO_REPOSITORY',
      /lists no contrib\/binary-amd64\/Packages; it is for amd64/,
    ],
  ];

  test.each(cases)('%s', async (_, make, code, words) => {
    const error = await failureOf(make());
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) });
    expect(
      isTapprepError(error) &&
        (code === 'BAD_METADATA' || code === 'NO_REPOSITORY' || (error.hint ?? error.remedy) !== null),
    ).toBe(true);
  });

  test('but takes an expired key or an expired Release where each is allowed by name', async () => {
    const options: Partial<ArchiveOptions> = {
      key: keys.expired,
      sign: ['--faked-system-time', '20140102T000000'],
      release: { 'Valid-Until': rfc(NOW - 86_400_000) },
    };
    const { trust } = expiredTrust();
    const allowed = { trust: { ...trust!, allow: ['expired-key'] as const } };
    expect(await failureOf(archive('allow-key', options, allowed))).toMatchObject({ code: 'EXPIRED_RELEASE' });
    expect(
      await failureOf(archive('allow-date', options, { ...expiredTrust(), allowExpiredRelease: true })),
    ).toMatchObject({
      code: 'EXPIRED_KEY',
    });
    expect(await read(archive('allow-both', options, { ...allowed, allowExpiredRelease: true }))).toHaveLength(
      packages.length,
    );
  });
});

function flipLast(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length - 1] = bytes.at(-1)! ^ 1;
  writeFileSync(file, bytes);
}

describe('refuses an index', () => {
  test.each<[string, (name: string) => void, string]>([
    ['that is missing', (name) => cpSync(dists(name, 'InRelease'), index(name)), 'SIZE_MISMATCH'],
    [
      'that is cut off',
      (name) => writeFileSync(index(name), readFileSync(index(name)).subarray(0, -20)),
      'SIZE_MISMATCH',
    ],
    ['with a flipped byte', (name) => flipLast(index(name)), 'DIGEST_MISMATCH'],
  ])('%s', async (name, spoil, code) => {
    const id = `index ${name}`.replaceAll(' ', '-');
    const repository = archive(id);
    spoil(id);
    expect(await failureOf(repository)).toMatchObject({ code });
  });

  test.each<[string, (text: string) => string, string]>([
    ['a file outside the repository', (text) => text.replaceAll('Filename: pool/', 'Filename: ../../'), 'UNSAFE_URL'],
    [
      'a file on another host',
      (text) => text.replaceAll('Filename: pool/', 'Filename: http://evil.example/'),
      'UNSAFE_URL',
    ],
    ['no digest', (text) => text.replaceAll(/^SHA256: .*\n/gm, ''), 'BAD_METADATA'],
    ['a name with a path in it', (text) => text.replaceAll('Package: make', 'Package: ../make'), 'BAD_METADATA'],
    [
      'a version with a line break in it',
      (text) => text.replaceAll('Version: 4.3-4.1', 'Version: 4.3\n -4.1'),
      'BAD_METADATA',
    ],
    ['a size that is none', (text) => text.replaceAll(/^Size: .*/gm, 'Size: 1e9'), 'BAD_METADATA'],
    [
      'a paragraph without end',
      (text) => `${text}\nPackage: big\nDescription: ${'x'.repeat(5 * 1024 * 1024)}`,
      'BAD_METADATA',
    ],
  ])('signed but with %s', async (name, change, code) => {
    const id = `hostile ${name}`.replaceAll(' ', '-');
    expect(await failureOf(archive(id, { edit: change }))).toMatchObject({ code });
  });

  test('whose unpacked form is not the one that the Release names', async () => {
    // The archive signs the digests of a packed index and of another unpacked one: only the second look finds it.
    const repository = archive('two-faces');
    const packed = gzipSync(`${gunzipSync(readFileSync(index('two-faces'))).toString('latin1')}\n`);
    writeFileSync(index('two-faces'), packed);
    const release = home.gpg(['--decrypt', dists('two-faces', 'InRelease')]).toString();
    const hex = createHash('sha256').update(packed).digest('hex');
    const changed = release.replace(/ [0-9a-f]{64} \d+ (\S+Packages\.gz)/, ` ${hex} ${packed.length} $1`);
    writeFileSync(dists('two-faces', 'InRelease'), home.sign(changed, keys.archive, '--clearsign'));
    expect(await failureOf(repository)).toMatchObject({ code: 'TOO_LARGE' });
  });
});

describe('several repositories', () => {
  const request: PlanRequest = { installed: [], roles: { image: false, debuginfo: true, systemtap: 'distro' } };
  const readAll = (repositories: readonly Repository[]): Promise<DebRead> =>
    readDebRepositories(repositories, 'amd64', wantedNames(debTarget(), request), reader.context);

  test('give what the wanted names need and nothing else, wherever it lies', async () => {
    const main = archive('split-main', { packages: packages.filter((path) => !path.includes('linux-')) });
    const security = archive('split-security', { packages: packages.filter((path) => path.includes('linux-')) });
    const wanted = { roots: [`linux-headers-${R}`], wantsName: () => false };
    const { records } = await readDebRepositories([main, security], 'amd64', wanted, reader.context);
    expect(records.map(({ name, repository }) => `${repository.id} ${name}`).toSorted()).toEqual([
      'split-main gcc-12',
      'split-main libc6',
      'split-security linux-headers-6.1.0-56-amd64',
      'split-security linux-headers-6.1.0-56-common',
    ]);
  });

  test('of one content are read once, and every address is kept', async () => {
    const first = archive('copy-one');
    const second = archive('copy-two');
    const { records } = await readDebRepositories([first, second], 'amd64', { ...ALL, roots: [] }, reader.context);
    expect(records).toHaveLength(packages.length);
    expect(records[0]?.urls.map((url) => url.split('/')[3])).toEqual(['copy-one', 'copy-two']);
  });

  test('a plan for one kernel, in the order that dpkg needs', async () => {
    const { records } = await readAll([archive('plan')]);
    const { items } = planDeb(debTarget(), records, request);
    expect(items.map(({ name, wave }) => `${wave} ${name}`)).toEqual([
      `0 linux-headers-${R}`,
      '0 linux-headers-6.1.0-56-common',
      `0 linux-image-${R}-dbg`,
      '1 systemtap',
      '0 gcc',
      '0 gcc-12',
      '0 make',
      '0 libc6',
      '0 python3-minimal',
    ]);
  });

  test('one that is not believed is told, and nothing of it is among the records', async () => {
    const good = archive('good');
    const stale = archive('stale-one', { release: { 'Valid-Until': rfc(NOW - 86_400_000) } });
    const broken = archive('broken-one', { edit: (text) => text.replaceAll('Size: ', 'Size: x') });
    const away = repositoryAt(['not-there']);
    const { records, failures } = await readAll([stale, broken, good, away]);
    expect(new Set(records.map(({ repository }) => repository.id))).toEqual(new Set(['good']));
    expect(failures.map(({ repository, error }) => [repository.id, isTapprepError(error) && error.code])).toEqual([
      ['stale-one', 'EXPIRED_RELEASE'],
      ['broken-one', 'BAD_METADATA'],
      ['not-there', 'NOT_FOUND'],
    ]);
    const allowed = await readAll([{ ...stale, allowExpiredRelease: true }]);
    expect(allowed).toMatchObject({ failures: [], notes: [expect.stringContaining('an expired Release is allowed')] });
  });

  test('an interruption ends the reading', async () => {
    const aborted = { ...reader.context, signal: AbortSignal.abort() };
    const reading = readDebRepositories([archive('interrupted')], 'amd64', { ...ALL, roots: [] }, aborted);
    await expect(reading).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
