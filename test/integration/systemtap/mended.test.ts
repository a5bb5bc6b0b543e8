/** A mended SystemTap in a root with a real shell: what is made, what it starts, and what is left when it cannot be made. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { readJournal } from '../../../src/install/journal.ts';
import { readChosen, recordChosen, useChosen } from '../../../src/systemtap/chosen.ts';
import { type MendedSystemtap, placeMended } from '../../../src/systemtap/mends/place.ts';
import { MENDS } from '../../../src/systemtap/mends/table.ts';
import { INSTALLED_SYSTEMTAP } from '../../../src/systemtap/usable.ts';

const RELEASE = '6.1.0-57-cloud-amd64';
const TASK_WORK = 'typeof(&task_work_cancel) a;\nkallsyms_lookup_name("task_work_cancel");\n';
const STAP = '#!/bin/sh\necho "runtime=$SYSTEMTAP_RUNTIME"\nfor word in "$@"; do echo "word=$word"; done\n';

let template: string;
let root: string;
beforeAll(() => {
  template = mkdtempSync(join(tmpdir(), 'tapprep-mended-'));
  mkdirSync(join(template, 'bin'));
  copyFileSync('/bin/busybox', join(template, 'bin/busybox'));
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (applet !== 'busybox') symlinkSync('busybox', join(template, 'bin', applet));
  write(template, 'var/lib/dpkg/status', '');
  write(template, 'usr/bin/stap', STAP, 0o755);
  write(template, 'usr/bin/staprun', '#!/bin/sh\necho staprun "$@"\n', 0o755);
  for (const [file, text] of [
    ['runtime.h', '/* runtime */\n'],
    ['stp_task_work.c', TASK_WORK],
    ['linux/stap_fs.h', '#if defined(STAPCONF_PR33574_PNO_TYPE)\n'],
    ['linux/task_finder2.c', 'task_euid(x)\n'],
  ] as const)
    write(template, `usr/share/systemtap/runtime/${file}`, text);
});
afterAll(() => rmSync(template, { recursive: true }));
beforeEach(() => {
  root = `${template}-copy`;
  execFileSync('cp', ['-a', template, root]);
});
afterEach(() => rmSync(root, { recursive: true }));

function write(base: string, path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(base, path)), { recursive: true });
  writeFileSync(join(base, path), text);
  chmodSync(join(base, path), mode);
}

function place(ids: readonly string[]): Promise<MendedSystemtap> {
  return placeMended({
    host: createRootHost(root),
    base: INSTALLED_SYSTEMTAP,
    name: '4.8-2 of the distribution',
    version: '4.8',
    mends: MENDS.filter(({ id }) => ids.includes(id)),
    release: RELEASE,
    tapprepVersion: '0.0.0',
    now: () => Date.UTC(2026, 10, 29),
  });
}

const at = (path: string): string => join(root, path);

test('the copy is changed, the original is not, and stap is told of both runtime and header', async () => {
  const { place: folder, manifest, stapArgv } = await place(['task-work-cancel-func', 'task-euid']);
  expect(folder).toMatch(/^\/opt\/tapprep\/systemtap-4\.8-mended-[0-9a-f]{12}$/);
  expect(readFileSync(at('usr/share/systemtap/runtime/stp_task_work.c'), 'utf8')).toBe(TASK_WORK);
  expect(readFileSync(at(`${folder}/runtime/stp_task_work.c`), 'utf8')).toContain('&task_work_cancel_func');
  expect(readFileSync(at(`${folder}/runtime/runtime.h`), 'utf8')).toBe('/* runtime */\n');
  expect(manifest.mends).toEqual(['task-euid', 'task-work-cancel-func']);
  const run = await createRootHost(root).run([...stapArgv, '-p4', 'a b.stp']);
  expect(run.stdout.trim().split('\n')).toEqual([
    `runtime=${folder}/runtime`,
    'word=-B',
    `word=KCFLAGS=-include ${folder}/${manifest.header?.name ?? ''}`,
    'word=-p4',
    'word=a b.stp',
  ]);
  const { entries } = await readJournal(createRootHost(root));
  expect(entries.at(-1)).toMatchObject({ state: 'done', files: [folder], mended: manifest.files });
});

test('the same again is the same folder, not made anew; what somebody changed in it is', async () => {
  const { place: folder } = await place(['task-work-cancel-func']);
  const made = statSync(at(folder)).ino;
  expect((await place(['task-work-cancel-func'])).place).toBe(folder);
  expect(statSync(at(folder)).ino).toBe(made);
  writeFileSync(at(`${folder}/runtime/stp_task_work.c`), 'something else');
  await place(['task-work-cancel-func']);
  expect(readFileSync(at(`${folder}/runtime/stp_task_work.c`), 'utf8')).toContain('&task_work_cancel_func');
});

test('other mends are another folder: stap knows what it keeps by path and header', async () => {
  const [one, two] = [await place(['task-euid']), await place(['task-euid', 'proc-ns-type'])];
  expect(one.place).not.toBe(two.place);
  expect(one.manifest.header?.name).not.toBe(two.manifest.header?.name);
});

test('a runtime of another release is refused, and nothing is left behind', async () => {
  writeFileSync(at('usr/share/systemtap/runtime/stp_task_work.c'), TASK_WORK + TASK_WORK);
  await expect(place(['task-work-cancel-func'])).rejects.toSatisfy((error) => isTapprepError(error, 'MEND_REFUSED'));
  expect(existsSync(at('opt/tapprep'))).toBe(false);
});

test('a stap that does not start with it leaves nothing behind', async () => {
  write(root, 'usr/bin/stap', '#!/bin/sh\nexit 3\n', 0o755);
  await expect(place(['task-work-cancel-func'])).rejects.toSatisfy((error) => isTapprepError(error, 'INSTALL_FAILED'));
  expect(existsSync(at('opt/tapprep')) ? readdirSync(at('opt/tapprep')) : []).toEqual([]);
});

test('a folder that is not tapprep’s is left alone', async () => {
  const { place: folder } = await place(['task-work-cancel-func']);
  rmSync(at(folder), { recursive: true });
  write(root, `${folder}/mine.txt`, 'mine');
  await expect(place(['task-work-cancel-func'])).rejects.toSatisfy((error) => isTapprepError(error, 'INSTALL_FAILED'));
  expect(readFileSync(at(`${folder}/mine.txt`), 'utf8')).toBe('mine');
});

test('recorded as the kernel’s own, it is what is used from then on', async () => {
  const host = createRootHost(root);
  const { place: folder } = await place(['task-work-cancel-func']);
  const record = {
    schema: 'tapprep-chosen/1',
    release: RELEASE,
    name: '4.8-2 of the distribution mended by task-work-cancel-func',
    version: '4.8',
    place: folder,
    hello: 'pass',
    at: '2026-11-29T12:00:00.000Z',
  } as const;
  await recordChosen(host, RELEASE, record);
  expect(await readChosen(host, RELEASE)).toEqual({ kind: 'chosen', record });
  expect(await useChosen(host, record)).toMatchObject({
    stapArgv: [`${folder}/bin/stap`],
    guestStaprun: null,
    place: folder,
  });
  chmodSync(at(`${folder}/runtime/stp_task_work.c`), 0o666);
  expect(await readChosen(host, RELEASE)).toMatchObject({ kind: 'refused' });
});

test('a header that is included by the one it asks, or first by another, is no second definition', () => {
  const header = MENDS.find(({ id }) => id === 'task-euid')?.definitions ?? '';
  const directory = at('headers');
  write(root, 'headers/linux/creds-moved.h', '#define task_euid(task) 7\n');
  write(root, 'headers/linux/cred.h', '#include <linux/creds-moved.h>\n#define task_cred_xxx(task, xxx) 8\n');
  write(root, 'headers/mend.h', header);
  write(root, 'headers/a.c', '#include <linux/creds-moved.h>\n#include <linux/cred.h>\nint a = task_euid(0);\n');
  const words = ['-Werror', '-Wall', `-I${directory}`, '-include', join(directory, 'mend.h'), '-E', '-P'];
  expect(execFileSync('gcc', [...words, join(directory, 'a.c')], { encoding: 'utf8' }).trim()).toBe('int a = 7;');
});
