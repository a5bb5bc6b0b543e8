import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { TapprepError } from '../../../src/errors.ts';
import { textOf } from '../../../src/sentence.ts';
import { compileModule } from '../../../src/verify/compile-module.ts';
import { createRecordedHost, type Answer, type RecordedHost } from '../../helpers/recorded-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-compile-'));
afterAll(() => rmSync(directory, { recursive: true }));

const request = {
  kernel: '6.12.118+deb13-cloud-amd64',
  script: 'probe kernel.trace("sched_switch") { exit() }',
  name: 'tapprep_trace',
  outDir: '/var/tmp/work',
  cacheDir: '/var/cache/tapprep/stap',
};
const FORGET = ['rm', '-rf', '--', '/var/cache/tapprep/stap/cache'];

function hostWith(stap: Answer): RecordedHost {
  return createRecordedHost(directory, { stap, rm: () => ({}) });
}

test('after a stap that was ended in the middle no tracepoint is believed not to be there', async () => {
  const slow = hostWith(() => ({ exitCode: null, timedOut: true }));
  expect((await compileModule(slow, request)).reason).toBe('stap -p4 did not end in time');
  expect(slow.commands).toContainEqual(FORGET);

  const stopped = hostWith(() => {
    throw new TapprepError('INTERRUPTED', 'stopped while running stap');
  });
  await expect(compileModule(stopped, request)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(stopped.commands).toContainEqual(FORGET);
});

test('what a stap that ended by itself has found out is kept', async () => {
  for (const exitCode of [0, 1]) {
    const host = hostWith(() => ({ exitCode, stderr: 'semantic error: x' }));
    await compileModule(host, request);
    expect(host.commands).not.toContainEqual(FORGET);
  }
});

async function made(stdout: string): Promise<string | null> {
  const { modulePath, reason } = await compileModule(
    hostWith(() => ({ stdout })),
    { ...request, reuse: 'module' },
  );
  return modulePath ?? (reason === null ? null : textOf(reason));
}

test('what stap keeps is taken from where it says, and from nowhere else', async () => {
  const kept = '/var/cache/tapprep/stap/cache/52/stap_525a22eaba27348c4ee1b4ce4ec0dbf2_1355.ko';
  expect(await made(`${kept}\n`)).toBe(kept);
  // Without a cache.
  expect(await made('stap_123.ko\n')).toBe('/var/tmp/work/stap_123.ko');
  const nothing = 'stap -p4 named no module below /var/cache/tapprep/stap';
  for (const other of ['', 'done', '/lib/modules/x.ko', '/var/cache/tapprep/stap/../../x.ko', '../x.ko'])
    expect(await made(other)).toBe(nothing);
});
