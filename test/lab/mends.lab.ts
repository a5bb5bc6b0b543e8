/** SystemTaps that are mended for kernels they do not know: the whole ladder and every incident script against its event. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RehearseReport } from '../../src/pipeline/rehearse.ts';
import type { StepStatus } from '../../src/types.ts';
import { loadCatalogue } from '../../src/scripts/catalogue.ts';
import { parseReport, runInLab } from '../helpers/lab-cli.ts';
import { findLabKernel } from '../helpers/lab-session.ts';
import { MEND_ROWS } from '../helpers/mend-rows.ts';

const scripts = (await loadCatalogue(join(import.meta.dirname, '../..'))).map(({ name }) => name);

test.each(MEND_ROWS)(
  '$distro $release with SystemTap $systemtap',
  async ({ distro, release, systemtap, by, changed }) => {
    const kernel = release ?? (await findLabKernel(distro));
    const target = ['--distro', distro, '--kernel', kernel, '--allow-expired-release'];
    const result = await runInLab(['rehearse', ...target, '--systemtap', systemtap, '--level', 'scripts']);
    const { verify, systemtap: tried } = parseReport(result) as RehearseReport;
    const taken = tried.find(({ mended }) => mended !== undefined);
    expect(taken?.mended?.mends).toEqual(by);
    expect(taken?.mended?.files.map(({ file }) => file)).toEqual(changed);
    expect(verify).toMatchObject({ ready: true, ranIn: 'vm' });
    const named = (status: StepStatus): readonly string[] =>
      verify.steps.flatMap((step) => (step.status === status ? [step.step] : []));
    const whole = scripts.map((name) => `script ${name}`);
    expect(named('pass')).toEqual(expect.arrayContaining(['hello', 'kernel.function', ...whole]));
    expect(named('fail')).toEqual([]);
    expect(result.code).toBe(0);
  },
);
