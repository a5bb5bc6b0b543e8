import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBundle } from '../../src/bundle/read.ts';
import { checkFacts } from '../../src/detect/facts-schema.ts';
import { identifyTarget } from '../../src/detect/target.ts';
import { parseProbeOutput } from '../../src/detect/probe-output.ts';
import { diagnose } from '../../src/diagnose/diagnose.ts';
import { readElf } from '../../src/elf/read-elf.ts';
import { isTapprepError } from '../../src/errors.ts';
import { createAfterMark } from '../../src/host/after-mark.ts';
import { createBoundedOutput } from '../../src/host/bounded-output.ts';
import { explainLoss, explainSshFailure } from '../../src/host/ssh-failure.ts';
import { checkMirrorFile } from '../../src/mirrors/schema.ts';
import { parseAptDeb822 } from '../../src/mirrors/apt-deb822.ts';
import { parseAptOneLine } from '../../src/mirrors/apt-one-line.ts';
import { parseRepoIni } from '../../src/mirrors/repo-ini.ts';
import { parseRecord } from '../../src/resolve/deb/packages-index.ts';
import { parseReleaseFile } from '../../src/resolve/deb/release-file.ts';
import { parseIndexPage } from '../../src/resolve/listing/index-page.ts';
import { parseMetalink } from '../../src/resolve/rpm-md/metalink.ts';
import { parsePackageFrame } from '../../src/resolve/rpm-md/package-frame.ts';
import { scanFrames } from '../../src/resolve/rpm-md/frames.ts';
import { parseRepomd } from '../../src/resolve/rpm-md/repomd.ts';
import { splitClearsigned } from '../../src/trust/clearsign.ts';
import { readDebIdentity } from '../../src/trust/deb-control.ts';
import { describeRpm, listBuildIds, readRpmHead } from '../../src/trust/rpm-header.ts';
import { findRpmPayload } from '../../src/trust/rpm-digests.ts';
import { debRepository } from '../helpers/deb-records.ts';
import { type GoodInput, makeGoodInput } from './good-input.ts';
import { hostile } from './mutate.ts';
import { cpuMilliseconds } from '../helpers/cpu-time.ts';

/**
 * The same inputs each time, so many of each kind; FUZZ_SECONDS=600 gives each kind ten minutes of others. A failure prints its
 * seed and path, which FUZZ_SEED repeats.
 */
const RUNS = 5_000;
const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 0);
const SEED = Number(process.env['FUZZ_SEED'] ?? (SECONDS > 0 ? Date.now() % 2 ** 31 : 20_261_127));
/** No input of half a megabyte may take longer; a machine that is busy with other work gets some slack. */
const MOST_MS = 5_000;
const MOST_GROWTH_BYTES = 400e6;

const BASE = 'http://mirror.example/repo/';
const work = mkdtempSync(join(tmpdir(), 'fuzz-'));
let good: GoodInput;

beforeAll(() => {
  good = makeGoodInput();
});
afterAll(() => rmSync(work, { recursive: true }));

const METALINK = `<?xml version="1.0"?><metalink xmlns="http://www.metalinker.org/"><files><file name="repomd.xml"><size>3000</size>
<verification><hash type="sha256">${'ab'.repeat(32)}</hash></verification>
<resources><url protocol="https" type="https" preference="100">https://mirror.example/repodata/repomd.xml</url></resources>
</file></files></metalink>`;
const PAGE = `<html><body><a href="../">up</a><a href="kernel-debuginfo-5.14.0-1.el9.x86_64.rpm">x</a>
<a href='kernel-devel-5.14.0-1.el9.x86_64.rpm'>y</a><a HREF=sub/>z</a></body></html>`;
const LOG = `Checking "/lib/modules/4.18.0-80.el8.x86_64/build/.config" failed with error: No such file or directory
Incorrect version or missing kernel-devel package, use: dnf install kernel-devel-4.18.0-80.el8.x86_64
ERROR: Couldn't insert module '/tmp/stapX/stap_1.ko': Invalid module format
semantic error: while resolving probe point: missing x86_64 kernel/module debuginfo [man warning::debuginfo]`;
const APT =
  'deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://deb.example/debian bookworm main contrib # c\n';
const DEB822 =
  'Types: deb deb-src\nURIs: http://deb.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /x.gpg\n';
const INI =
  '[base]\nname=x $releasever\nbaseurl=http://m.example/$releasever/$basearch/\n  http://n.example/\ngpgcheck=1\nenabled=1\n';

const probes = readdirSync('test/fixtures/probe', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.name.endsWith('.txt'))
  .slice(0, 6)
  .map((entry) => readFileSync(join(entry.parentPath, entry.name)));

type Feed = (bytes: Buffer) => unknown;

interface Kind {
  readonly name: string;
  readonly good: () => readonly Buffer[];
  readonly feed: Feed;
  /** Where one takes long; RUNS where left out. */
  readonly runs?: number;
}

function ofText(name: string, text: string, feed: (text: string) => unknown): Kind {
  return { name, good: () => [Buffer.from(text)], feed: (bytes) => feed(bytes.toString()) };
}

/** Names out of a listing and hrefs of an index must stay inside their repository once they are resolved. */
function expectInside(names: readonly string[]): void {
  for (const name of names) expect(new URL(name, BASE).href.startsWith(BASE)).toBe(true);
}

let files = 0;
function fileOf(bytes: Buffer): string {
  const path = join(work, `input-${(files += 1) % 8}`);
  writeFileSync(path, bytes);
  return path;
}

function scanPrimary(bytes: Buffer): void {
  const scanner = scanFrames({
    name: 'primary.xml',
    wantsName: () => true,
    needles: ['kernel-uname-r'],
    onFrame: (frame) => void parsePackageFrame(frame.toString('utf8'), 'primary.xml'),
  });
  for (let at = 0; at < bytes.length; at += 4_096) scanner.push(bytes.subarray(at, at + 4_096));
  scanner.end();
}

function readPackages(text: string): void {
  const repository = debRepository({ baseUrls: [BASE] });
  const release = { baseUrls: [BASE], file: { notAutomatic: false }, signer: null, url: `${BASE}InRelease` };
  for (const paragraph of text.split('\n\n')) {
    const index = { repository, release, name: 'Packages', path: '', unpacked: null };
    expectInside(parseRecord(paragraph, index as never, 'amd64')?.urls ?? []);
  }
}

async function readBundle(bytes: Buffer): Promise<void> {
  const parent = mkdtempSync(join(work, 'bundle-'));
  const directory = join(parent, 'inside');
  mkdirSync(directory);
  try {
    await openBundle(fileOf(bytes), directory, new AbortController().signal);
  } finally {
    expect(readdirSync(parent)).toEqual(['inside']);
    rmSync(parent, { recursive: true });
  }
}

function readRpm(bytes: Buffer): void {
  findRpmPayload(bytes);
  const head = readRpmHead(bytes);
  if ('needBytes' in head) return;
  describeRpm(head.header);
  listBuildIds(head.header);
}

const SSH_MARK = 'tapprep-4f1c';
const SSH_SAID = `Welcome to web1\n\x1b[2J*** news ***${SSH_MARK} runs 4711\nuser web1\nkernel 5.14.0-1.el9.x86_64\n`;
const SSH_LOST = `@@@@@@@@@@\nWARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\r
user@web1: Permission denied (publickey).\nclient_loop: send disconnect: Broken pipe\n`;

/** What a machine sends is cut anywhere; nothing before the mark's line may pass for the program's own words. */
function readSession(bytes: Buffer): void {
  const after = createAfterMark(SSH_MARK);
  const output = createBoundedOutput(() => undefined);
  let passed = 0;
  for (let at = 0; at < bytes.length; at += 61) {
    const piece = after.take(bytes.subarray(at, at + 61));
    passed += piece.length;
    output.push(Buffer.from(piece));
  }
  let end = -1;
  for (let mark = bytes.indexOf(SSH_MARK); mark !== -1 && end === -1; mark = bytes.indexOf(SSH_MARK, mark + 1)) {
    const found = bytes.indexOf('\n', mark);
    if (found !== -1 && found - mark <= SSH_MARK.length + 256) end = found;
  }
  expect(passed).toBe(end === -1 ? 0 : bytes.length - end - 1);
  expect(after.before.length).toBeLessThan(8_192);
}

const KINDS: readonly Kind[] = [
  { name: 'repomd.xml', good: () => [good.repomd], feed: (bytes) => parseRepomd(bytes.toString(), 'repomd.xml') },
  { name: 'primary.xml', good: () => [good.primary], feed: scanPrimary },
  ofText('metalink', METALINK, (text) => parseMetalink(text, 'https://mirror.example/metalink')),
  { name: 'Packages', good: () => [good.packages], feed: (bytes) => readPackages(bytes.toString('latin1')) },
  {
    name: 'Release',
    good: () => [good.inRelease],
    feed: (bytes) => parseReleaseFile(bytes.toString('latin1'), 'Release'),
  },
  { name: 'InRelease', good: () => [good.inRelease], feed: (bytes) => splitClearsigned(bytes, 'InRelease') },
  ofText('index page', PAGE, (text) => expectInside(parseIndexPage(text, BASE))),
  { name: 'rpm header', good: () => [good.rpm], feed: readRpm },
  { name: 'deb: ar and tar', good: () => [good.deb], feed: (bytes) => readDebIdentity(fileOf(bytes)) },
  { name: 'bundle: tar', good: () => [good.tar], feed: readBundle },
  { name: 'ELF', good: () => [good.elf], feed: (bytes) => readElf(fileOf(bytes)) },
  { ...ofText('log', LOG, (text) => diagnose({ log: text })), runs: 500 },
  {
    name: 'facts: probe output',
    good: () => probes,
    feed: (bytes) => identifyTarget(parseProbeOutput(bytes.toString(), 'probe')),
  },
  {
    name: 'facts: JSON',
    good: () => probes.map((bytes) => Buffer.from(JSON.stringify(parseProbeOutput(bytes.toString(), 'probe')))),
    feed: (bytes) => identifyTarget(checkFacts(parseJson(bytes), 'facts.json')),
  },
  {
    name: 'mirrors.json',
    good: () => [readFileSync('mirrors.json').subarray(0, 60_000), readFileSync('mirrors.json')],
    feed: (bytes) => checkMirrorFile(parseJson(bytes)),
  },
  ofText('sources.list', APT, (text) => parseAptOneLine({ path: '/etc/apt/sources.list', text })),
  ofText('deb822 sources', DEB822, (text) => parseAptDeb822({ path: '/etc/apt/x.sources', text })),
  { name: 'ssh: output of a session', good: () => [Buffer.from(SSH_SAID), ...probes], feed: readSession },
  ofText('ssh: what it says', SSH_LOST, (text) => [
    explainSshFailure({ destination: 'web1', configFile: null }, { own: text, others: text, configuration: text }),
    explainLoss('web1', 'sh', text),
  ]),
  ofText('yum repository', INI, (text) => parseRepoIni(text)),
];

/** Text that is no JSON is refused before anything of ours sees it. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

test.each(KINDS)(
  '$name: whatever comes, it is read or refused with a code, soon, and in bounded memory',
  async (kind) => {
    const before = process.memoryUsage().rss;
    const property = fc.asyncProperty(hostile(kind.good()), async (bytes) => {
      const spent = await cpuMilliseconds(async () => {
        try {
          await kind.feed(bytes);
        } catch (error) {
          if (!isTapprepError(error) || error.code === 'INTERNAL') throw error;
        }
      });
      expect(spent).toBeLessThan(MOST_MS);
    });
    const length =
      SECONDS > 0 ? { numRuns: 100_000_000, interruptAfterTimeLimit: SECONDS * 1_000 } : { numRuns: kind.runs ?? RUNS };
    await fc.assert(property, { seed: SEED, ...length });
    expect(process.memoryUsage().rss - before).toBeLessThan(MOST_GROWTH_BYTES);
  },
  60_000 + SECONDS * 2_000,
);
