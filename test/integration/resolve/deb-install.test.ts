import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { splitRuns } from '../../../src/install/run.ts';
import { wantedNames } from '../../../src/resolve/deb/kernel-names.ts';
import { planDeb } from '../../../src/resolve/deb/plan-deb.ts';
import { readDebRepositories } from '../../../src/resolve/deb/reader.ts';
import type { PlanItem } from '../../../src/types.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { debRepository, debTarget } from '../../helpers/deb-records.ts';
import { serveDirectory, type DirectoryServer } from '../../helpers/directory-server.ts';
import { GpgHome } from '../../helpers/gpg.ts';
import { openReaderLab, type ReaderLab } from '../../helpers/reader-context.ts';
import { systemOfManager } from '../../../src/package-system/systems.ts';

const R = '6.1.0-56-amd64';
const home = new GpgHome();
const lab = new DebLab(home);
let server: DirectoryServer;
let reader: ReaderLab;
let items: readonly PlanItem[] = [];

/** An empty root with libc6 1 installed, as dpkg sees it. */
function makeRoot(name: string): string {
  const root = join(lab.directory, name);
  mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true });
  mkdirSync(join(root, 'var/lib/dpkg/updates'), { recursive: true });
  writeFileSync(join(root, 'var/lib/dpkg/status'), '');
  dpkg(root, [join(lab.directory, 'pool/libc6_1_amd64.deb')]);
  return root;
}

/** Installs files with the real dpkg; returns what it complains of. */
function dpkg(root: string, files: readonly string[]): string {
  try {
    execFileSync('dpkg', [`--root=${root}`, '--force-unsafe-io', '--install', ...files], { stdio: 'pipe' });
    return '';
  } catch (error) {
    return String((error as { stderr: Buffer }).stderr);
  }
}

function listInstalled(root: string): readonly string[] {
  const format = '${db:Status-Abbrev} ${Package} ${Version}\\n';
  const out = execFileSync('dpkg-query', [`--root=${root}`, '--show', `--showformat=${format}`], { encoding: 'utf8' });
  return out
    .trim()
    .split('\n')
    .map((line) => line.trim());
}

beforeAll(async () => {
  const key = home.makeKey('archive', 'rsa2048');
  const packages = [
    lab.build(`linux-headers-${R}`, '6.1.192-2', {
      Depends: 'gcc-12, linux-kbuild-6.1 (>= 6.1.192-2)',
      Source: 'linux',
    }),
    lab.build('linux-kbuild-6.1', '6.1.192-2', { Source: 'linux', Depends: 'libc6 (>= 1)' }),
    lab.build(`linux-image-${R}-dbg`, '6.1.192-2', { Source: 'linux' }),
    lab.build('systemtap', '4.8-2', { Depends: 'lsb-release, make' }),
    lab.build('lsb-release', '12', { Depends: 'python3', Architecture: 'all' }),
    lab.build('python3', '3.11', { 'Pre-Depends': 'python3-minimal (= 3.11)' }),
    lab.build('python3-minimal', '3.11', {
      'Pre-Depends': 'python3.11-minimal',
      Depends: 'dpkg-trigger-helper | libc6',
    }),
    lab.build('python3.11-minimal', '3.11', { Depends: 'libexpat' }),
    lab.build('expat', '2', { Provides: 'libexpat (= 2)' }),
    lab.build('gcc', '12', { Depends: 'gcc-12' }),
    lab.build('gcc-12', '12', { Depends: 'libc6 (>= 2)' }),
    lab.build('make', '4', { Breaks: 'make-guile' }),
    lab.build('libc6', '1'),
    lab.build('libc6', '2'),
  ];
  lab.writeArchive('archive', { suite: 'bookworm', packages, key });
  server = await serveDirectory(lab.directory);
  reader = await openReaderLab();
  const repository = debRepository({
    baseUrls: [`${server.url}archive/`],
    trust: { metadata: 'signed', packages: 'unsigned', fingerprints: [], keyrings: [key.keyring], allow: [] },
  });
  const installed = [{ name: 'libc6', version: '1', arch: 'amd64' }];
  const request = { installed, roles: { image: false, debuginfo: true, systemtap: 'distro' } } as const;
  const wanted = wantedNames(debTarget(), request);
  const { records } = await readDebRepositories([repository], 'amd64', wanted, reader.context);
  ({ items } = planDeb(debTarget(), records, request));
});
afterAll(async () => {
  await reader.close();
  await server.close();
  lab.close();
  home.close();
});

const pathOf = (item: PlanItem) => join(lab.directory, 'pool', basename(item.fileName));

test('dpkg installs the plan cleanly, run by run', () => {
  const root = makeRoot('waves');
  const wanted = items.map((item) => ({ item }));
  const runs = splitRuns(wanted, items.map(pathOf), systemOfManager('dpkg'), []);
  expect(runs.map(({ files }) => dpkg(root, files))).toEqual(['', '', '']);
  expect(listInstalled(root)).toEqual(items.map(({ name, version }) => `ii  ${name} ${version}`).toSorted());
  expect(items.filter(({ replaces }) => replaces !== null)).toMatchObject([
    { name: 'libc6', version: '2', replaces: '1' },
  ]);
});

test('in one run it would not: dpkg wants Pre-Depends configured first', () => {
  const root = makeRoot('one-run');
  expect(dpkg(root, items.map(pathOf))).toContain('pre-dependency problem');
});
