/** Debs whose tars hold what no package holds, where tapprep itself unpacks them: the portable SystemTap, the control file. */
import { execFileSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeHeader } from '../../src/bundle/tar-entry.ts';
import type { Artifact } from '../../src/types.ts';
import { type Attack, type GuardEdit, held, once, type Outcome, refusalOf, succeeded, type Tree } from './attack.ts';
import { changeHeader, type HeaderChange, packEntries } from './forged-bundle.ts';

const FILES = 'src/systemtap/portable/deb-files.ts';
const CONTROL = 'src/trust/deb-control.ts';
const LAYOUT = 'src/systemtap/portable/layout.ts';
const STAGING = 'src/systemtap/portable/staging.ts';
const MANIFEST = 'src/systemtap/portable/manifest-schema.ts';
const off = (file: string, text: string, replacement = ''): GuardEdit => ({ file, text, replacement });
const CONTROL_TEXT = 'Package: systemtap\nVersion: 5\nArchitecture: amd64\n';
const ZEROS = 130 * 1024 * 1024;

function tarOf(data: Uint8Array, change: HeaderChange): Buffer {
  const header = encodeHeader({ path: 'usr/bin/stap', sizeBytes: data.length, mode: 0o644 });
  return packEntries([{ header: changeHeader(header, change), data }]);
}

/** A deb as an attacker writes it: the three members, and anything in them. */
function writeDeb(tree: Tree, data: Buffer, control = tarOf(Buffer.from(CONTROL_TEXT), { name: './control' })): string {
  const directory = tree.scratch();
  writeFileSync(join(directory, 'debian-binary'), '2.0\n');
  writeFileSync(join(directory, 'control.tar.gz'), gzipSync(control, { level: 1 }));
  writeFileSync(join(directory, 'data.tar.gz'), gzipSync(data, { level: 1 }));
  execFileSync('ar', ['rc', 'evil.deb', 'debian-binary', 'control.tar.gz', 'data.tar.gz'], { cwd: directory });
  return join(directory, 'evil.deb');
}

async function unpack(tree: Tree, data: Buffer, isHarm: (name: string) => boolean): Promise<Outcome> {
  const { readDebFiles } = await tree.load<typeof import('../../src/systemtap/portable/deb-files.ts')>(FILES);
  let harm: string | undefined;
  const outcome = await refusalOf(
    readDebFiles(writeDeb(tree, data), () => true, tree.scratch()).then(({ files }) => {
      harm = [...files.keys()].find(isHarm);
    }),
  );
  if (harm !== undefined) return succeeded(`a file ${harm} is taken out`);
  return outcome.result === 'held' ? outcome : held('nothing of it is taken out');
}

/** A folder's manifest with one file, as a cache would have kept it. */
function keptManifest(tree: Tree, file: object): Promise<Outcome> {
  const files = [{ path: 'libexec/staprun', sha256: '0'.repeat(64), bytes: 1, mode: 0o755, package: null, ...file }];
  const names = ['version', 'packageVersion', 'distro', 'suite', 'arch', 'loader', 'key'].map((name) => [name, 'x']);
  const manifest = {
    schema: 'tapprep-systemtap/1',
    ...Object.fromEntries(names),
    minimumKernel: null,
    packages: [],
    files,
  };
  return refusalOf(
    tree
      .load<typeof import('../../src/systemtap/portable/manifest.ts')>('src/systemtap/portable/manifest.ts')
      .then(({ parseManifest }) => parseManifest(JSON.stringify(manifest), 'manifest.json')),
    () => 'the file is put there as root',
  );
}

const BYTES = Buffer.from('bytes of the attacker');
const zeros = once(() => tarOf(Buffer.alloc(ZEROS), {}));

export const attacks: readonly Attack[] = [
  {
    name: 'a file of a package that climbs out of the folder',
    guard: [off(FILES, "name.split('/').includes('..') ||")],
    attempt: (tree) =>
      unpack(tree, tarOf(BYTES, { name: './usr/../../../etc/cron.d/evil' }), (name) => name.includes('..')),
  },
  {
    name: 'a file of a package with an absolute path',
    guard: [off(FILES, "entry.path.replace(/^(?:\\.?\\/)+/, '')", 'entry.path')],
    attempt: (tree) => unpack(tree, tarOf(BYTES, { name: '/etc/cron.d/evil' }), (name) => name.startsWith('/')),
  },
  ...(
    [
      ['a character device', { type: '3' }],
      ['a block device', { type: '4' }],
      ['a pipe', { type: '6' }],
    ] as const
  ).map(([what, change]): Attack => ({
    name: `${what} in the place of a program`,
    guard: [off(FILES, "if (entry.type !== 'File' && entry.type !== 'OldFile') return entry.resume();")],
    attempt: (tree) => unpack(tree, tarOf(Buffer.alloc(0), change), (name) => name === 'usr/bin/stap'),
  })),
  {
    name: 'a symbolic link in the place of a program, which is read as if it were one',
    guard: [off(FILES, "if (entry.type !== 'File' && entry.type !== 'OldFile') return entry.resume();")],
    attempt: (tree) =>
      unpack(tree, tarOf(Buffer.alloc(0), { type: '2', linkName: '/etc/shadow' }), (name) => name === 'usr/bin/stap'),
  },
  {
    name: 'a set-user-ID program of a package is one in the folder, too',
    guard: [off(LAYOUT, '0o755 : 0o644;', '0o4755 : 0o644;')],
    attempt: async (tree) => {
      const { openStaging, unpackInto } =
        await tree.load<typeof import('../../src/systemtap/portable/staging.ts')>(STAGING);
      const path = writeDeb(tree, tarOf(BYTES, { name: './usr/bin/staprun', mode: '0006755\0' }));
      const staging = openStaging(tree.scratch());
      const artifact = { item: { name: 'systemtap-runtime' }, path } as Artifact;
      await unpackInto(staging, [artifact], true, new AbortController().signal);
      const mode = statSync(join(staging.directory, 'libexec/staprun')).mode & 0o7777;
      return (mode & 0o6000) === 0 ? held(`mode ${mode.toString(8)}`) : succeeded(`mode ${mode.toString(8)}`);
    },
  },
  {
    name: 'the manifest of a SystemTap that was kept makes its staprun set-user-ID',
    guard: [off(MANIFEST, 'mode: z.union([z.literal(0o644), z.literal(0o755)]),', 'mode: z.number(),')],
    attempt: (tree) => keptManifest(tree, { mode: 0o4755 }),
  },
  {
    name: 'the manifest of a SystemTap that was kept puts a file outside of its folder',
    guard: [off(MANIFEST, "['', '.', '..'].includes(part)", "part === ''")],
    attempt: (tree) => keptManifest(tree, { path: '../../../etc/cron.d/evil' }),
  },
  {
    name: 'a program of 130 MB of zeros, packed to a thousandth',
    guard: [off(FILES, 'const MAX_WANTED_BYTES = 128 *', 'const MAX_WANTED_BYTES = 1024 *')],
    attempt: (tree) => unpack(tree, zeros(), (name) => name === 'usr/bin/stap'),
  },
  {
    name: 'a control.tar of 130 MB of zeros',
    guard: [off(CONTROL, 'const MAX_UNPACKED_BYTES = 64 *', 'const MAX_UNPACKED_BYTES = 640 *')],
    attempt: async (tree) => {
      const { readDebIdentity } = await tree.load<typeof import('../../src/trust/deb-control.ts')>(CONTROL);
      const control = Buffer.concat([
        zeros().subarray(0, 512 + ZEROS),
        tarOf(Buffer.from(CONTROL_TEXT), { name: './control' }),
      ]);
      return refusalOf(
        readDebIdentity(writeDeb(tree, tarOf(BYTES, {}), control)),
        () => 'it was unpacked to the last byte',
      );
    },
  },
];
