/** What a killed install.sh and a killed dpkg leave beside packages, and what becomes of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createRootHost } from '../../../src/host/root.ts';
import { planRemoval, removeInstalled } from '../../../src/install/remove.ts';
import { makeDpkgRunRoot } from '../../helpers/dpkg-root.ts';

const scratch = mkdtempSync(join(tmpdir(), 'cut-off-'));
const UNPACKING = 'var/lib/dpkg/tmp.ci/control';
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

async function remove(): Promise<readonly string[]> {
  const host = createRootHost(root);
  return (await removeInstalled(host, await planRemoval(host), () => undefined, new AbortController().signal)).files;
}

/** As install.sh makes them. */
function putScriptState(owner: string): void {
  for (const directory of ['work', 'install.lock']) {
    mkdirSync(join(root, 'var/lib/tapprep', directory), { recursive: true });
    chmodSync(join(root, 'var/lib/tapprep', directory), 0o700);
  }
  put('var/lib/tapprep/install.lock/pid', `${owner}\n`);
  for (const name of ['before', 'log']) put(`var/lib/tapprep/work/${name}`, 'x');
  put('var/tmp/tapprep-77-0/.tapprep', '{"schema": "tapprep-directory/1"}\n');
  put('var/tmp/tapprep-77-0/keyring.gpg', 'x');
}

test('killed in the middle of install.sh: remove takes its lock, its work and its keys away', async () => {
  putScriptState('4194305');
  expect((await remove()).toSorted()).toEqual([
    '/var/lib/tapprep/install.lock',
    '/var/lib/tapprep/work',
    '/var/tmp/tapprep-77-0',
  ]);
  expect(['var/lib/tapprep', 'var/tmp/tapprep-77-0'].filter((path) => existsSync(join(root, path)))).toEqual([]);
});

test('install.sh is at work: remove waits for its end', async () => {
  other = spawn('sh', ['-c', 'read -r go', 'install.sh'], { stdio: ['pipe', 'ignore', 'ignore'] });
  putScriptState(String(other.pid));
  let hasEnded = false;
  const ended = once(other, 'exit').then(() => (hasEnded = true));
  const removed = remove().then(() => hasEnded);
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
  other = spawn('python3', ['-c', hold, join(root, 'var/lib/dpkg/lock')], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(other.stdout ?? other, 'data');
  await remove();
  expect(existsSync(join(root, UNPACKING))).toBe(true);
});
