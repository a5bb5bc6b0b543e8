/** What a killed install.sh and a killed dpkg leave beside packages, and what becomes of it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createRootHost } from '../../../src/host/root.ts';
import { planRemoval, removeInstalled } from '../../../src/install/remove.ts';
import type { Emit } from '../../../src/types.ts';
import { makeDpkgRunRoot } from '../../helpers/dpkg-root.ts';

const scratch = mkdtempSync(join(tmpdir(), 'cut-off-'));
const UNPACKING = 'var/lib/dpkg/tmp.ci/control';
const PART = 'usr/lib/slow/vmlinux.dpkg-new';
let root = '';
let roots = 0;
let other: ChildProcess | null = null;

beforeAll(() =>
  makeDpkgRunRoot(join(scratch, 'pristine'), { url: 'http://127.0.0.1:9/', suite: 'x', keyring: '/dev/null' }),
);
beforeEach(() => {
  roots += 1;
  root = join(scratch, `root-${roots}`);
  cpSync(join(scratch, 'pristine'), root, { recursive: true, verbatimSymlinks: true });
});
afterEach(() => {
  other?.kill('SIGKILL');
  other = null;
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** When a process started, in ticks since boot (the 22nd field of its stat). */
function startOf(pid: number): string {
  const [, rest = ''] = /\) (.*)$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').trimEnd()) ?? [];
  return rest.split(' ')[19] ?? '';
}

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Of one run that set out to install a package, which never came. */
function putJournal(state: string): void {
  const packages = [{ name: 'make', version: '4.3-4', arch: 'amd64' }];
  const entry = { at: '2026-11-29T10:00:00.000Z', tapprep: '0.1.0', release: '6.1.0-1-amd64', manager: 'dpkg', state };
  const entries = [{ ...entry, packages, replaced: [], files: [] }];
  put('var/lib/tapprep/journal.json', JSON.stringify({ schema: 'tapprep-journal/1', entries }));
}

async function remove(emit: Emit = () => undefined): Promise<readonly string[]> {
  const host = createRootHost(root);
  return (await removeInstalled(host, await planRemoval(host), emit, new AbortController().signal)).files;
}

/** As install.sh makes them. @param owner of its lock: process and the time of its start, in ticks since boot */
function putScriptState(owner: string): void {
  mkdirSync(join(root, 'var/lib/tapprep/work'), { recursive: true });
  chmodSync(join(root, 'var/lib/tapprep/work'), 0o700);
  symlinkSync(owner, join(root, 'var/lib/tapprep/install.lock'));
  for (const name of ['before', 'log']) put(`var/lib/tapprep/work/${name}`, 'x');
  put('var/tmp/tapprep-77-0/.tapprep', '{"schema": "tapprep-directory/1"}\n');
  put('var/tmp/tapprep-77-0/keyring.gpg', 'x');
}

test('killed in the middle of install.sh: remove takes its lock, its work and its keys away', async () => {
  // A process has that number, but another one: it started later.
  putScriptState(`${process.pid}:1`);
  expect((await remove()).toSorted()).toEqual([
    '/var/lib/tapprep/install.lock',
    '/var/lib/tapprep/work',
    '/var/tmp/tapprep-77-0',
  ]);
  expect(['var/lib/tapprep', 'var/tmp/tapprep-77-0'].filter((path) => existsSync(join(root, path)))).toEqual([]);
});

test('killed while run.sh or a front end worked: remove takes away what they had brought, and nothing of a run that goes on', async () => {
  const left = ['tmp/tapprep-run-4194305', 'run/tapprep-run-4194305', 'var/tmp/tapprep-front-end-Ab12Cd34'];
  const others = ['tmp/tapprep-run-1', 'tmp/tapprep-run-4194306'];
  for (const path of [...left, 'tmp/tapprep-run-1']) put(`${path}/.tapprep`, '{"schema": "tapprep-directory/1"}\n');
  for (const path of [...left, ...others]) put(`${path}/file`, 'x');
  mkdirSync(join(root, 'proc/1'), { recursive: true });
  expect((await remove()).toSorted()).toEqual(left.map((path) => `/${path}`).toSorted());
  expect([...left, ...others].filter((path) => existsSync(join(root, path)))).toEqual(others);
});

test('a lock whose owner is gone is all that is left: remove finds it, and takes it away', async () => {
  mkdirSync(join(root, 'var/lib/tapprep'), { recursive: true });
  symlinkSync('4194305:7', join(root, 'var/lib/tapprep/install.lock'));
  expect((await planRemoval(createRootHost(root))).files).toEqual(['/var/lib/tapprep/install.lock']);
  expect(await remove()).toEqual(['/var/lib/tapprep/install.lock']);
  expect(existsSync(join(root, 'var/lib/tapprep'))).toBe(false);
});

test('install.sh is at work: remove waits for its end', async () => {
  other = spawn('sh', ['-c', 'read -r go', 'install.sh'], { stdio: ['pipe', 'ignore', 'ignore'] });
  putScriptState(`${other.pid}:${startOf(other.pid ?? 0)}`);
  let hasEnded = false;
  const ended = once(other, 'exit').then(() => (hasEnded = true));
  const { promise: hasWaited, resolve } = Promise.withResolvers<string>();
  const removed = remove((event) => {
    if (event.type === 'note' && event.text.includes('waiting for its end')) resolve(event.text);
  }).then(() => hasEnded);
  expect(await hasWaited).toBe(`another tapprep works on ${root}, process ${other.pid} there: waiting for its end`);
  other.stdin?.end('go\n');
  await ended;
  expect(await removed).toBe(true);
});

test('dpkg was killed while it unpacked: remove takes away what it was unpacking', async () => {
  putJournal('started');
  put(UNPACKING, 'Package: make\n');
  put('var/lib/tapprep/systemtap-x.json', '{}\n');
  await remove();
  expect(existsSync(join(root, dirname(UNPACKING)))).toBe(false);
});

test('what dpkg unpacks is left alone where no run of tapprep was cut off', async () => {
  putJournal('done');
  put(UNPACKING, 'Package: make\n');
  put('var/lib/tapprep/systemtap-x.json', '{}\n');
  await remove();
  expect(existsSync(join(root, UNPACKING))).toBe(true);
});

test('what dpkg unpacks is left alone while another run of dpkg holds its lock', async () => {
  putJournal('started');
  put(UNPACKING, 'Package: make\n');
  put('var/lib/tapprep/systemtap-x.json', '{}\n');
  const hold =
    'import fcntl,sys; f=open(sys.argv[1],"w"); fcntl.lockf(f, fcntl.LOCK_EX); print("held",flush=True); sys.stdin.read()';
  other = spawn('/usr/bin/python3', ['-c', hold, join(root, 'var/lib/dpkg/lock')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(other.stdout ?? other, 'data');
  await remove();
  expect(existsSync(join(root, UNPACKING))).toBe(true);
});

/** A bundle's folder in the root, with a package that takes dpkg a while. */
function putBundle(): string {
  const tree = join(scratch, 'slow');
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  mkdirSync(join(tree, 'usr/lib/slow'), { recursive: true });
  writeFileSync(
    join(tree, 'DEBIAN/control'),
    'Package: slow\nVersion: 1\nArchitecture: all\nMaintainer: t <t@example.org>\nDescription: t\n',
  );
  execFileSync('truncate', ['--size=400M', join(tree, 'usr/lib/slow/vmlinux')]);
  mkdirSync(join(root, 'carried/packages'), { recursive: true });
  const file = 'carried/packages/slow_1_all.deb';
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', tree, join(root, file)]);
  const sum = createHash('sha256').update(readFileSync(join(root, file)));
  const sums = `${sum.digest('hex')}  packages/slow_1_all.deb\n`;
  put('carried/SHA256SUMS', sums);
  return createHash('sha256').update(sums).digest('hex');
}

/** Real dpkg, killed while the package's one file is being written. */
async function killDpkg(): Promise<void> {
  const argv = [root, 'dpkg', '--unpack', '/carried/packages/slow_1_all.deb'];
  const dpkg = spawn('chroot', argv, { stdio: 'ignore', detached: true });
  const ended = once(dpkg, 'exit') as Promise<[number | null, string | null]>;
  while (!existsSync(join(root, PART)) && dpkg.exitCode === null) await setImmediate();
  process.kill(-(dpkg.pid ?? Number.NaN), 'SIGKILL');
  expect((await ended)[1]).toBe('SIGKILL');
  expect(existsSync(join(root, PART))).toBe(true);
}

test.each([
  { what: 'as it was: remove takes away what dpkg had written', change: '', stays: false },
  { what: 'with other packages in it: they are not believed', change: 'packages/slow_1_all.deb', stays: true },
  { what: 'with another list of sums: it is not believed', change: 'SHA256SUMS', stays: true },
])('dpkg was killed in the middle of a bundle’s package, and the bundle is there $what', async ({ change, stays }) => {
  const bundle = putBundle();
  await killDpkg();
  const packages = [{ name: 'slow', version: '1', arch: 'all' }];
  const run = { at: '2026-11-29T10:00:00.000Z', tapprep: '0.1.0', release: '6.1.0-1-amd64', manager: 'dpkg' };
  const entry = { ...run, bundle, folder: '/carried', state: 'started', packages, replaced: [], files: [] };
  put('var/lib/tapprep/journal.json', JSON.stringify({ schema: 'tapprep-journal/1', entries: [entry] }));
  if (change !== '') appendFileSync(join(root, 'carried', change), 'x\n');
  const notes: string[] = [];
  await remove((event) => {
    if (event.type === 'note') notes.push(event.text);
  });
  expect(notes.some((text) => text.startsWith('slow 1 was being unpacked'))).toBe(stays);
  expect(existsSync(join(root, PART))).toBe(stays);
  expect(existsSync(join(root, 'usr/lib/slow'))).toBe(stays);
  expect(existsSync(join(root, 'var/cache/tapprep'))).toBe(false);
  const status = readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8');
  expect(status).not.toContain('Package: slow');
});
