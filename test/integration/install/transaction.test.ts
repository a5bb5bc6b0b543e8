/** What a transaction may replace, and what of it is tapprep's afterwards: in roots with the real dpkg. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createRootHost } from '../../../src/host/root.ts';
import { type JournalEntry, readJournal, writeEntry } from '../../../src/install/journal.ts';
import { planRemoval, type Removal, removeInstalled } from '../../../src/install/remove.ts';
import { undoTransaction } from '../../../src/install/undo.ts';
import { RPM } from '../../../src/package-system/rpm.ts';
import { placeDebugFiles } from '../../../src/install/place-debug-files.ts';
import type { Emit, Sha256 } from '../../../src/types.ts';
import { makeRpmRunRoot } from '../../helpers/dpkg-root.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { type LabBuild, openRpmLab, type RpmLab } from '../../helpers/rpm-lab.ts';
import { asArtifact, TransactionLab, type TransactionRoot } from '../../helpers/transaction-lab.ts';

const CHILD = fileURLToPath(new URL('../../helpers/transaction-child.ts', import.meta.url));
const lab = new TransactionLab();
const gcc = { old: lab.build('gcc', '4:10.2.1-1'), new: lab.build('gcc', '4:12.2.0-3') };
let root: TransactionRoot;

beforeEach(() => {
  root = lab.openRoot();
});
afterAll(() => lab.close());

test('a plan that knows nothing of what is installed replaces nothing unasked', async () => {
  root.dpkg('--install', gcc.new);
  const failure = await failureOf(root.install([asArtifact(gcc.old)]));
  expect(failure).toMatchObject({
    code: 'INSTALL_FAILED',
    message: expect.stringContaining('gcc 4:12.2.0-3 -> 4:10.2.1-1'),
    facts: { replacing: [{ name: 'gcc', from: '4:12.2.0-3', to: '4:10.2.1-1' }] },
  });
  expect(root.packages()).toEqual(['gcc 4:12.2.0-3 installed']);
});

test('what a plan says that it replaces is there in another version: allowed, that one is told', async () => {
  root.dpkg('--install', gcc.new);
  const { replaced } = await root.install([asArtifact(gcc.old, { replaces: '4:9-1' })], { allowUpgrade: true });
  expect(replaced).toEqual([{ name: 'gcc', from: '4:12.2.0-3', to: '4:10.2.1-1' }]);
});

/** Once, as the first command of a transaction is told: somebody else's dpkg between the list and tapprep's own. */
function meanwhile(work: () => void): Emit {
  let isDone = false;
  return (event) => {
    if (event.type === 'note') root.notes.push(event.text);
    if (event.type !== 'command' || isDone) return;
    isDone = true;
    work();
  };
}

const stap = lab.build('systemtap', '5.1-1', { 'usr/bin/stap': '#!/bin/sh\n' });
const broken = lab.build('broken', '1', { 'DEBIAN/postinst': '#!/bin/sh\nexit 1\n' });
const kernel = lab.build('linux-image-6.1.0-58-amd64', '6.1.200-1');

test('a package that somebody else installs meanwhile is not taken for tapprep’s', async () => {
  const emit = meanwhile(() => root.dpkg('--install', kernel));
  const { installed } = await root.install([asArtifact(stap)], { emit });
  expect(installed.map(({ name }) => name)).toEqual(['systemtap']);
  expect(root.entries().map(({ packages }) => packages.map(({ name }) => name))).toEqual([['systemtap']]);
  expect(root.notes.join('\n')).toMatch(/linux-image-6\.1\.0-58-amd64 6\.1\.200-1 came .* remove leaves it/);
  await root.remove();
  expect(root.packages()).toEqual(['linux-image-6.1.0-58-amd64 6.1.200-1 installed']);
});

test('what somebody installs after a run that was killed before its package manager began is not tapprep’s', async () => {
  await root.install([asArtifact(stap)]);
  const journal = join(root.directory, 'var/lib/tapprep/journal.json');
  const entry = { ...root.entries()[0], state: 'started', begun: false };
  await root.remove();
  writeFileSync(journal, JSON.stringify({ schema: 'tapprep-journal/1', entries: [entry] }));
  root.dpkg('--install', stap);
  await root.remove();
  expect(root.packages()).toEqual(['systemtap 5.1-1 installed']);

  writeFileSync(journal, JSON.stringify({ schema: 'tapprep-journal/1', entries: [entry] }));
  await root.install([asArtifact(gcc.new)]);
  await root.remove();
  expect(root.packages()).toEqual(['systemtap 5.1-1 installed']);
});

test('the journal says from when on the package manager works', async () => {
  const said: unknown[] = [];
  const emit: Emit = ({ type }) => void (type === 'command' && said.push(root.entries()[0]));
  await root.install([asArtifact(stap)], { emit });
  expect(said[0]).toMatchObject({ state: 'started', packages: [{ name: 'systemtap' }] });
  expect(said[0]).not.toHaveProperty('begun');
  expect(root.entries()[0]).not.toHaveProperty('begun');
});

test('a transaction that fails takes away its own packages alone', async () => {
  const emit = meanwhile(() => root.dpkg('--install', kernel));
  const { message } = await failureOf(root.install([asArtifact(broken)], { emit }));
  expect(message).toContain('what it had installed was taken away again');
  expect(root.packages()).toEqual(['linux-image-6.1.0-58-amd64 6.1.200-1 installed']);
});

test.each(['the next run', 'remove'])(
  'killed in the middle of --allow-upgrade: %s leaves what was there before',
  async (next) => {
    root.dpkg('--install', gcc.old);
    const task = {
      root: root.directory,
      debs: [
        { ...gcc.new, wave: 0 },
        { ...stap, wave: 1 },
      ],
    };
    const child = spawnSync(process.execPath, ['--no-warnings', CHILD, JSON.stringify(task)], { encoding: 'utf8' });
    expect([child.signal, child.stderr]).toEqual(['SIGKILL', '']);
    expect(root.entries()).toMatchObject([
      {
        state: 'started',
        packages: [{ name: 'systemtap' }],
        replaced: [{ name: 'gcc', from: '4:10.2.1-1', to: '4:12.2.0-3' }],
      },
    ]);
    if (next !== 'remove') await root.install([asArtifact(stap)]);
    await root.remove();
    expect(root.packages()).toEqual(['gcc 4:12.2.0-3 installed']);
    expect(root.entries()[0]?.replaced).toEqual([{ name: 'gcc', from: '4:10.2.1-1', to: '4:12.2.0-3' }]);
  },
);

/** A file of configuration. */
function conffile(name: string): Readonly<Record<string, string>> {
  return { [`etc/${name}.conf`]: 'shipped\n', 'DEBIAN/conffiles': `/etc/${name}.conf\n` };
}

test.each(['remove', 'the undo of a failure'])(
  '%s leaves the configuration that the admin kept before',
  async (what) => {
    const tool = lab.build('tool', '2', conffile('tool'), { Depends: 'library' });
    const library = lab.build('library', '1', conffile('library'));
    root.dpkg('--install', library, lab.build('tool', '1', conffile('tool'), { Depends: 'library' }));
    writeFileSync(join(root.directory, 'etc/tool.conf'), 'edited\n');
    root.dpkg('--remove', 'tool');
    root.dpkg('--purge', 'library');
    const artifacts = [asArtifact(library), asArtifact(tool)];
    if (what === 'remove') {
      await root.install(artifacts);
      await root.remove();
    } else await failureOf(root.install([...artifacts, asArtifact(broken)]));
    expect(readFileSync(join(root.directory, 'etc/tool.conf'), 'utf8')).toBe('edited\n');
    expect(existsSync(join(root.directory, 'etc/library.conf'))).toBe(false);
    expect(root.packages()).toEqual(['tool 2 config-files']);
    const configured = [{ name: 'tool', version: '2', arch: 'amd64' }];
    expect(root.entries()).toMatchObject([{ state: 'removed', configured }]);
  },
);

test('the configuration that a killed removal left of a package of tapprep is not taken for an earlier one', async () => {
  const tool = lab.build('tool', '2', conffile('tool'));
  await root.install([asArtifact(tool)]);
  // Between dpkg's --remove and --purge.
  root.dpkg('--remove', 'tool');
  await failureOf(root.install([asArtifact(tool), asArtifact(broken)]));
  expect([root.packages(), existsSync(join(root.directory, 'etc/tool.conf'))]).toEqual([[], false]);
});

test('what an admin installed again and removed after tapprep had taken it away keeps its configuration', async () => {
  const tool = lab.build('tool', '2', conffile('tool'));
  await root.install([asArtifact(tool)]);
  await root.remove();
  root.dpkg('--install', tool);
  root.dpkg('--remove', 'tool');
  await failureOf(root.install([asArtifact(tool), asArtifact(broken)]));
  expect([root.packages(), existsSync(join(root.directory, 'etc/tool.conf'))]).toEqual([['tool 2 config-files'], true]);
});

test('a package that something else needs by now stays, is named with what needs it, and the rest goes', async () => {
  const cpp = lab.build('cpp', '12-1');
  const compiler = lab.build('gcc', '12-1', {}, { Depends: 'cpp' });
  const essential = lab.build('build-essential', '12.9', {}, { Depends: 'gcc' });
  await root.install([asArtifact(cpp), asArtifact(compiler), asArtifact(stap)]);
  root.dpkg('--install', essential);
  const folder = join(root.directory, 'opt/tapprep/systemtap-5.6');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'manifest.json'), '{"schema": "tapprep-systemtap/1"}\n');
  const { packages, needed } = await root.remove();
  expect(packages.map(({ name }) => name)).toEqual(['systemtap']);
  expect(needed).toMatchObject([
    { name: 'cpp', version: '12-1', by: ['gcc'] },
    { name: 'gcc', version: '12-1', by: ['build-essential'] },
  ]);
  const there = ['build-essential 12.9 installed', 'cpp 12-1 installed', 'gcc 12-1 installed'];
  expect([root.packages(), existsSync(folder)]).toEqual([there, false]);
  expect(root.entries()).toMatchObject([{ state: 'failed', packages: [{ name: 'cpp' }, { name: 'gcc' }] }]);
  root.dpkg('--purge', 'build-essential');
  await root.remove();
  expect([root.packages(), root.entries()[0]?.state]).toEqual([[], 'removed']);
});

/** A root in which these packages are installed. */
function makeRpmRootOf(rpms: RpmLab, packages: LabBuild['packages']): string {
  const directory = join(rpms.directory, 'root');
  const built = rpms.build({ source: 'tools', version: '1', release: '1', packages });
  makeRpmRunRoot(directory, 'http://127.0.0.1:9/', Object.values(built));
  return directory;
}

test('rpm takes back nothing of a failed transaction of which somebody else’s package needs one: the rest goes', async () => {
  const rpms = openRpmLab();
  try {
    const directory = makeRpmRootOf(rpms, [
      { name: 'gcc' },
      { name: 'systemtap' },
      { name: 'dkms', requires: ['gcc'] },
    ]);
    const host = createRootHost(directory);
    const before = [{ name: 'dkms', version: '1-1', arch: 'x86_64' }];
    const left = await undoTransaction(
      host,
      RPM,
      before,
      () => true,
      [],
      () => undefined,
    );
    expect(left.map(({ name }) => name)).toEqual(['gcc']);
  } finally {
    rpms.close();
  }
});

test('what rpm says that something else needs stays by what provides it, and the rest goes', async () => {
  const rpms = openRpmLab();
  try {
    const directory = makeRpmRootOf(rpms, [
      { name: 'cpp', provides: ['preprocessor = 12'] },
      { name: 'gcc', requires: ['preprocessor >= 11'] },
      { name: 'dkms', requires: ['(gcc or clang)', '/usr/bin/stap-prep'] },
      { name: 'stap-prep', files: { '/usr/bin/stap-prep': '#!/bin/sh\n' } },
      { name: 'systemtap' },
    ]);
    const host = createRootHost(directory);
    const came = ['cpp', 'gcc', 'stap-prep', 'systemtap'].map((name) => ({ name, version: '1-1', arch: 'x86_64' }));
    const about = { at: '2026-11-29T10:00:00.000Z', tapprep: '0.1.0', release: '5.14.0-1.el9.x86_64' };
    await writeEntry(host, { ...about, manager: 'rpm', state: 'done', packages: came, replaced: [], files: [] });
    const remove = async (): Promise<Removal> =>
      removeInstalled(host, await planRemoval(host), () => undefined, new AbortController().signal);
    expect(await remove()).toMatchObject({
      packages: [{ name: 'systemtap' }],
      needed: [
        { name: 'cpp', by: ['gcc-1-1.x86_64'] },
        { name: 'gcc', by: ['dkms-1-1.x86_64'] },
        { name: 'stap-prep', by: ['dkms-1-1.x86_64'] },
      ],
    });
    execFileSync('chroot', [directory, 'rpm', '-e', 'dkms']);
    expect(await remove()).toMatchObject({ packages: came.slice(0, 3), needed: [] });
    expect((await readJournal(host)).entries).toMatchObject([{ state: 'removed' }]);
  } finally {
    rpms.close();
  }
});

const RELEASE = '6.1.0-57-amd64';
const DEBUG = `/usr/lib/debug/lib/modules/${RELEASE}`;

async function placeVmlinux(host = root.host): Promise<void> {
  const source = join(lab.directory, 'vmlinux');
  writeFileSync(source, 'ELF');
  const sha256 = createHash('sha256').update('ELF').digest('hex') as Sha256;
  const file = { path: `${DEBUG}/vmlinux`, url: 'x', sha256, buildId: null, signed: true };
  const directory = { host, path: DEBUG, release: RELEASE, tapprepVersion: '0.0.0', now: Date.now };
  await placeDebugFiles(directory, [{ source, file }]);
}

function debugFiles(of = root.directory): readonly string[] {
  const directory = join(of, DEBUG);
  return existsSync(directory)
    ? readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map(({ name }) => name)
        .toSorted()
    : [];
}

test.each(['by digest', 'of an older journal'])(
  'vmlinux that tapprep put there goes, and the debug package that came beside it keeps its files: %s',
  async (how) => {
    await placeVmlinux();
    if (how !== 'by digest') {
      const [entry] = root.entries();
      await writeEntry(root.host, { ...(entry as JournalEntry), placed: undefined });
    }
    const dbg = lab.build('linux-image-dbg', '6.1-1', { [`${DEBUG.slice(1)}/kernel/fs/ext4.ko`]: 'ELF ext4' });
    root.dpkg('--install', dbg);
    expect((await failureOf(placeVmlinux())).message).toMatch(/holds what is not tapprep's by now: .*ext4\.ko/);
    expect(debugFiles()).toEqual(['.tapprep', 'ext4.ko', 'vmlinux']);
    await root.remove();
    expect(debugFiles()).toEqual(['ext4.ko']);
    expect(root.entries()).toMatchObject([{ state: 'removed' }]);
    expect(root.notes.join('\n')).toContain(`what else is in ${DEBUG} on `);
  },
);

test('a debug package that took the place of tapprep’s vmlinux keeps it, and so does who put another there', async () => {
  await placeVmlinux();
  root.dpkg('--install', lab.build('linux-image-dbg', '6.1-2', { [`${DEBUG.slice(1)}/vmlinux`]: 'ELF' }));
  await root.remove();
  expect(debugFiles()).toEqual(['vmlinux']);
  root.dpkg('--purge', 'linux-image-dbg');
  await placeVmlinux();
  writeFileSync(join(root.directory, DEBUG, 'vmlinux'), 'mine');
  await root.remove();
  expect(debugFiles()).toEqual(['vmlinux']);
});

test('debug information of tapprep alone is replaced, and goes with its directory', async () => {
  await placeVmlinux();
  await placeVmlinux();
  expect(debugFiles()).toEqual(['.tapprep', 'vmlinux']);
  await root.remove();
  expect(existsSync(join(root.directory, DEBUG))).toBe(false);
});

test('an rpm with debug information keeps its files where tapprep’s own go', async () => {
  const rpms = openRpmLab();
  try {
    const files = { [`${DEBUG}/kernel/fs/ext4.ko.debug`]: 'ELF ext4\n' };
    const packages = [{ name: 'kernel-debuginfo', files }];
    const built = rpms.build({ source: 'kernel', version: '1', release: '1', packages });
    const directory = join(rpms.directory, 'root');
    makeRpmRunRoot(directory, 'http://127.0.0.1:9/', []);
    const host = createRootHost(directory);
    await placeVmlinux(host);
    execFileSync('rpm', ['--root', directory, '--dbpath', '/var/lib/rpm', '-i', built['kernel-debuginfo'] ?? '']);
    await writeEntry(host, { ...((await readJournal(host)).entries[0] as JournalEntry), placed: undefined });
    await removeInstalled(host, await planRemoval(host), () => undefined, new AbortController().signal);
    expect(debugFiles(directory)).toEqual(['ext4.ko.debug']);
  } finally {
    rpms.close();
  }
});
