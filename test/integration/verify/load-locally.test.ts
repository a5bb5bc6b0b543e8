import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Host } from '../../../src/host/host.ts';
import { createLocalHost } from '../../../src/host/local.ts';
import { StopRequest } from '../../../src/interruption.ts';
import { createSshHost } from '../../../src/host/ssh.ts';
import { loadLocally, type LocalLoad } from '../../../src/verify/load-locally.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { startSshd } from '../../helpers/sshd.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tapprep-load-'));
  put('modules', 'ext4 1 0 - Live 0x0\n');
});
afterEach(() => rmSync(directory, { recursive: true }));

function put(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

const read = (name: string): string => readFileSync(join(directory, name), 'utf8');

/** A host with a list of modules of the test's own: what stands for staprun loads none. */
function openHost(host: Host = createLocalHost()): Host {
  const readText: Host['readText'] = (path) =>
    host.readText(path === '/proc/modules' ? join(directory, 'modules') : path);
  return { ...host, readText };
}

/** A staprun that loads, runs, is ended by a signal before it has taken the module out, and takes it out by -d. @param out text that does so */
function makeStaprun(out = ': >modules', body = 'while :; do sleep 0.1; done'): string {
  const path = put(
    'staprun',
    `#!/bin/sh
cd ${directory}
echo "$*" >>calls
if [ "$1" = -d ]; then ${out}; exit; fi
echo 'tapprep_hello 16384 0 - Live 0x0' >>modules
trap 'exit 1' TERM
${body}
`,
  );
  chmodSync(path, 0o755);
  return path;
}

function loadOf(staprun: string, more: Partial<LocalLoad>): LocalLoad {
  return {
    modulePath: '/var/tmp/x/tapprep_hello.ko',
    marker: null,
    trigger: null,
    own: 'systemtap',
    stopAfterSeconds: null,
    staprunArgv: [staprun],
    env: {},
    timeoutMs: 60_000,
    sleep: (milliseconds) => sleep(milliseconds),
    signal: new AbortController().signal,
    ...more,
  };
}

/** Until staprun has loaded the module. */
async function untilLoaded(): Promise<void> {
  while (!read('modules').includes('tapprep_hello')) await sleep(50);
}

const CALLS = '/var/tmp/x/tapprep_hello.ko\n-d tapprep_hello\n';

test.each([
  ['by itself', null],
  ['after a time', 60],
])('a signal while staprun runs, which ends %s, leaves no module in the kernel', async (_, stopAfterSeconds) => {
  const stop = new AbortController();
  const running = failureOf(loadLocally(openHost(), loadOf(makeStaprun(), { signal: stop.signal, stopAfterSeconds })));
  await untilLoaded();
  stop.abort(new StopRequest('SIGINT'));
  const error = await running;
  expect([error.code, error.facts['signal']]).toEqual(['INTERRUPTED', 'SIGINT']);
  expect([read('calls'), read('modules')]).toEqual([CALLS, '']);
});

test('a trigger that cannot be run ends staprun, and the module goes', async () => {
  const trigger = [join(directory, 'none')];
  const error = await failureOf(loadLocally(openHost(), loadOf(makeStaprun(), { trigger })));
  expect([error.code, error.facts['tool']]).toEqual(['TOOL_MISSING', trigger[0]]);
  expect([read('calls'), read('modules')]).toEqual([CALLS, '']);
});

test('a module that stays after a signal is told, with what takes it out', async () => {
  const stop = new AbortController();
  const running = failureOf(loadLocally(openHost(), loadOf(makeStaprun('exit 1'), { signal: stop.signal })));
  await untilLoaded();
  stop.abort(new StopRequest('SIGTERM'));
  const error = await running;
  expect(error.code).toBe('INTERRUPTED');
  expect(error.message).toMatch(/; the module tapprep_hello is still in the kernel of this host$/);
  expect(error.remedy).toMatchObject({ kind: 'run', command: 'staprun -d tapprep_hello', root: true });
});

test.each([
  ['busybox, which knows no --preserve-status', ['sh', 'sleep', 'timeout']],
  ['none, as on EL5', ['sh', 'sleep']],
])('a script that does not end by itself is told to go, and passes, with the timeout(1) of %s', async (_, applets) => {
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  for (const applet of applets) symlinkSync('/bin/busybox', join(bin, applet));
  const body = `trap ': >modules; echo counted; exit 0' TERM; while :; do sleep 0.1; done`;
  const load = { stopAfterSeconds: 1, marker: 'counted', env: { PATH: bin } };
  const { fault, output } = await loadLocally(openHost(), loadOf(makeStaprun('exit 1', body), load));
  expect([fault, output, read('calls')]).toEqual([null, 'counted', '/var/tmp/x/tapprep_hello.ko\n']);
});

test('one that fails on its way out is told by its own status and words', async () => {
  const body = `trap ': >modules; echo "ERROR: probe overhead exceeded threshold" >&2; exit 1' TERM; while :; do sleep 0.1; done`;
  const { fault } = await loadLocally(openHost(), loadOf(makeStaprun('exit 1', body), { stopAfterSeconds: 1 }));
  expect(fault?.reason).toBe('staprun exited with status 1: ERROR: probe overhead exceeded threshold');
});

test('over ssh, too, its time ends it there, its status counts, and a signal leaves no module', async () => {
  const sshd = await startSshd();
  const signal = new AbortController().signal;
  const place = { destination: sshd.host, configFile: sshd.configFile };
  const remote = await createSshHost(place, { signal, sudoPassword: () => Promise.resolve(null) });
  try {
    const body = `trap ': >modules; echo counted; exit 3' TERM; while :; do sleep 0.1; done`;
    const load = { stopAfterSeconds: 1, marker: 'counted' };
    const { fault, output } = await loadLocally(openHost(remote), loadOf(makeStaprun('exit 1', body), load));
    expect([fault?.reason, output]).toEqual(['staprun exited with status 3: it gave no reason', 'counted']);

    const stop = new AbortController();
    put('calls', '');
    const stopped = loadOf(makeStaprun(), { signal: stop.signal, stopAfterSeconds: 60 });
    const running = failureOf(loadLocally(openHost(remote), stopped));
    await untilLoaded();
    stop.abort(new StopRequest('SIGINT'));
    expect((await running).code).toBe('INTERRUPTED');
    expect([read('calls'), read('modules')]).toEqual([CALLS, '']);
  } finally {
    await remote.close();
    await sshd.close();
  }
});
