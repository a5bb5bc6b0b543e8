import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { readJournal, writeEntry } from '../../../src/install/journal.ts';
import { planRemoval, removeInstalled } from '../../../src/install/remove.ts';
import { buildSystemtap, findBuilt, type BuildRequest } from '../../../src/systemtap/build/build.ts';
import { findSource } from '../../../src/systemtap/build/find-source.ts';
import type { Sha256 } from '../../../src/types.ts';
import { BUILD_PREFIX, buildRequest, makeBuildRoot, makeSource, sha256 } from '../../helpers/build-lab.ts';
import { debRepository } from '../../helpers/deb-records.ts';
import { serveDirectory } from '../../helpers/directory-server.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { GpgHome } from '../../helpers/gpg.ts';
import { openReaderLab } from '../../helpers/reader-context.ts';

const PREFIX = BUILD_PREFIX;
const scratch = mkdtempSync(join(tmpdir(), 'tapprep-build-'));
const pristine = makeBuildRoot(join(scratch, 'pristine'));
let root = '';
let roots = 0;

beforeEach(() => {
  roots += 1;
  root = join(scratch, `root-${roots}`);
  execFileSync('cp', ['-a', pristine, root]);
});
afterAll(() => rmSync(scratch, { recursive: true }));

const makeTarball = (name: string, extra: Readonly<Record<string, string>> = {}): string =>
  makeSource(scratch, name, extra);
const request = (tarballPath: string): BuildRequest =>
  buildRequest(root, tarballPath, join(scratch, `build-${roots}.log`));

/** What a build may have left in the root beside the journal. */
function leftovers(): readonly string[] {
  return [...readdirSync(join(root, 'opt')), ...readdirSync(join(root, 'var/tmp'))];
}

test('built, found again, journaled, removed', async () => {
  const asked = request(makeTarball('good'));
  const built = await buildSystemtap(asked);
  expect((await asked.host.run(built.stapArgv)).stdout).toBe('built\n');
  expect(built.guestStaprun?.argv).toEqual([`${PREFIX}/bin/staprun`]);
  expect(readdirSync(join(root, 'var/tmp'))).toEqual([]);
  expect(readFileSync(asked.logPath, 'utf8')).toContain(`options --prefix=${PREFIX} --disable-docs`);
  expect(await findBuilt(asked.host, PREFIX, asked.source)).toMatchObject({ stapArgv: built.stapArgv });
  const other = { ...asked.source, sha256: 'f'.repeat(64) as Sha256 };
  expect(await findBuilt(asked.host, PREFIX, other)).toBeNull();
  const { entries } = await readJournal(asked.host);
  expect(entries).toMatchObject([{ state: 'done', files: [PREFIX] }]);
  const plan = { packages: [], files: [PREFIX], skipped: [], replaced: [], argv: null };
  await removeInstalled(asked.host, plan, () => undefined, asked.signal);
  expect(leftovers()).toEqual([]);
});

test.each([
  ['configure', { broken: '' }, 'configure exited 1: configure: error: need boost headers'],
  [
    'make',
    {
      Makefile: '',
      made: '',
      configure: 'echo "all:\n\tsh ./bad" >Makefile',
      bad: 'echo "a.c:1: error: no such thing" >&2; exit 1',
    },
    'make exited 2: a.c:1: error: no such thing',
  ],
  [
    'install, half-way',
    { last: 'echo "cp: No space left on device" >&2; exit 1\n' },
    'install exited 2: cp: No space left on device',
  ],
  ['unpack', {}, 'unpack exited 2: tar: This does not look like a tar archive'],
])('it fails in %s: nothing is left, the log is kept and the cause is named', async (step, extra, words) => {
  const tarball = makeTarball(step.replaceAll(/\W/g, '-'), extra);
  if (step === 'unpack') writeFileSync(tarball, gzipSync('no tar'.repeat(200)));
  const asked = request(tarball);
  const error = await failureOf(buildSystemtap(asked));
  expect([error.code, error.hint]).toEqual(['INSTALL_FAILED', `less ${asked.logPath}`]);
  expect(error.message).toContain(`SystemTap 5.5 could not be built on ${root}: ${words}`);
  expect(error.message).toContain(asked.logPath);
  expect(readFileSync(asked.logPath, 'utf8')).toContain('+ tar -xof systemtap_5.5.orig.tar.gz');
  expect(leftovers()).toEqual([]);
  expect((await readJournal(asked.host)).entries).toMatchObject([{ state: 'failed', files: [] }]);
});

test('a build that is stopped leaves nothing', async () => {
  const stop = new AbortController();
  const tarball = makeTarball('slow', { last: 'while :; do :; done\n' });
  const asked = { ...request(tarball), signal: stop.signal };
  const running = failureOf(buildSystemtap(asked));
  const staprun = join(root, `${PREFIX}.tapprep-making/staged${PREFIX}`, 'bin/staprun');
  const begun = vi.waitFor(() => expect(existsSync(staprun)).toBe(true), { timeout: 120_000 });
  await Promise.race([begun, running]);
  stop.abort();
  expect((await running).code).toBe('INTERRUPTED');
  expect(leftovers()).toEqual([]);
});

test.each([
  ['its first file was not whole', `${PREFIX}.tapprep-making/.source.tar.gz.tapprep-0`],
  ['it was about to get its name', `${PREFIX}.tapprep-making/staged${PREFIX}/.manifest.json.tapprep-0`],
  ['one of before was being taken away', `${PREFIX}.tapprep-removing/bin/stap`],
])('killed when %s: the next build is whole, and so is the removal of what both made', async (_, left) => {
  const asked = request(makeTarball('killed'));
  const started = { at: '2026-11-01T00:00:00Z', tapprep: '0', release: '6.1', packages: [], replaced: [] };
  const files = [`${PREFIX}.tapprep-making`, PREFIX];
  const leave = async (): Promise<void> => {
    mkdirSync(join(root, dirname(left)), { recursive: true });
    writeFileSync(join(root, left), 'half');
    await writeEntry(asked.host, { ...started, state: 'started', files });
  };
  await leave();
  await removeInstalled(asked.host, await planRemoval(asked.host), () => undefined, asked.signal);
  expect(leftovers()).toEqual([]);
  await leave();
  const built = await buildSystemtap(asked);
  expect((await asked.host.run(built.stapArgv)).stdout).toBe('built\n');
  expect(readdirSync(join(root, 'opt/tapprep'))).toEqual(['systemtap-5.5']);
});

test('a build that fails leaves the one of another source that stands there', async () => {
  await buildSystemtap(request(makeTarball('first')));
  const other = request(makeTarball('second', { last: 'exit 1\n' }));
  expect((await failureOf(buildSystemtap(other))).code).toBe('INSTALL_FAILED');
  expect(readFileSync(join(root, PREFIX, 'bin/stap'), 'utf8')).toContain('echo built');
  expect(readdirSync(join(root, 'opt/tapprep'))).toEqual(['systemtap-5.5']);
});

test('what somebody else has put there is not replaced', async () => {
  mkdirSync(join(root, PREFIX), { recursive: true });
  writeFileSync(join(root, PREFIX, 'precious'), 'data');
  const error = await failureOf(buildSystemtap(request(makeTarball('other'))));
  expect(error.message).toContain('was not made by tapprep');
  expect(readFileSync(join(root, PREFIX, 'precious'), 'utf8')).toBe('data');
});

/** A source package as a Sources index has it. */
function paragraph(name: string): string {
  const files = [
    [`${'a'.repeat(64)} 3000`, `${name}_5.5-1.dsc`],
    [`${'b'.repeat(64)} 6500000`, `${name}_5.5.orig.tar.gz`],
    [`${'c'.repeat(64)} 200`, `${name}_5.5.orig.tar.gz.asc`],
  ];
  const lines = files.map(([sum, file]) => ` ${sum} ${file}\n`).join('');
  return `Package: ${name}\nVersion: 5.5-1\nDirectory: pool/main/s/${name}\nChecksums-Sha256:\n${lines}`;
}

test('the source is found through the signed index of a suite, and its absence is told', async () => {
  const home = new GpgHome();
  const reader = await openReaderLab();
  const key = home.makeKey('archive', 'rsa2048');
  const archive = join(scratch, 'archive');
  mkdirSync(join(archive, 'dists/lab/main/source'), { recursive: true });
  const publish = (names: readonly string[]): void => {
    const text = names.map(paragraph).join('\n');
    const packed = gzipSync(text);
    writeFileSync(join(archive, 'dists/lab/main/source/Sources.gz'), packed);
    const lines = [
      ` ${sha256(Buffer.from(text))} ${text.length} main/source/Sources`,
      ` ${sha256(packed)} ${packed.length} main/source/Sources.gz`,
    ];
    const release = `Suite: lab\nDate: ${new Date().toUTCString()}\nArchitectures: amd64\nComponents: main\nSHA256:\n${lines.join('\n')}\n`;
    writeFileSync(join(archive, 'dists/lab/InRelease'), home.sign(release, key, '--clearsign'));
  };
  const server = await serveDirectory(archive);
  const trust = { fingerprints: [key.fingerprint], keyrings: [key.keyring], allow: [] } as const;
  const repository = debRepository({
    baseUrls: [server.url],
    suite: 'lab',
    trust: { metadata: 'signed', packages: 'unsigned', ...trust },
  });
  publish(['systemd', 'systemtap']);
  expect(await findSource(repository, reader.context)).toMatchObject({
    version: '5.5',
    fileName: 'systemtap_5.5.orig.tar.gz',
    urls: [`${server.url}pool/main/s/systemtap/systemtap_5.5.orig.tar.gz`],
    sizeBytes: 6_500_000,
    sha256: 'b'.repeat(64),
    signer: key.fingerprint,
  });
  publish(['systemd']);
  const error = await failureOf(findSource(repository, reader.context));
  expect([error.code, error.message]).toEqual([
    'NO_EXACT_PACKAGE',
    `repository main has no source of SystemTap: ${server.url}dists/lab/main/source/Sources.gz has no source package systemtap`,
  ]);
  await Promise.all([server.close(), reader.close()]);
  home.close();
});
