import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { provideSystemtap, type TriedSystemtap } from '../../../src/pipeline/provide-systemtap.ts';
import { type KernelBuild, kernelBuildOf } from '../../../src/systemtap/kernel-build.ts';
import { importVerdicts, recallVerdicts, type Verdict } from '../../../src/systemtap/verdicts.ts';
import type { VerifyReport } from '../../../src/types.ts';
import { ownBlame } from '../../../src/verify/items.ts';
import { loadResultOf } from '../../../src/verify/load-result.ts';
import { blame, type Fault } from '../../../src/verify/step.ts';
import type { VmJob, VmJobResult } from '../../../src/vm/job.ts';
import { sampleVerdict } from '../../helpers/sample-verdict.ts';
import { openTestSession } from '../../helpers/test-session.ts';
import { prepareTarget, R, removeTargets } from '../../helpers/verify-lab.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tapprep-provide-'));
afterAll(() => {
  removeTargets();
  rmSync(scratch, { recursive: true });
});

const STAP =
  'Systemtap translator/driver (version 5.6/0.192, Debian version 5.6-1)\ntested kernel versions: 3.10 ... 7.3.0-rc3\n';

/** What is tried when the first SystemTap fails on hello world for this reason; there is no network. */
async function tryAfter(
  fault: Fault,
  before: (cacheDir: string, build: KernelBuild) => Promise<unknown> = () => Promise.resolve(),
  choice: 'auto' | 'distro' = 'auto',
  /** What failed; hello world passed before a script. */
  id: 'hello' | 'script' = 'hello',
): Promise<{
  readonly tried: readonly TriedSystemtap[];
  readonly verdicts: readonly Verdict[];
  readonly verify: VerifyReport;
}> {
  const session = await openTestSession(mkdtempSync(join(scratch, 'cache-')), { now: () => Date.UTC(2026, 10, 27) });
  const facts = declareFacts({ distro: 'debian:12', release: R, arch: 'x86_64', unameV: null });
  const target = identifyTarget(facts);
  const host = prepareTarget(() => ({ stderr: STAP }));
  await before(session.cacheDir, kernelBuildOf(target, null));
  const failed: VerifyReport = {
    target,
    ranIn: 'vm',
    steps: [
      ...(id === 'hello' ? [] : [{ ...STEP, id: 'hello', status: 'pass', blame: null, reason: null } as const]),
      { ...STEP, step: id, id, status: 'fail', ...fault },
    ],
    ready: false,
    diagnoses: [
      {
        code: 'STAP_TOO_OLD',
        confidence: 'certain',
        evidence: [],
        cause: 'x',
        remedies: [{ kind: 'prepare-kernel', by: 'tapprep', release: null, systemtap: 'auto' }],
        fix: ['tapprep install --systemtap auto'],
        otherwise: null,
      },
    ],
  };
  const { tried, verify } = await provideSystemtap(session, { host, facts, target }, host, {
    choice,
    level: 'hello',
    allowExpiredRelease: false,
    mends: true,
    verify: () => Promise.resolve(failed),
  });
  return { tried, verify, verdicts: await recallVerdicts(session.cacheDir, kernelBuildOf(target, null)) };
}

const STEP = { step: 'hello', script: null, required: true, output: '', seconds: 1 } as const;

const none = (): Promise<void> => Promise.resolve();

test('a script of the catalogue that does not print its event is tried by the next SystemTap, a script of the user is not', async () => {
  const reason = '" -> 127.0.0.1:7003" was not printed within 120 s';
  const trigger = { scriptName: 'tcp-attempts-in', guestTrigger: 'nc -w 1 127.0.0.1 7003' };
  const known = await tryAfter(blame(ownBlame(trigger), reason), none, 'auto', 'script');
  expect(known.tried.length).toBeGreaterThan(1);
  expect(known.tried[0]).toMatchObject({ name: '5.6 of the distribution', ready: false });
  // Hello world was seen, and a machine that was late would look the same.
  expect(known.verdicts.map(({ candidate, rungs }) => [candidate, rungs.hello])).toEqual([
    ['5.6 of the distribution', 'pass'],
  ]);
  const own = await tryAfter(blame(ownBlame({ ...trigger, guestTrigger: null }), reason), none, 'auto', 'script');
  expect(own.tried.map(({ name, ready }) => [name, ready])).toEqual([['5.6 of the distribution', true]]);
});

test('after a SystemTap that does not compile or load the next one is tried', async () => {
  const fault = blame('systemtap', "staprun exited with status 1: ERROR: Can't resolve uprobe_unregister!");
  expect((await tryAfter(fault)).tried.length).toBeGreaterThan(1);
});

test('a SystemTap that took the kernel down in the virtual machine is remembered as failed, and the next one is tried', async () => {
  const job: VmJob = {
    name: 'hello',
    modulePath: '/hello.ko',
    args: [],
    triggers: [],
    expect: [],
    timeoutMs: 1000,
  } as unknown as VmJob;
  const down = { outcome: 'lost', stdout: '', stderr: '', triggerOutput: '', kernelLog: '', seconds: 1 };
  const { fault } = loadResultOf(job, down as unknown as VmJobResult, 'Kernel panic', 'script');
  const { tried, verdicts } = await tryAfter(fault ?? blame(null, 'it went well'));
  expect(tried.length).toBeGreaterThan(1);
  expect(verdicts.find(({ candidate }) => candidate === '5.6 of the distribution')).toMatchObject({
    rungs: { hello: 'fail' },
    reason: expect.stringContaining('went down while this module was loaded') as string,
  });
});

test.each([
  'stap -p4 did not end in time',
  'the virtual machine with /boot/vmlinuz was still silent after 300 s, its last words were "x"',
])('a machine that is too slow is no reason to try another: %s', async (reason) => {
  const { tried, verdicts } = await tryAfter(blame('this-machine', reason));
  expect([tried.map(({ name }) => name), verdicts]).toEqual([['5.6 of the distribution'], []]);
});

test('what others saw work is proven all the same, and what is seen here counts from then on', async () => {
  const own = { kind: 'distro', version: '5.6', packageVersion: null, distro: 'debian' } as const;
  const origin = { kind: 'imported', signer: null, at: '2026-11-30T00:00:00.000Z' } as const;
  const { tried, verdicts } = await tryAfter(blame('systemtap', 'stap -p4 exited with status 1'), (cacheDir, build) =>
    importVerdicts(cacheDir, [sampleVerdict(own, 'pass', 'pass', build)], origin),
  );
  expect(tried[0]).toMatchObject({ name: '5.6 of the distribution', ready: false });
  expect(verdicts.map((each) => [each.origin.kind, each.rungs.hello])).toEqual([
    ['here', 'fail'],
    ['imported', 'pass'],
  ]);
});

test('after every way has failed the advice is not to try them again; after one of them it is', async () => {
  const fault = blame('systemtap', 'stap -p4 exited with status 1');
  const every = await tryAfter(fault);
  expect(every.tried.length).toBeGreaterThan(1);
  expect(every.verify.diagnoses.map(({ fix }) => fix.join('\n'))).toEqual([expect.stringContaining('mends list')]);
  const one = await tryAfter(fault, async () => undefined, 'distro');
  expect(one.verify.diagnoses.map(({ fix }) => fix)).toEqual([['tapprep install --systemtap auto']]);
});
