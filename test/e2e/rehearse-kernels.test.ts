import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';

const cli = new Cli();
const work = mkdtempSync(join(tmpdir(), 'e2e-kernels-'));
afterAll(() => {
  cli.close();
  rmSync(work, { recursive: true });
});

const list = join(work, 'kernels');
const rehearse = (...more: readonly string[]): ReturnType<Cli['run']> =>
  cli.run(['rehearse', '--distro', 'debian:12', '--offline', '--yes', '--kernels', ...more]);

test('each kernel of a file has its row: one that cannot be had does not keep the next from its turn', async () => {
  writeFileSync(list, '# before the update\n6.1.0-18-cloud-amd64\n\n6.1.0-17-cloud-amd64\n6.1.0-18-cloud-amd64\n');
  const { code, stdout, stderr } = await rehearse(list, '--json');
  expect(code).toBe(1);
  const report = JSON.parse(stdout) as { readonly kernels: readonly object[] };
  expect(report).toMatchObject({ schema: 'tapprep-rehearsals/1', distro: 'debian:12' });
  const row = { ready: false, systemtap: null, hello: 'skip', 'kernel.function': 'skip', code: 'OFFLINE' };
  expect(report.kernels).toMatchObject([
    { release: '6.1.0-18-cloud-amd64', ...row },
    { release: '6.1.0-17-cloud-amd64', ...row },
  ]);
  expect(stderr).toContain('2 of 2: 6.1.0-17-cloud-amd64 is not proven');
});

test('for people it is a table', async () => {
  writeFileSync(list, '6.1.0-18-cloud-amd64\n');
  const { stdout } = await rehearse(list);
  expect(stdout).toMatch(/^kernel +SystemTap +hello +kernel\.function +time +why not\n/);
  expect(stdout).toMatch(/\n6\.1\.0-18-cloud-amd64 +NOT PROVEN +- +skip +skip .* OFFLINE: /);
  expect(stdout).toMatch(/\n0 of 1 kernel is proven\n$/);
});

test.each([
  ['a file that is not there', [join(work, 'none')], `the list of kernels ${join(work, 'none')} cannot be read`],
  ['an empty file', ['/dev/null'], '/dev/null names 0 kernels, but 1 to 200 are rehearsed'],
  ['one kernel beside', [list, '--kernel', '6.1.0-18-cloud-amd64'], '--kernels takes --distro beside it'],
])('%s is refused with one sentence', async (_what, args, sentence) => {
  const { code, stderr } = await rehearse(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(`tapprep: USAGE: ${sentence}`);
});
