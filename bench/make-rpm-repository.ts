/** Writes the metadata of a large rpm repository, the same for the same size: what plan and its peer are measured on. */
import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** uname -r of the kernel that the repository has in the middle of its list. */
export const KERNEL_RELEASE = '5.14.0-503.11.1.el9_5.x86_64';
export const KERNEL_VENDOR = 'CentOS';

const WORDS =
  'library tool daemon plugin module server client support runtime common data extra development python perl font driver network storage monitor graphics sound codec locale help example test utility interface system'.split(
    ' ',
  );

/** mulberry32: small, fast, and the same on every machine. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Entry {
  readonly name: string;
  readonly version?: string;
  readonly release?: string;
}

interface FakePackage {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly arch: string;
  readonly source: string;
  readonly summary: string;
  readonly provides: readonly Entry[];
  readonly requires: readonly Entry[];
  readonly files: readonly string[];
  readonly buildTime: number;
}

function formatEntries(kind: string, entries: readonly Entry[]): string {
  const lines = entries.map((entry) =>
    entry.version === undefined
      ? `      <rpm:entry name="${entry.name}"/>\n`
      : `      <rpm:entry name="${entry.name}" flags="EQ" epoch="0" ver="${entry.version}" rel="${entry.release ?? ''}"/>\n`,
  );
  return entries.length === 0 ? '' : `    <rpm:${kind}>\n${lines.join('')}    </rpm:${kind}>\n`;
}

function formatPackage(item: FakePackage): string {
  const fileName = `${item.name}-${item.version}-${item.release}.${item.arch}.rpm`;
  const digest = createHash('sha256').update(fileName).digest('hex');
  return `<package type="rpm">
  <name>${item.name}</name>
  <arch>${item.arch}</arch>
  <version epoch="0" ver="${item.version}" rel="${item.release}"/>
  <checksum type="sha256" pkgid="YES">${digest}</checksum>
  <summary>${item.summary}</summary>
  <description>${item.summary}. This package is one of many in the ${item.source} family, built as ${digest.slice(0, 24)} for the benchmark.</description>
  <packager>builder@example.org</packager>
  <url>https://example.org/${item.source}</url>
  <time file="${item.buildTime + 3600}" build="${item.buildTime}"/>
  <size package="${40_000 + fileName.length * 997}" installed="${90_000 + fileName.length * 2311}" archive="${91_000 + fileName.length * 2311}"/>
  <location href="Packages/${item.name.charAt(0)}/${fileName}"/>
  <format>
    <rpm:license>GPLv2+</rpm:license>
    <rpm:vendor>${KERNEL_VENDOR}</rpm:vendor>
    <rpm:group>Unspecified</rpm:group>
    <rpm:buildhost>builder-${item.source.length % 10}.example.org</rpm:buildhost>
    <rpm:sourcerpm>${item.source}-${item.version}-${item.release}.src.rpm</rpm:sourcerpm>
    <rpm:header-range start="4504" end="${20_000 + fileName.length * 31}"/>
${formatEntries('provides', item.provides)}${formatEntries('requires', item.requires)}${item.files.map((file) => `    <file>${file}</file>\n`).join('')}  </format>
</package>
`;
}

/** The packages of one kernel build, as RHEL-like distributions cut them. */
function kernelPackages(version: string, release: string, buildTime: number): FakePackage[] {
  const uname: Entry = { name: '', version, release: `${release}.x86_64` };
  const self = (name: string): Entry => ({ name, version, release });
  const make = (name: string, provides: readonly Entry[], requires: readonly Entry[]): FakePackage => ({
    name,
    version,
    release,
    arch: 'x86_64',
    source: 'kernel',
    summary: `The Linux kernel: ${name}`,
    provides: [self(name), self(`${name}(x86-64)`), ...provides],
    requires,
    files: [],
    buildTime,
  });
  const symbols = Array.from({ length: 300 }, (_, index) => ({ name: `kmod(driver${index}.ko)` }));
  return [
    make('kernel-core', [{ ...uname, name: 'kernel-uname-r' }, ...symbols], []),
    make('kernel-devel', [{ ...uname, name: 'kernel-devel-uname-r' }], [{ name: 'perl-interpreter' }, { name: 'gcc' }]),
    make('kernel-debuginfo', [], [self('kernel-debuginfo-common-x86_64')]),
    make('kernel-debuginfo-common-x86_64', [], []),
  ];
}

/** What a kernel's packages and a plan need beside them, each without needs of its own. */
function toolPackages(buildTime: number): FakePackage[] {
  const [version, release] = ['1.0', '1.el9'];
  return ['gcc', 'make', 'perl-interpreter', 'systemtap'].map((name) => ({
    name,
    version,
    release,
    arch: 'x86_64',
    source: name,
    summary: `The package ${name}`,
    provides: [{ name, version, release }],
    requires: [],
    files: [],
    buildTime,
  }));
}

function list(length: number, make: (at: number) => Entry): Entry[] {
  return Array.from({ length }, (_, at) => make(at));
}

function makePackage(random: () => number, index: number): FakePackage {
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  const source = `${pick(WORDS)}-${pick(WORDS)}${Math.floor(index / 3)}`;
  const name = index % 3 === 0 ? source : `${source}-${pick(WORDS)}`;
  const version = `${Math.floor(random() * 9)}.${Math.floor(random() * 40)}.${Math.floor(random() * 20)}`;
  const release = `${1 + Math.floor(random() * 30)}.el9`;
  return {
    name,
    version,
    release,
    arch: random() < 0.3 ? 'noarch' : 'x86_64',
    source,
    summary: list(6 + Math.floor(random() * 14), () => ({ name: pick(WORDS) }))
      .map((entry) => entry.name)
      .join(' '),
    provides: [
      { name, version, release },
      ...list(Math.floor(random() * 8), (at) => ({
        name: `lib${pick(WORDS)}${at}.so.${Math.floor(random() * 9)}()(64bit)`,
      })),
    ],
    requires: list(3 + Math.floor(random() * 12), () =>
      random() < 0.3
        ? { name: `${pick(WORDS)}-${pick(WORDS)}${Math.floor(random() * 9000)}`, version, release }
        : { name: `lib${pick(WORDS)}${Math.floor(random() * 3000)}-${Math.floor(random() * 4)}.so.1()(64bit)` },
    ),
    files: Array.from({ length: Math.floor(random() * 3) }, () => `/usr/bin/${pick(WORDS)}-${pick(WORDS)}`),
    buildTime: 1_600_000_000 + Math.floor(random() * 1e8),
  };
}

function* writePrimary(count: number): Generator<string> {
  const random = makeRandom(642);
  const kernels = Array.from({ length: 24 }, (_, at) =>
    kernelPackages('5.14.0', `503.${at}.1.el9_5`, 1_730_000_000 + at * 86_400),
  );
  const every = Math.floor(count / kernels.length);
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${count}">\n`;
  let written = 0;
  for (let index = 0; written < count; index += 1) {
    const tools = index === 0 ? toolPackages(1_730_000_000) : [];
    const batch: FakePackage[] = [...tools, makePackage(random, index)];
    if (written % every === every >> 1) batch.unshift(...(kernels.pop() ?? []));
    const rest = batch.slice(0, count - written);
    written += rest.length;
    yield rest.map(formatPackage).join('');
  }
  yield '</metadata>';
}

function tap(hash: Hash, count: { bytes: number }): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      count.bytes += chunk.length;
      done(null, chunk);
    },
  });
}

/** Makes DIRECTORY/repodata with `count` packages; returns the sizes of primary.xml, packed and unpacked, in bytes. */
export async function makeRpmRepository(
  directory: string,
  count: number,
): Promise<{ readonly packedBytes: number; readonly openBytes: number }> {
  const repodata = join(directory, 'repodata');
  await mkdir(repodata, { recursive: true });
  const primary = join(repodata, 'primary.xml.gz');
  const [open, packed] = [createHash('sha256'), createHash('sha256')];
  const [openCount, packedCount] = [{ bytes: 0 }, { bytes: 0 }];
  await pipeline(
    Readable.from(writePrimary(count), { objectMode: true }),
    new Transform({
      writableObjectMode: true,
      transform: (text: string, _encoding, done) => done(null, Buffer.from(text)),
    }),
    tap(open, openCount),
    createGzip({ level: 6 }),
    tap(packed, packedCount),
    createWriteStream(primary),
  );
  const seconds = Math.floor((await stat(primary)).mtimeMs / 1000);
  await writeFile(
    join(repodata, 'repomd.xml'),
    `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>${seconds}</revision>
  <data type="primary">
    <checksum type="sha256">${packed.digest('hex')}</checksum>
    <open-checksum type="sha256">${open.digest('hex')}</open-checksum>
    <location href="repodata/primary.xml.gz"/>
    <timestamp>${seconds}</timestamp>
    <size>${packedCount.bytes}</size>
    <open-size>${openCount.bytes}</open-size>
  </data>
</repomd>
`,
  );
  return { packedBytes: packedCount.bytes, openBytes: openCount.bytes };
}
