import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createLocalHost } from '../../../src/host/local.ts';
import { findVmTools } from '../../../src/vm/host-tools.ts';
import { buildTinyKernel } from '../../helpers/tiny-kernel.ts';
import { prepareTarget, R, removeTargets, stap, verify } from '../../helpers/verify-lab.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-verify-vm-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
  removeTargets();
});

test('a kernel that does not boot fails the step, with the last of its console, and proves nothing', async () => {
  const kernelImage = buildTinyKernel(directory, 'crash', { console: 'Kernel panic: no root\r\n', ending: 'crash' });
  const report = await verify(prepareTarget(stap(R)), {
    where: 'vm',
    vm: {
      tools: await findVmTools(createLocalHost(), { arch: 'x86_64' }),
      kernelImage,
      staprun: { files: [], starters: [], argv: ['/bin/true'], env: {} },
      memoryMb: 64,
      temporaryDirectory: directory,
    },
  });
  expect(report.ready).toBe(false);
  expect(report.steps.at(-1)).toMatchObject({
    step: 'hello',
    status: 'fail',
    reason: `the virtual machine with ${kernelImage} ended before its init ran, its last words were "Kernel panic: no root"`,
    output: expect.stringContaining('Kernel panic: no root') as string,
  });
});
