import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunResult } from '../../../src/host/host.ts';
import type { Blame } from '../../../src/types.ts';
import { blame } from '../../../src/verify/step.ts';
import { loadLocally } from '../../../src/verify/load-locally.ts';
import type { LocalLoad } from '../../../src/verify/load-locally.ts';
import { createRecordedHost } from '../../helpers/recorded-host.ts';
import type { RecordedHost } from '../../helpers/recorded-host.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tapprep-load-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const LOAD: LocalLoad = {
  modulePath: '/var/tmp/x/tapprep_hello.ko',
  marker: 'Hello, World',
  trigger: null,
  own: 'systemtap',
  stopAfterSeconds: null,
  staprunArgv: ['staprun'],
  env: {},
  timeoutMs: 30_000,
  sleep: () => Promise.resolve(),
  signal: new AbortController().signal,
};

function hostWith(answer: Partial<RunResult>, modules = 'ext4 1 0 - Live 0x0\n'): RecordedHost {
  mkdirSync(join(directory, 'proc'));
  writeFileSync(join(directory, 'proc/modules'), modules);
  return createRecordedHost(directory, { staprun: () => answer, cat: () => ({}) });
}

test.each<readonly [answer: Partial<RunResult>, reason: string | null, dueTo: Blame | null]>([
  [{ stdout: 'Hello, World\n' }, null, null],
  [{ stdout: 'Hello\n' }, 'the module ran, but "Hello, World" was not printed', 'systemtap'],
  [{ exitCode: null, timedOut: true }, 'staprun did not end within 30 s', 'this-machine'],
  [
    { exitCode: 1, stderr: "ERROR: Couldn't insert module 'x.ko': Operation not permitted\n" },
    "staprun exited with status 1: ERROR: Couldn't insert module 'x.ko': Operation not permitted",
    'target',
  ],
])('%j', async (answer, reason, dueTo) => {
  const { fault } = await loadLocally(hostWith(answer), LOAD);
  expect(fault).toEqual(reason === null ? null : blame(dueTo, reason));
});

test('a module that stays is taken out, and told', async () => {
  const host = hostWith({ stdout: 'Hello, World\n' }, 'tapprep_hello 1 0 - Live 0x0\n');
  expect((await loadLocally(host, LOAD)).fault?.reason).toBe(
    'the module was still in the kernel when staprun had ended',
  );
  expect(host.commands.at(-1)).toEqual(['staprun', '-d', 'tapprep_hello']);
});
