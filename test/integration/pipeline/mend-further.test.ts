/** From a failure to a mend: what SystemTap asked in vain is looked up, rows of other releases are tried, and advice ends there. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { TapprepError } from '../../../src/errors.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { withoutRetry } from '../../../src/pipeline/without-retry.ts';
import {
  provideSystemtap,
  type ProvidedSystemtap,
  type SystemtapChoice,
} from '../../../src/pipeline/provide-systemtap.ts';
import { describeLookedUp } from '../../../src/systemtap/mends/look-up.ts';
import type { Event, VerifyReport } from '../../../src/types.ts';
import { blame } from '../../../src/verify/step.ts';
import { openTestSession } from '../../helpers/test-session.ts';

const R = '6.1.0-57-cloud-amd64';
const TASK_WORK = 'typeof(&task_work_cancel) a;\nkallsyms_lookup_name("task_work_cancel");\n';
const SAID = "linux/a.c:7:9: error: implicit declaration of function 'task_euid'; did you mean 'task_uid'?";

const saidBy = (version: string): string =>
  `Systemtap translator/driver (version ${version})\ntested kernel versions: 2.6.32 ... 5.7.0`;

let root: string;
const events: Event[] = [];
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tapprep-further-'));
  mkdirSync(join(root, 'bin'));
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  write('var/lib/dpkg/status', '');
  write('usr/bin/stap', `#!/bin/sh\necho '${saidBy('4.3/0.180')}' >&2\n`, 0o755);
  write('usr/bin/staprun', '#!/bin/sh\n', 0o755);
  write('usr/share/systemtap/runtime/runtime.h', '');
  // Older than the releases that the row was written for, with the same text.
  write('usr/share/systemtap/runtime/stp_task_work.c', TASK_WORK);
  const tree = `lib/modules/${R}/build`;
  write(`${tree}/Makefile`, 'all:\n');
  write(`${tree}/Module.symvers`, '0x12345678\ttask_work_add\tvmlinux\tEXPORT_SYMBOL\t\n');
  write(`${tree}/include/linux/task_work.h`, 'struct callback_head *task_work_cancel_func(void);\n');
  write(`${tree}/include/linux/cred.h`, '#define task_cred_xxx(t, x) x\n#define current_euid() x\n');
});
afterAll(() => rmSync(root, { recursive: true }));

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), mode);
}

const facts = declareFacts({ distro: 'debian:12', release: R, arch: 'x86_64', unameV: null });
const target = identifyTarget(facts);

function report(output: string | null): VerifyReport {
  const fault = output === null ? { blame: null, reason: null } : blame('systemtap', 'stap -p4 exited with status 1');
  const status = output === null ? 'pass' : 'fail';
  const step = { step: 'hello', id: 'hello', script: null, required: true, output: output ?? '', seconds: 1 } as const;
  return { target, ranIn: 'vm', steps: [{ ...step, status, ...fault }], ready: output === null, diagnoses: [] };
}

async function provide(
  works: (stap: string) => boolean,
  mends: boolean | readonly string[],
  choice: SystemtapChoice = 'distro',
  beforePlacing?: (name: string) => Promise<void>,
): Promise<ProvidedSystemtap> {
  const cacheDir = mkdtempSync(join(tmpdir(), 'tapprep-further-cache-'));
  const session = await openTestSession(cacheDir, {
    emit: (event) => void events.push(event),
    now: () => Date.UTC(2026, 10, 29),
  });
  try {
    const host = createRootHost(root);
    return await provideSystemtap(session, { host, facts, target }, host, {
      choice,
      level: 'hello',
      allowExpiredRelease: false,
      mends,
      ...(beforePlacing === undefined ? {} : { beforePlacing }),
      verify: ({ stapArgv }) => Promise.resolve(report(works(stapArgv[0] ?? '') ? null : SAID)),
    });
  } finally {
    rmSync(cacheDir, { recursive: true });
  }
}

test('a mend that was written for another release is tried last, where its own tests hold, and the report says of what', async () => {
  const { tried, verify } = await provide((stap) => stap.includes('-mended-'), true);
  expect(verify.ready).toBe(true);
  expect(tried.map(({ name, ready }) => [name.split(' mended by ')[0], ready])).toEqual([
    ['4.3 of the distribution', false],
    ['4.3 of the distribution', true],
  ]);
  expect(tried[1]?.mended?.mends).toEqual(['task-work-cancel-func']);
  expect(tried[1]?.mended?.files.map(({ file }) => file)).toEqual(['stp_task_work.c']);
});

test('what it asked of the kernel in vain is named, with what the kernel has instead', async () => {
  const { tried } = await provide(() => false, true);
  const words = tried[0]?.missing?.map(describeLookedUp);
  expect(words).toEqual(['task_euid is not in this kernel; current_euid and task_cred_xxx are']);
  expect(events.some((event) => event.type === 'note' && event.text === words?.[0])).toBe(true);
});

test('where no mend is allowed nothing is put on the target', async () => {
  const { tried } = await provide(() => false, false);
  expect(tried.map(({ name }) => name)).toEqual(['4.3 of the distribution']);
});

test('before anything is put on the target somebody is asked, once it would be changed and not for what is there', async () => {
  rmSync(join(root, 'opt'), { recursive: true, force: true });
  rmSync(join(root, 'var/lib/tapprep'), { recursive: true, force: true });
  const asked: string[] = [];
  const mended = expect.stringMatching(/^4\.3 of the distribution mended by .*task-work-cancel-func/) as string;
  const refuse = (name: string): Promise<void> => {
    asked.push(name);
    return Promise.reject(new TapprepError('NOT_APPROVED', 'no'));
  };
  await expect(provide(() => false, true, 'distro', refuse)).rejects.toMatchObject({ code: 'NOT_APPROVED' });
  expect(asked).toEqual([mended]);
  expect(['opt', 'var/lib/tapprep'].filter((path) => existsSync(join(root, path)))).toEqual([]);
  const { verify } = await provide(
    (stap) => stap.includes('-mended-'),
    true,
    'distro',
    async (name) => void asked.push(name),
  );
  expect([verify.ready, [...new Set(asked)]]).toEqual([true, [mended]]);
  expect(asked.length).toBeGreaterThan(1);
  const again = await provide((stap) => stap.includes('-mended-'), true, 'distro', refuse);
  expect(again.verify.ready).toBe(true);
});

test('a mend that was named is tried alone, and refused where the runtime does not call for it', async () => {
  const { tried } = await provide(() => true, ['task-work-cancel-func']);
  expect(tried.map(({ name }) => name)).toEqual(['4.3 of the distribution mended by task-work-cancel-func']);
  await expect(provide(() => true, ['proc-ns-type'])).rejects.toMatchObject({ code: 'MEND_REFUSED' });
});

test('where the runtime calls for no mend, as its distribution mended it, it is tried as it is before any other', async () => {
  write('usr/bin/stap', `#!/bin/sh\necho '${saidBy('4.8/0.188')}' >&2\n`, 0o755);
  write('usr/share/systemtap/runtime/stp_task_work.c', TASK_WORK.replaceAll('_cancel', '_cancel_func'));
  const { tried } = await provide(() => true, true, 'auto');
  expect(tried.map(({ name, ready }) => [name, ready])).toEqual([
    ['4.8 of the distribution mended by task-work-cancel-func', false],
    ['4.8 of the distribution', true],
  ]);
});

test('after all ways have failed the advice is not to try them again', () => {
  const again = { kind: 'prepare-kernel', by: 'tapprep', release: null, systemtap: 'auto' } as const;
  const caches = { kind: 'empty-caches', by: 'tapprep', paths: [] } as const;
  const one = {
    code: 'STAP_TOO_OLD',
    confidence: 'certain',
    evidence: [],
    cause: 'x',
    remedies: [caches, again],
    fix: ['tapprep install --systemtap auto'],
    otherwise: null,
  } as const;
  const { diagnoses } = withoutRetry({ ...report(SAID), diagnoses: [one] }, facts);
  expect(diagnoses[0]?.remedies).not.toContainEqual(again);
  expect(diagnoses[0]?.fix.join('\n')).toContain('tapprep mends list');
  expect(diagnoses[0]?.fix.join('\n')).not.toContain('install');
});
