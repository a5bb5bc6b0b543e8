/** A SystemTap under which a guest goes down is remembered as one that failed on that kernel: it is not planned first again. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RehearseReport } from '../../src/pipeline/rehearse.ts';
import { parseReport, runInLab } from '../helpers/lab-cli.ts';
import { LAB } from '../helpers/lab-root.ts';
import { findLabKernel } from '../helpers/lab-session.ts';

mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'panic-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface Ranked {
  readonly name: string;
  /** What was seen of it on this build; null where nothing was. */
  readonly verdict: { readonly rungs: { readonly 'kernel.function': string } } | null;
}

test('a script that brings the guest down stands against the SystemTap that ran it', async () => {
  const release = await findLabKernel('debian:12');
  // A cache of its own: what is remembered here is not to reach the rehearsals of others.
  const target = ['--distro', 'debian:12', '--kernel', release, '--cache-dir', join(work, 'cache')];
  const plan = async (): Promise<readonly Ranked[]> =>
    (parseReport(await runInLab(['plan', ...target])) as { readonly systemtap: readonly Ranked[] }).systemtap;
  const [before] = await plan();
  const script = join(work, 'panic.stp');
  writeFileSync(script, 'probe begin { system("echo c >/proc/sysrq-trigger") }\nprobe timer.s(20) { exit() }\n');
  const ran = await runInLab([
    'rehearse',
    script,
    ...target,
    '--systemtap',
    'distro',
    '--no-debuginfo',
    '--level',
    'scripts',
  ]);
  const { verify, systemtap } = parseReport(ran) as RehearseReport;
  // What is not mended is tried after it, and does not compile for this kernel.
  expect([systemtap[0]?.name, systemtap.some(({ ready }) => ready)]).toEqual([before?.name, false]);
  expect(verify.steps.find(({ step }) => step === 'hello')).toMatchObject({ status: 'pass' });
  expect(verify.steps.find(({ id }) => id === 'script')).toMatchObject({ status: 'fail', blame: 'systemtap' });

  const after = await plan();
  expect(after[0]?.name).not.toBe(before?.name);
  const judged = after.find(({ name }) => name === before?.name);
  expect(judged?.verdict?.rungs['kernel.function']).toBe('fail');
}, 2_400_000);
