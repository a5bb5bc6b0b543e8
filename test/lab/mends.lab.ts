/** SystemTaps that are mended for kernels they do not know: the whole ladder and every incident script against its event. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RehearseReport } from '../../src/pipeline/rehearse.ts';
import { loadCatalogue } from '../../src/scripts/catalogue.ts';
import { parseReport, runInLab } from '../helpers/lab-cli.ts';
import { findLabKernel } from '../helpers/lab-session.ts';

interface Row {
  readonly distro: string;
  /** null for the current one. */
  readonly release: string | null;
  /** As --systemtap takes it. */
  readonly systemtap: string;
  readonly by: readonly string[];
  /** Files of the runtime that differ from the package's. */
  readonly changed: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    distro: 'debian:12',
    release: null,
    systemtap: 'distro',
    by: ['task-work-cancel-func'],
    changed: ['stp_task_work.c'],
  },
  {
    distro: 'debian:11',
    release: '5.10.0-32-cloud-amd64',
    systemtap: 'distro',
    by: ['module-mutex-lock'],
    changed: ['linux/kprobes.c'],
  },
  { distro: 'debian:11', release: '5.10.0-32-cloud-amd64', systemtap: '5.6', by: ['proc-ns-type'], changed: [] },
  {
    distro: 'debian:13',
    release: null,
    systemtap: 'distro',
    by: ['uprobe-unregister-6.12'],
    changed: ['linux/uprobes-inode.c'],
  },
  // Of its backports.
  { distro: 'debian:13', release: '7.3.4+deb13-cloud-amd64', systemtap: '5.6', by: ['task-euid'], changed: [] },
];

const scripts = (await loadCatalogue(join(import.meta.dirname, '../..'))).map(({ name }) => name);

test.each(ROWS)('$distro $release with SystemTap $systemtap', async ({ distro, release, systemtap, by, changed }) => {
  const kernel = release ?? (await findLabKernel(distro));
  const target = ['--distro', distro, '--kernel', kernel, '--allow-expired-release'];
  const result = await runInLab(['rehearse', ...target, '--systemtap', systemtap, '--level', 'scripts']);
  const { verify, systemtap: tried } = parseReport(result) as RehearseReport;
  const taken = tried.find(({ ready }) => ready);
  expect(taken?.mended?.mends).toEqual(by);
  expect(taken?.mended?.files.map(({ file }) => file)).toEqual(changed);
  expect(verify).toMatchObject({ ready: true, ranIn: 'vm' });
  const passed = verify.steps.filter(({ status }) => status === 'pass');
  expect(passed.map(({ step }) => step)).toEqual(
    expect.arrayContaining(['hello', 'kernel.function', ...scripts.map((name) => `script ${name}`)]),
  );
  expect(result.code).toBe(0);
});
