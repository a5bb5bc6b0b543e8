import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createRootHost } from '../../../src/host/root.ts';
import { readJournal } from '../../../src/install/journal.ts';
import { removeInstalled } from '../../../src/install/remove.ts';
import { assemblePortable } from '../../../src/systemtap/portable/assemble.ts';
import type { PortableSystemtap } from '../../../src/systemtap/portable/kept.ts';
import { placePortable, type PlaceRequest } from '../../../src/systemtap/portable/place.ts';
import type { Event } from '../../../src/types.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { makeDpkgRoot } from '../../helpers/fake-root.ts';
import { PortableLab, REQUEST } from '../../helpers/portable-lab.ts';

const CHILD = fileURLToPath(new URL('../../helpers/place-child.ts', import.meta.url));
const PREFIX = '/opt/tapprep/systemtap-5.1';
const scratch = mkdtempSync(join(tmpdir(), 'tapprep-place-'));
const pristine = join(scratch, 'pristine');
const lab = new PortableLab();
const events: Event[] = [];
let portable: PortableSystemtap;
let root = '';
let roots = 0;

beforeAll(async () => {
  makeDpkgRoot(pristine);
  await lab.open();
  portable = await assemblePortable(await lab.context(), REQUEST);
});
beforeEach(() => {
  roots += 1;
  root = join(scratch, `root-${roots}`);
  cpSync(pristine, root, { recursive: true, verbatimSymlinks: true });
});
afterAll(async () => {
  rmSync(scratch, { recursive: true });
  await lab.close();
});

function request(over: Partial<PlaceRequest> = {}): PlaceRequest {
  return {
    host: createRootHost(root),
    portable,
    release: '6.1.0-56-cloud-amd64',
    arch: 'x86_64',
    tapprepVersion: '0.0.0',
    emit: (event) => events.push(event),
    now: () => Date.UTC(2026, 10, 23) + roots,
    signal: new AbortController().signal,
    ...over,
  };
}

async function remove(): Promise<void> {
  const host = createRootHost(root);
  const files = (await readJournal(host)).entries.flatMap((entry) => entry.files);
  const plan = { packages: [], files, skipped: [], replaced: [], argv: null };
  await removeInstalled(host, plan, (event) => events.push(event), new AbortController().signal);
}

test('placed, started, journaled; a second time unchanged; removed without a trace', async () => {
  const placed = await placePortable(request());
  expect([placed.prefix, placed.changed, placed.stapArgv]).toEqual([PREFIX, true, [`${PREFIX}/bin/stap`]]);
  const { stdout } = await createRootHost(root).run([...placed.stapArgv, '-V']);
  expect(stdout).toContain(`runtime=${PREFIX}/share/systemtap/runtime`);
  const [entry] = (await readJournal(createRootHost(root))).entries;
  expect(entry).toMatchObject({ state: 'done', files: [PREFIX], packages: [], release: '6.1.0-56-cloud-amd64' });

  expect((await placePortable(request())).changed).toBe(false);
  expect((await readJournal(createRootHost(root))).entries).toHaveLength(1);

  await remove();
  expect(existsSync(join(root, '/opt/tapprep'))).toBe(false);
  expect((await readJournal(createRootHost(root))).entries[0]?.state).toBe('removed');
});

test('a folder that lost a file is put right', async () => {
  await placePortable(request());
  rmSync(join(root, PREFIX, 'lib/libdeep.so.2'));
  expect((await placePortable(request())).changed).toBe(true);
  expect(existsSync(join(root, PREFIX, 'lib/libdeep.so.2'))).toBe(true);
});

test('copied by hand into another root and to another path it works, and a prefix may have blanks', async () => {
  const { prefix } = await placePortable(request({ prefix: '/opt/my tools/stap 5.1' }));
  const other = join(scratch, 'other');
  cpSync(pristine, other, { recursive: true, verbatimSymlinks: true });
  cpSync(join(root, prefix), join(other, 'srv/elsewhere'), { recursive: true });
  const { stdout } = await createRootHost(other).run(['/srv/elsewhere/bin/staprun']);
  expect(stdout).toContain('hello from the deep\nruntime=/srv/elsewhere/share/systemtap/runtime\n');
});

test('what somebody else has put there is neither replaced nor removed', async () => {
  mkdirSync(join(root, PREFIX), { recursive: true });
  writeFileSync(join(root, PREFIX, 'precious'), 'data');
  const error = await failureOf(placePortable(request()));
  expect([error.code, error.message]).toEqual([
    'INSTALL_FAILED',
    `${PREFIX} on ${root} is there already and was not made by tapprep`,
  ]);
  rmSync(join(root, PREFIX), { recursive: true });
  await placePortable(request());
  rmSync(join(root, PREFIX), { recursive: true });
  mkdirSync(join(root, PREFIX));
  writeFileSync(join(root, PREFIX, 'precious'), 'data');
  await remove();
  expect(readFileSync(join(root, PREFIX, 'precious'), 'utf8')).toBe('data');
  expect(events.at(-1)).toMatchObject({ level: 'warning', text: expect.stringContaining('left alone') });
});

test('a link in the place of the folder is removed, not what it leads to', async () => {
  await placePortable(request());
  cpSync(join(root, PREFIX), join(root, 'srv/copy'), { recursive: true });
  rmSync(join(root, PREFIX), { recursive: true });
  symlinkSync('/srv/copy', join(root, PREFIX));
  await remove();
  expect([existsSync(join(root, PREFIX)), existsSync(join(root, 'srv/copy/bin/stap'))]).toEqual([false, true]);
});

test('a file of the cache that was altered: refused, nothing left, the journal says so', async () => {
  const copy = join(scratch, 'altered');
  cpSync(portable.directory, copy, { recursive: true });
  writeFileSync(join(copy, 'libexec/stapio'), 'other');
  const error = await failureOf(placePortable(request({ portable: { ...portable, directory: copy } })));
  expect(error.code).toBe('DIGEST_MISMATCH');
  expect(existsSync(join(root, '/opt/tapprep'))).toBe(false);
  expect((await readJournal(createRootHost(root))).entries).toMatchObject([{ state: 'failed', files: [] }]);
});

test.each(['relative/path', '/opt', '/opt/../../etc/x', '/opt/a:b', '/opt/a$b', '/opt/a\nb'])(
  '%j cannot be the prefix',
  async (prefix) => {
    expect((await failureOf(placePortable(request({ prefix })))).code).toBe('USAGE');
  },
);

test('a kernel that the C library does not start on, and another architecture, before anything is written', async () => {
  const { manifest } = portable;
  const old = await failureOf(
    placePortable(
      request({
        portable: { ...portable, manifest: { ...manifest, minimumKernel: '3.2.0' } },
        release: '2.6.32-642.el6.x86_64',
      }),
    ),
  );
  expect([old.code, old.message]).toEqual([
    'NOT_PROVEN',
    'the C library of portable SystemTap 5.1 of debian lab needs Linux 3.2.0 or newer, but the kernel is 2.6.32-642.el6.x86_64',
  ]);
  expect((await failureOf(placePortable(request({ arch: 'aarch64' })))).message).toContain('is for x86_64');
  expect((await readJournal(createRootHost(root))).entries).toEqual([]);
});

test('a file system that is mounted noexec is named, and the way out', () => {
  mkdirSync(join(root, 'opt'));
  const script = 'mount -t tmpfs -o noexec tmpfs "$1/opt" && exec "$2" "$3" "$4" "$1" /opt/tapprep/stap';
  const argv = ['--mount', 'sh', '-c', script, 'sh', root, process.execPath, CHILD, portable.directory];
  const answer: unknown = JSON.parse(execFileSync('unshare', argv, { encoding: 'utf8' }));
  expect(answer).toEqual({
    code: 'PERMISSION',
    message: `nothing below /opt/tapprep/stap on ${root} can be executed, because ${root}/opt is mounted noexec`,
    remedy: { kind: 'run', by: 'user', command: `mount -o remount,exec ${root}/opt`, root: true },
  });
});
