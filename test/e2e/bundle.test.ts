/** `bundle` and `install --bundle`: carried to where the archive is not, and every bundle that is not what it says. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BundledPackage, BundleManifest } from '../../src/bundle/manifest.ts';
import { openBundle } from '../../src/bundle/read.ts';
import { writeBundle } from '../../src/bundle/write.ts';
import { finishBundle } from '../../src/pipeline/bundle.ts';
import type { Sha256 } from '../../src/types.ts';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { DebLab } from '../helpers/deb-lab.ts';
import { type DirectoryServer, serveDirectory } from '../helpers/directory-server.ts';
import { makeDpkgRunRoot } from '../helpers/dpkg-root.ts';
import { GpgHome, type TestKey } from '../helpers/gpg.ts';
import { listPackages } from '../helpers/system-state.ts';

const RELEASE = '5.10.0-99-cloud-amd64';
const OTHER_RELEASE = '5.10.0-98-cloud-amd64';
const SUITE = 'bullseye';
const work = mkdtempSync(join(tmpdir(), 'e2e-bundle-'));
const gpg = new GpgHome();
const lab = new DebLab(gpg);
const { signal } = new AbortController();
const cli = new Cli();
let key: TestKey;
let other: TestKey;
let server: DirectoryServer;
let good: string;
let root: string;
let count = 0;

const GCC = 'packages/gcc_10.2.1-1_amd64.deb';

function fresh(name: string): string {
  count += 1;
  const path = join(work, `${name}-${count}`);
  mkdirSync(path);
  return path;
}

function makeRoot(): string {
  const directory = fresh('root');
  makeDpkgRunRoot(directory, { url: server.url, suite: SUITE, keyring: key.keyring });
  return directory;
}

async function bundle(out: string): Promise<void> {
  const from = ['--root', makeRoot(), '--kernel', RELEASE, '--cache-dir', fresh('cache')];
  const result = await cli.run(['bundle', ...from, '--image', '--out', out]);
  if (result.code !== 0) throw new Error(result.stderr);
}

/** With a cache that is empty and no network: what is installed comes out of the bundle. */
function install(tar: string, ...more: readonly string[]): Promise<CliResult> {
  const target = ['--root', root, ...(more.includes('--kernel') ? [] : ['--kernel', RELEASE])];
  const choice = ['--offline', '--systemtap', 'distro', '--yes', '--cache-dir', fresh('cache')];
  return cli.run(['install', ...target, '--bundle', tar, ...choice, ...more]);
}

/** The good bundle, changed and made consistent again: its manifest, digests and texts fit each other. */
async function forge(change: (manifest: BundleManifest) => BundleManifest, gcc: string | null = null): Promise<string> {
  const opened = await openBundle(good, fresh('opened'), signal);
  const { files, ...head } = change(opened.manifest);
  const prepared = files
    .filter(({ path }) => path !== 'bundle.txt' && path !== 'target.json')
    .map((file) => ({ ...file, source: { file: opened.pathOf(file.path) } }));
  const places = head.packages.map(({ path }) => [
    path,
    { file: path === GCC && gcc !== null ? gcc : opened.pathOf(path) },
  ]) as [string, { file: string }][];
  const { manifest, sources } = finishBundle(head, prepared, new Map(places));
  const out = join(fresh('forged'), 'bundle.tar');
  await writeBundle({ out, manifest, sources, sign: null, durable: false, signal });
  return out;
}

beforeAll(async () => {
  key = gpg.makeKey('archive', 'rsa2048');
  other = gpg.makeKey('other', 'rsa2048');
  const linux = { Source: 'linux' };
  const packages = [RELEASE, OTHER_RELEASE].flatMap((release) => [
    lab.build(`linux-headers-${release}`, '5.10.299-1', linux),
    lab.build(`linux-image-${release}-dbg`, '5.10.299-1', linux),
    lab.build(`linux-image-${release}`, '5.10.299-1', linux, 'gzip', { [`boot/vmlinuz-${release}`]: 'no kernel' }),
  ]);
  const tools = [lab.build('systemtap', '4.4-2'), lab.build('gcc', '4:10.2.1-1'), lab.build('make', '4.3-4')];
  const release = { Codename: SUITE, Date: 'Sat, 14 Nov 2026 00:00:00 UTC' };
  lab.writeArchive('archive', { suite: SUITE, packages: [...packages, ...tools], key, release });
  server = await serveDirectory(join(lab.directory, 'archive'));
  good = join(work, 'good.tar');
  await bundle(good);
});

beforeEach(() => {
  root = makeRoot();
});

afterAll(async () => {
  await server.close();
  cli.close();
  lab.close();
  gpg.close();
  rmSync(work, { recursive: true, force: true });
});

test('a name that says compressed where it would not be is USAGE, and nothing is written', async () => {
  for (const args of [
    ['--out', 'bundle.tar.gz'],
    ['--compiled', '--out', 'modules.tar.xz'],
  ]) {
    const result = await cli.run(['bundle', '--distro', 'debian:11', '--kernel', RELEASE, ...args]);
    expect(`${result.code} ${result.stderr}`).toMatch(/^2 tapprep: USAGE: /);
    expect(result.stderr).toContain('--out FILE.tar');
  }
});

/** Runs a command that writes into a directory of its own kind, and lists what is there when it has ended. */
async function writeInto(command: string, mount: string | null): Promise<CliResult & { readonly there: string }> {
  const directory = mount === null ? join(work, 'nowhere', 'deeper') : fresh('out');
  const target = ['--root', root, '--kernel', RELEASE, '--systemtap', 'distro', '--cache-dir', fresh('cache')];
  const args = [command, ...target, '--out', join(directory, command === 'bundle' ? 'x.tar' : 'x.json')];
  const listed = join(fresh('listed'), 'names');
  // The mount ends with the command.
  const inside = `out=$2 listed=$3; mount -t tmpfs -o "$1" none "$2" || exit 99; shift 3
"$@"; code=$?; ls -A "$out" >"$listed"; exit "$code"`;
  const wrapper = mount === null ? [] : ['unshare', '--mount', 'sh', '-c', inside, 'sh', mount, directory, listed];
  const result = await cli.start(args, {}, '', wrapper).done;
  return { ...result, there: mount === null ? '' : readFileSync(listed, 'utf8') };
}

describe.each(['plan', 'bundle'])('%s --out', (command) => {
  test.each([
    ['into a directory that is read-only', 'ro', /: PERMISSION: .*x\.(?:json|tar)/],
    ['into a directory that is full', 'size=4k,nr_inodes=2', /: NO_SPACE: /],
    ['into a directory that is not there', null, /: (?:PERMISSION|USAGE): .*nowhere/],
  ] as const)('%s: a code, and nothing is left', async (_name, mount, words) => {
    const result = await writeInto(command, mount);
    expect(result.stderr).toMatch(words);
    expect([result.code === 0, result.there]).toEqual([false, '']);
    expect(existsSync(join(work, 'nowhere'))).toBe(false);
  });
});

test('a bundle is installed without its archive, and remove takes it back', async () => {
  const result = await install(good, '--json');
  // The packages are empty, so nothing is proven.
  expect(`${result.code} ${result.stderr}`).toMatch(/^1 /);
  const report = JSON.parse(result.stdout) as { install: { installed: { name: string }[] } };
  expect(report.install.installed.map(({ name }) => name).toSorted()).toEqual([
    'gcc',
    `linux-headers-${RELEASE}`,
    `linux-image-${RELEASE}-dbg`,
    'make',
    'systemtap',
  ]);
  expect(await cli.run(['remove', '--root', root, '--yes'])).toMatchObject({ code: 0 });
  expect(listPackages(root)).toBe('');
});

describe('refused, and nothing is installed:', () => {
  type Case = readonly [string, () => Promise<CliResult>, number, RegExp];
  const cases: readonly Case[] = [
    [
      'for another kernel',
      () => install(good, '--kernel', OTHER_RELEASE),
      1,
      /WRONG_TARGET: .* was made for kernel 5\.10\.0-99-cloud-amd64, but the target has 5\.10\.0-98-cloud-amd64/,
    ],
    [
      'for another release of the distribution',
      () => {
        writeFileSync(join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n');
        return install(good);
      },
      1,
      /WRONG_TARGET: .* was made for distribution release 11, but the target has 12/,
    ],
    [
      'for another distribution',
      async () => install(await forge((manifest) => withTarget(manifest, { distro: 'ubuntu' }))),
      1,
      /WRONG_TARGET: .* was made for distribution ubuntu, but the target has debian/,
    ],
    [
      'for another architecture',
      async () => install(await forge((manifest) => withTarget(manifest, { arch: 'aarch64', packageArch: 'arm64' }))),
      1,
      /WRONG_TARGET: .* was made for architecture aarch64, but the target has x86_64/,
    ],
    [
      'with a package of another bundle in the place of its own, all digests made to fit',
      async () => {
        const directory = fresh('rebuilt');
        const elsewhere = new DebLab(gpg);
        const built = elsewhere.build('gcc', '4:10.2.1-1', {}, 'gzip', { 'usr/bin/gcc': 'of another bundle' });
        const gcc = join(directory, basename(built));
        execFileSync('cp', [built, gcc]);
        elsewhere.close();
        return install(await forge((manifest) => withGcc(manifest, digestOf(gcc)), gcc));
      },
      4,
      /(DIGEST|SIZE)_MISMATCH: /,
    ],
    [
      'with a package that the signed index does not list',
      async () => {
        return install(await forge((manifest) => withGcc(manifest, { version: '4:10.2.1-9' })));
      },
      4,
      /BAD_BUNDLE: gcc 4:10\.2\.1-9 amd64 is in the bundle, but .* does not list it/,
    ],
    [
      'without the evidence for its packages',
      async () => install(await forge((manifest) => ({ ...manifest, indexes: [] }))),
      4,
      /EVIDENCE_UNCHECKED: /,
    ],
    [
      'by a key that this machine does not have',
      () => {
        writeFileSync(join(root, 'etc/apt/keyrings/test.gpg'), readFileSync(other.keyring));
        return install(good);
      },
      4,
      /UNKNOWN_KEY: /,
    ],
    ['unsigned where a key is asked for', () => install(good, '--bundle-keyring', other.keyring), 4, /UNSIGNED: /],
    [
      'of modules',
      async () => install(await forge((manifest) => ({ ...manifest, kind: 'compiled' }))),
      2,
      /USAGE: .* holds compiled modules/,
    ],
  ];
  test.each(cases)('%s', async (_name, run, code, words) => {
    const result = await run();
    expect(result.stderr).toMatch(words);
    expect(result.code).toBe(code);
    expect(listPackages(root)).toBe('');
  });

  test('cut off or altered at six places', async () => {
    const bytes = readFileSync(good);
    const path = join(work, 'spoiled.tar');
    for (let place = 0; place < 3; place += 1) {
      const at = Math.floor(((place + 0.5) / 3) * bytes.length);
      const altered = Buffer.from(bytes);
      altered.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      for (const spoiled of [altered, bytes.subarray(0, at)]) {
        writeFileSync(path, spoiled);
        const result = await install(path);
        expect([at, spoiled.length, result.code]).toEqual([at, spoiled.length, 4]);
      }
    }
    expect(listPackages(root)).toBe('');
  });
});

function withTarget(manifest: BundleManifest, over: Partial<BundleManifest['target']>): BundleManifest {
  return { ...manifest, target: { ...manifest.target, ...over } as BundleManifest['target'] };
}

function withGcc(manifest: BundleManifest, over: Partial<BundledPackage>): BundleManifest {
  const packages = manifest.packages.map((item) => (item.path === GCC ? { ...item, ...over } : item));
  return { ...manifest, packages };
}

function digestOf(file: string): Pick<BundledPackage, 'sha256' | 'sizeBytes'> {
  const data = readFileSync(file);
  return { sha256: createHash('sha256').update(data).digest('hex') as Sha256, sizeBytes: data.length };
}
