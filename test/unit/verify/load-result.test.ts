import { expect, test } from 'vitest';
import { loadResultOf } from '../../../src/verify/load-result.ts';
import type { VmJob, VmJobResult } from '../../../src/vm/job.ts';

const JOB: VmJob = { name: 'hello', modulePath: '/x/hello.ko', timeoutMs: 30_000, expect: ['Hello, World'] };
const GOOD: VmJobResult = {
  name: 'hello',
  outcome: 'ended',
  exitStatus: 0,
  stdout: 'Hello, World\n',
  stderr: '',
  triggerOutput: '',
  truncated: false,
  seen: ['Hello, World'],
  missed: [],
  removed: true,
  kernelLog: '',
  seconds: 0.67,
};

test.each<readonly [Partial<VmJobResult>, string | null]>([
  [{}, null],
  [{ removed: false }, 'the module was still in the kernel when staprun had ended'],
  [{ seen: [], missed: ['Hello, World'] }, 'the module ran, but "Hello, World" was not printed'],
  [
    { exitStatus: 1, stderr: "WARNING: x\nERROR: Can't resolve uprobe_unregister!\n" },
    "staprun exited with status 1: ERROR: Can't resolve uprobe_unregister!",
  ],
  [{ exitStatus: 1 }, 'staprun exited with status 1: it gave no reason'],
  [{ outcome: 'timed-out', missed: ['Hello, World'] }, '"Hello, World" was not printed within 30 s'],
  [{ outcome: 'timed-out' }, 'the script did not end within 30 s'],
  [{ outcome: 'flooded' }, 'the script printed more than 16 MiB and was stopped'],
  [{ outcome: 'lost' }, 'the virtual machine went down while this module was loaded'],
  [{ outcome: 'not-run' }, 'the virtual machine went down before this module was loaded'],
])('%j', (change, reason) => {
  expect(loadResultOf(JOB, { ...GOOD, ...change }, '').reason).toBe(reason);
});

test('what the kernel said comes along, and its console when it went down', () => {
  const kernelLog = '[ 1.2] hello: version magic';
  expect(loadResultOf(JOB, { ...GOOD, exitStatus: 1, kernelLog }, 'console').output).toBe(
    `Hello, World\n\n${kernelLog}`,
  );
  expect(loadResultOf(JOB, { ...GOOD, outcome: 'lost' }, 'Kernel panic').output).toContain('Kernel panic');
});
