/** Tars that unpack to something else than what was checked, and tars that never end. */
import { mkdirSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { armorSignature } from '../../src/bundle/signature-armor.ts';
import { sampleHead, describeSample } from '../helpers/sample-bundle.ts';
import { type Attack, type GuardEdit, once, type Outcome, refusalOf, type Tree } from './attack.ts';
import {
  changeHeader,
  type Entry,
  forgeBundle,
  type ForgedBundle,
  type ForgedFile,
  type HeaderChange,
  packEntries,
  sha256,
  writeTar,
} from './forged-bundle.ts';

const READ = 'src/bundle/read.ts';
/** What is read is held against the one header, and the one padding, that the manifest allows. */
const EXACT_BYTES: GuardEdit = {
  file: READ,
  text: 'if (found.equals(expected)) return;',
  replacement: 'if (found.length === expected.length) return;',
};
const EXACT_END: GuardEdit = {
  file: READ,
  text: 'if (source.sizeBytes !== at + TRAILER_BYTES) {',
  replacement: 'if (source.sizeBytes < 0) {',
};
const DIGESTS: GuardEdit = {
  file: READ,
  text: 'if (sha256 !== bundled.sha256) {',
  replacement: 'if (sha256 === bundled.path) {',
};
const PLAIN_PATHS: GuardEdit = {
  file: 'src/bundle/manifest-schema.ts',
  text: '.regex(/^(?:[A-Za-z0-9_+~^%:@][\\w.+~^%:@-]*\\/){0,6}[A-Za-z0-9_+~^%:@][\\w.+~^%:@-]*$/)',
  replacement: '.regex(/./s)',
};

const PACKAGE = Buffer.from('a package');
const sample = once(() => bundleWith([]));

function bundleWith(files: readonly ForgedFile[], sign: ((sums: string) => string) | null = null): ForgedBundle {
  const listed = describeSample('alpha', sha256(PACKAGE), PACKAGE.length);
  return forgeBundle(sampleHead([listed]), [{ path: listed.path, data: PACKAGE }, ...files], sign);
}

/** Everything fits, but the text for the scripts names a package that the manifest does not have. */
function otherStory(): ForgedBundle {
  const { manifest, entries } = sample();
  const text = entries.find(({ path }) => path === 'bundle.txt');
  const said = `${Buffer.from(text?.data ?? '').toString()}package 0 dependency telnetd 1 amd64 1 packages/telnetd.deb\n`;
  const { files, ...head } = manifest;
  const others = files.filter(({ path }) => path !== 'bundle.txt' && path !== 'target.json');
  const bytes = (path: string): Uint8Array => entries.find((entry) => entry.path === path)?.data ?? Buffer.alloc(0);
  const kept = [...head.packages, ...others].map(({ path }) => ({ path, data: bytes(path) }));
  return forgeBundle(head, kept, null, { 'bundle.txt': Buffer.from(said) });
}

async function open(tree: Tree, tar: Uint8Array, zeros = 0): Promise<Outcome> {
  const { openBundle } = await tree.load<typeof import('../../src/bundle/read.ts')>('src/bundle/read.ts');
  const outside = tree.scratch();
  const directory = join(outside, 'unpacked');
  mkdirSync(directory);
  const path = writeTar(tree.scratch(), tar);
  if (zeros > 0) truncateSync(path, tar.length + zeros);
  const limit = AbortSignal.timeout(20_000);
  return refusalOf(openBundle(path, directory, limit), () => {
    const escaped = readdirSync(outside).filter((name) => name !== 'unpacked');
    return escaped.length > 0 ? `${escaped.join(', ')} was written outside` : 'the bundle was taken for whole';
  });
}

/** The sample with the header of its package changed. */
function withHeader(change: HeaderChange): Buffer {
  const { entries } = sample();
  return packEntries(entries.map((entry) => (isPackage(entry) ? changed(entry, change) : entry)));
}

function changed(entry: Entry, change: HeaderChange): Entry {
  return { ...entry, header: changeHeader(entry.header, change) };
}

function isPackage({ path }: Entry): boolean {
  return path.startsWith('packages/');
}

/** The sample with something before its package. */
function withBefore(make: (entry: Entry) => Pick<Entry, 'header' | 'data'>): Buffer {
  return packEntries(sample().entries.flatMap((entry) => (isPackage(entry) ? [make(entry), entry] : [entry])));
}

function paxOf(entry: Entry, record: string, type: string): Pick<Entry, 'header' | 'data'> {
  const data = Buffer.from(`${record.length + 3} ${record}`);
  const size = data.length.toString(8).padStart(11, '0');
  return { header: changeHeader(entry.header, { name: 'PaxHeader/x', type, size }), data };
}

const HEADERS: readonly (readonly [string, HeaderChange])[] = [
  ['a package that tar unpacks as a symbolic link to /etc/shadow', { type: '2', linkName: '/etc/shadow' }],
  ['a package that tar unpacks as a hard link to another file', { type: '1', linkName: 'install.sh' }],
  ['a package that tar unpacks as a character device', { type: '3' }],
  ['a package that tar unpacks as a pipe', { type: '6' }],
  ['a package that tar unpacks as a directory', { type: '5' }],
  ['a package whose tar entry is of the sparse kind of GNU', { type: 'S' }],
  ['a package that tar unpacks set-user-ID', { mode: '0004755\0' }],
  ['a package that tar unpacks below /', { name: '/etc/cron.d/tapprep' }],
  ['a package that tar unpacks beside the bundle', { name: '../../alpha' }],
];

export const attacks: readonly Attack[] = [
  ...HEADERS.map(([name, change]): Attack => ({
    name,
    guard: [EXACT_BYTES],
    attempt: (tree) => open(tree, withHeader(change)),
  })),
  {
    name: 'a second entry of one name behind the first, which tar lets win',
    guard: [EXACT_END],
    attempt: (tree) => {
      const { entries } = sample();
      return open(tree, packEntries(entries, packEntries(entries.slice(-1))));
    },
  },
  {
    name: 'a second tar behind the end of the first',
    guard: [EXACT_END],
    attempt: (tree) => open(tree, packEntries(sample().entries, Buffer.alloc(512, 'x'))),
  },
  {
    name: 'ten gigabytes of zeros behind the end, which are read to the last',
    guard: [EXACT_END],
    attempt: (tree) => open(tree, packEntries(sample().entries), 10e9),
  },
  {
    name: 'a pax header that gives the next file another path',
    guard: [EXACT_BYTES, EXACT_END, DIGESTS],
    attempt: (tree) =>
      open(
        tree,
        withBefore((entry) => paxOf(entry, 'path=../../evil\n', 'x')),
      ),
  },
  {
    name: 'a global pax header that renames everything after it',
    guard: [EXACT_BYTES, EXACT_END, DIGESTS],
    attempt: (tree) =>
      open(
        tree,
        withBefore((entry) => paxOf(entry, 'path=evil\n', 'g')),
      ),
  },
  {
    name: 'a package with one byte changed',
    guard: [DIGESTS],
    attempt: (tree) => {
      const { entries } = sample();
      const spoilt = Buffer.from('A package');
      return open(tree, packEntries(entries.map((entry) => (isPackage(entry) ? { ...entry, data: spoilt } : entry))));
    },
  },
  {
    name: 'a manifest of forty megabytes',
    guard: [
      { file: READ, text: 'if (sizeBytes > MAX_MANIFEST_BYTES) {', replacement: 'if (sizeBytes < 0) {' },
      { file: READ, text: 'if (text.length !== sizeBytes) throw', replacement: 'if (text.length < 0) throw' },
      EXACT_BYTES,
    ],
    attempt: (tree) => {
      const [first, ...rest] = sample().entries;
      if (first === undefined) throw new Error('a bundle has a manifest');
      const text = Buffer.concat([first.data, Buffer.alloc(40 * 1024 * 1024, ' ')]);
      const size = text.length.toString(8).padStart(11, '0');
      const large = { ...first, header: changeHeader(first.header, { size }), data: text };
      return open(tree, packEntries([large, ...rest]));
    },
  },
  {
    name: 'a bundle.txt that tells the scripts another story than the manifest tells tapprep',
    guard: [{ file: READ, text: '  requireRendered(source, manifest);', replacement: '' }],
    attempt: (tree) => open(tree, packEntries(otherStory().entries)),
  },
  {
    name: 'a bundle that unpacks to the name of another kernel',
    guard: [{ file: READ, text: 'if (root !== rootOf(manifest)) {', replacement: "if (root === '') {" }, EXACT_BYTES],
    attempt: (tree) => {
      const renamed = sample().entries.map((entry) => {
        const name = `tapprep-6.6.6/${entry.path}`;
        return { ...entry, header: changeHeader(entry.header, { name }) };
      });
      return open(tree, packEntries(renamed));
    },
  },
  {
    name: 'words of the attacker in the armor of a signature',
    guard: [
      {
        file: READ,
        text: '  requireCanonicalArmor(text, `${SIGNATURE_NAME} of ${source.name}`);',
        replacement: '',
      },
    ],
    attempt: (tree) => {
      const armored = armorSignature(Buffer.alloc(80, 7)).replace('-----\n\n', '-----\nComment: sudo rm -rf /\n\n');
      return open(tree, packEntries(bundleWith([], () => armored).entries));
    },
  },
  {
    name: 'a signature of a hundred kilobytes',
    guard: [
      { file: READ, text: 'if (found.sizeBytes > MAX_SIGNATURE_BYTES) {', replacement: 'if (found.sizeBytes < 0) {' },
    ],
    attempt: (tree) => open(tree, packEntries(bundleWith([], () => armorSignature(Buffer.alloc(100_000, 7))).entries)),
  },
  {
    name: 'a file that its manifest names twice',
    guard: [
      { file: 'src/bundle/manifest.ts', text: 'if (paths.has(path)) throw', replacement: "if (path === '') throw" },
      { file: READ, text: "await open(target, 'wx',", replacement: "await open(target, 'w'," },
    ],
    attempt: (tree) => {
      const twice = { path: 'scripts/a.stp', data: PACKAGE };
      return open(tree, packEntries(bundleWith([twice, twice]).entries));
    },
  },
  {
    name: 'a manifest that names the list of digests as a file of its own',
    guard: [
      { file: 'src/bundle/manifest.ts', text: 'new Set<string>(RESERVED)', replacement: 'new Set<string>()' },
      { file: READ, text: "{ flag: 'wx', mode: 0o600 }", replacement: "{ flag: 'w', mode: 0o600 }" },
    ],
    attempt: (tree) => open(tree, packEntries(bundleWith([{ path: 'SHA256SUMS', data: PACKAGE }]).entries)),
  },
  {
    name: 'a file that its manifest puts outside the directory',
    guard: [PLAIN_PATHS],
    attempt: (tree) => open(tree, packEntries(bundleWith([{ path: '../escaped', data: PACKAGE }]).entries)),
  },
];
