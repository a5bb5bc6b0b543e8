import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openTarget } from '../../../src/pipeline/open-target.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { NO_SSH } from '../../helpers/no-ssh.ts';

const scratch = mkdtempSync(join(tmpdir(), 'banner-'));
const LINE =
  'Linux version 5.14.0-427.13.1.el9_4.x86_64 (mockbuild@x64-builder02.almalinux.org) (gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3), GNU ld version 2.35.2-43.el9) #1 SMP PREEMPT_DYNAMIC Wed May 1 19:11:28 UTC 2024';
const NO_TARGET = { kernel: null, distro: null, arch: null, unameV: null, root: null, host: null, facts: null };

afterAll(() => rmSync(scratch, { recursive: true }));

async function open(banner: string, more: { readonly facts?: string } = {}) {
  const signal = new AbortController().signal;
  return openTarget({ cwd: scratch, signal, ssh: NO_SSH }, { ...NO_TARGET, ...more, banner });
}

test('a banner is the whole target, whether it is given or lies in a file', async () => {
  writeFileSync(join(scratch, 'version'), `${LINE}\n`);
  for (const banner of [LINE, 'version']) {
    const { host, target, facts } = await open(banner);
    expect(host).toBeNull();
    expect(target).toMatchObject({ distro: 'almalinux', version: '9.4', release: '5.14.0-427.13.1.el9_4.x86_64' });
    expect(facts.kernel.procVersion).toBe(LINE);
  }
});

test('in a memory image it is found across the pieces that are read, behind the format string of the kernel', async () => {
  const image = Buffer.alloc(9 * 1024 * 1024);
  image.write('Linux version %s (%s)', 1000, 'latin1');
  image.write(LINE, 4 * 1024 * 1024 - 60, 'latin1');
  writeFileSync(join(scratch, 'vmcore'), image);
  expect((await open('vmcore')).target).toMatchObject({ distro: 'almalinux' });
});

test('a file without one, a directory and no file are refused by name', async () => {
  writeFileSync(join(scratch, 'empty'), 'nothing here\n');
  expect(await failureOf(open('empty'))).toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('empty holds none') as unknown,
  });
  expect(await failureOf(open('.'))).toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('is a directory') as unknown,
  });
  expect(await failureOf(open('gone'))).toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('no file gone') as unknown,
  });
});

test('a banner of another distribution than the saved facts is refused', async () => {
  const { facts } = await open(LINE);
  const other = { ...facts, os: { ...facts.os, id: 'rocky', versionId: '9.4' } };
  writeFileSync(join(scratch, 'facts.json'), JSON.stringify(other));
  const failure = await failureOf(open(LINE, { facts: 'facts.json' }));
  expect(failure).toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/almalinux, and --distro says rocky/) as unknown,
  });
});
