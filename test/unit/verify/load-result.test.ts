import { expect, test } from 'vitest';
import type { Blame } from '../../../src/types.ts';
import { loadResultOf } from '../../../src/verify/load-result.ts';
import { blame } from '../../../src/verify/step.ts';
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

test.each<readonly [change: Partial<VmJobResult>, reason: string | null, dueTo: Blame | null]>([
  [{}, null, null],
  [{ removed: false }, 'the module was still in the kernel when staprun had ended', 'script'],
  [{ seen: [], missed: ['Hello, World'] }, 'the module ran, but "Hello, World" was not printed', 'script'],
  [
    { exitStatus: 1, stderr: "WARNING: x\nERROR: Can't resolve uprobe_unregister!\n" },
    "staprun exited with status 1: ERROR: Can't resolve uprobe_unregister!",
    'script',
  ],
  [
    { exitStatus: 1, stderr: "ERROR: Couldn't insert module 'x.ko': Key was rejected by service\n" },
    "staprun exited with status 1: ERROR: Couldn't insert module 'x.ko': Key was rejected by service",
    'target',
  ],
  [
    {
      stderr:
        'WARNING: probe kernel.function("vfs_read@fs/read_write.c:450").return (address 0xffff800008abcd98) registration error [man warning::pass5] (rc -22)\n',
    },
    'the kernel did not take the probe kernel.function("vfs_read@fs/read_write.c:450").return (rc -22); kprobe.function("vfs_read").return may do instead',
    'script',
  ],
  [
    { stderr: 'WARNING: probe kprobe.function("x") (address 0x1) registration error (rc -2)\n' },
    'the kernel did not take the probe kprobe.function("x") (rc -2)',
    'script',
  ],
  [{ exitStatus: 1 }, 'staprun exited with status 1: it gave no reason', 'script'],
  [{ outcome: 'timed-out', missed: ['Hello, World'] }, '"Hello, World" was not printed within 30 s', 'script'],
  [{ outcome: 'timed-out' }, 'the script did not end within 30 s', 'this-machine'],
  [{ outcome: 'flooded' }, 'the script printed more than 16 MiB and was stopped', 'script'],
  [{ outcome: 'lost' }, 'the virtual machine went down while this module was loaded', 'systemtap'],
  [{ outcome: 'silent' }, 'the virtual machine answered no more while this module was loaded', null],
  [{ outcome: 'not-run' }, 'the virtual machine went down before this module was loaded', 'this-machine'],
])('%j', (change, reason, dueTo) => {
  const { fault } = loadResultOf(JOB, { ...GOOD, ...change }, '', 'script');
  expect(fault).toEqual(reason === null ? null : blame(dueTo, reason));
});

const RETURN =
  'WARNING: probe kernel.function("vfs_read@fs/read_write.c:450").return (address 0x1) registration error [man warning::pass5] (rc -22)\n';

test.each(['script', 'systemtap'] as const)(
  'a probe that was not taken is why nothing was printed in time (%s)',
  (own) => {
    const change = { outcome: 'timed-out', missed: ['rung'], stderr: RETURN } as const;
    const { fault } = loadResultOf(JOB, { ...GOOD, ...change }, '', own);
    const reason =
      'the kernel did not take the probe kernel.function("vfs_read@fs/read_write.c:450").return (rc -22); kprobe.function("vfs_read").return may do instead';
    // Of a rung it is the kernel's: another SystemTap would put it there as well.
    expect(fault).toEqual(blame(own === 'script' ? 'script' : 'target', reason));
  },
);

test('what the kernel said comes along, and its console when it went down', () => {
  const kernelLog = '[ 1.2] hello: version magic';
  expect(loadResultOf(JOB, { ...GOOD, exitStatus: 1, kernelLog }, 'console', 'script').output).toBe(
    `Hello, World\n\n${kernelLog}`,
  );
  expect(loadResultOf(JOB, { ...GOOD, outcome: 'lost' }, 'Kernel panic', 'script').output).toContain('Kernel panic');
});
