import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadCatalogue } from '../../../../src/scripts/catalogue.ts';
import { liftsOf, MENDS } from '../../../../src/systemtap/mends/table.ts';
import { compileModule } from '../../../../src/verify/compile-module.ts';
import { createRecordedHost } from '../../../helpers/recorded-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-lifts-'));
afterAll(() => rmSync(directory, { recursive: true }));

const catalogue = await loadCatalogue(join(import.meta.dirname, '../../../..'));
const scriptOf = (name: string): string => catalogue.find((entry) => entry.name === name)?.script ?? '';

test('every condition that a mend lifts stands in a script of the catalogue', () => {
  const conditions = MENDS.flatMap(({ lifts }) => lifts);
  expect(conditions).not.toEqual([]);
  for (const condition of conditions)
    expect(catalogue.some(({ script }) => script.includes(`%( ${condition} %?`))).toBe(true);
});

test.each(['dns-requests', 'icmp', 'tcp-accept', 'tcp-connect'])(
  'SystemTap 4.4 that was mended for a kernel without module_mutex gets the function probes of %s, and no other does',
  async (name) => {
    const host = createRecordedHost(directory, { stap: () => ({}) });
    const request = {
      kernel: '5.10.0-32-cloud-amd64',
      script: scriptOf(name),
      name: 'tapprep_x',
      outDir: '/var/tmp/work',
    };
    const given = async (lifts: readonly string[]): Promise<string> => {
      await compileModule(host, { ...request, lifts });
      return readFileSync(join(directory, 'var/tmp/work/script.stp'), 'utf8');
    };
    expect(await given(liftsOf(['task-euid', 'unknown']))).toBe(scriptOf(name));
    const mended = await given(liftsOf(['module-mutex-lock']));
    expect(mended).not.toContain('4.5');
    expect(mended).toContain('%( systemtap_v >= "0.1" %?\nprobe kernel.function(');
  },
);
