/** Each Debian's own SystemTap on its own current kernel: what works, and what fails in which words. */
import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { createLocalHost } from '../../src/host/local.ts';
import { createRootHost } from '../../src/host/root.ts';
import type { DebTarget, VerifyReport } from '../../src/types.ts';
import { verifyTarget } from '../../src/verify/verify-target.ts';
import { findVmTools } from '../../src/vm/host-tools.ts';
import { prepareLabRoot } from '../helpers/lab-root.ts';

const temporaryDirectory = mkdtempSync('/tmp/tapprep-lab-');
afterAll(() => rmSync(temporaryDirectory, { recursive: true }));

async function verify(suite: string, version: string, release: string | null): Promise<VerifyReport> {
  const lab = prepareLabRoot(suite, release);
  const target: DebTarget = {
    family: 'deb',
    kernelFamily: 'debian',
    distro: 'debian',
    version,
    codename: suite,
    arch: 'x86_64',
    release: lab.release,
    unameV: null,
    buildId: null,
    packageArch: 'amd64',
    flavour: 'cloud-amd64',
    packageVersion: null,
  };
  return await verifyTarget({
    target,
    host: createRootHost(lab.root),
    where: 'vm',
    vm: { tools: await findVmTools(createLocalHost()), kernelImage: lab.kernelImage, temporaryDirectory },
    level: 'hello',
    workDirectory: '/var/tmp/tapprep',
    sleep: (milliseconds) => sleep(milliseconds),
    signal: new AbortController().signal,
    emit: () => undefined,
  });
}

test('Debian 11: Hello, World in 5.10.0-32-cloud-amd64', async () => {
  const report = await verify('bullseye', '11', '5.10.0-32-cloud-amd64');
  expect(report).toMatchObject({ ready: true, ranIn: 'vm' });
  expect(report.steps.at(-1)).toMatchObject({ step: 'hello', status: 'pass', output: 'Hello, World' });
});

test('Debian 12: the module does not compile', async () => {
  const report = await verify('bookworm', '12', null);
  expect(report).toMatchObject({ ready: false, ranIn: null });
  expect(report.steps.at(-1)).toMatchObject({ step: 'hello', status: 'fail' });
  expect(report.steps.at(-1)?.reason).toMatch(/^stap -p4 exited with status 1: .*stp_task_work\.c:\d+:\d+: error: /);
  expect(report.steps.at(-1)?.output).toContain('task_work_cancel');
});

test('Debian 13: the module compiles, and is refused when it starts', async () => {
  const report = await verify('trixie', '13', null);
  expect(report).toMatchObject({ ready: false, ranIn: 'vm' });
  expect(report.steps.at(-1)).toMatchObject({
    step: 'hello',
    status: 'fail',
    reason: "staprun exited with status 1: ERROR: Can't resolve uprobe_unregister!",
  });
});
