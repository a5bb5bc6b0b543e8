/** The whole job by ssh on a machine that is booted, has no Node and no network but ssh: its own running kernel is proven. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VerifyReport } from '../../src/types.ts';
import { type BootedMachine, bootMachine } from '../helpers/booted-machine.ts';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { LAB, prepareLabRoot, prepareServerRoot } from '../helpers/lab-root.ts';

const RELEASE = '5.10.0-32-cloud-amd64';
const kernel = prepareLabRoot('bullseye', RELEASE);
const directory = mkdtempSync(join(LAB, 'booted-'));
const cli = new Cli();
let machine: BootedMachine;

beforeAll(async () => {
  const { kernelImage, modules } = kernel;
  machine = await bootMachine({ root: prepareServerRoot('bullseye'), kernelImage, modules, directory });
});

afterAll(() => {
  machine.close();
  cli.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Report {
  readonly install: { readonly installed: readonly { readonly name: string }[] };
  readonly verify: VerifyReport;
}

function tapprep(command: string, ...more: readonly string[]): Promise<CliResult> {
  const target = ['--host', machine.host, '--ssh-config', machine.configFile, '--json'];
  const asks = command === 'install' || command === 'remove' ? ['--yes'] : [];
  // The helper closes the network; this lab fetches what it uploads.
  const network = { http_proxy: '', https_proxy: '', TAPPREP_CACHE_DIR: join(LAB, 'cache') };
  return cli.run([command, ...target, ...asks, ...more], network);
}

const packages = (): string => machine.run("dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\\n'");

test('install, proven in the kernel that runs there, twice; then removed', async () => {
  const before = packages();
  expect(machine.run('uname -r; command -v node stap || echo neither')).toBe(`${RELEASE}\nneither\n`);

  const first = await tapprep('install', '--no-debuginfo');
  expect(`${first.code} ${first.stderr}`).toMatch(/^0 /);
  const report = JSON.parse(first.stdout) as Report;
  expect(report.verify).toMatchObject({ ready: true, ranIn: 'local', target: { release: RELEASE } });
  expect(report.verify.steps.find(({ step }) => step === 'hello')).toMatchObject({ status: 'pass' });
  expect(report.verify.steps.find(({ step }) => step === 'hello')?.output).toContain('Hello, World');
  expect(report.install.installed.map(({ name }) => name)).toEqual(
    expect.arrayContaining([`linux-headers-${RELEASE}`, 'systemtap', 'systemtap-runtime']),
  );
  // The machine's own kernel loaded a module that it did not come with, and it is gone.
  expect(machine.run('dmesg | grep -c tapprep_hello; grep -c tapprep /proc/modules || true')).toMatch(
    /^[1-9]\d*\n0\n$/,
  );

  const second = await tapprep('install', '--no-debuginfo');
  expect(`${second.code} ${second.stderr}`).toMatch(/^0 /);
  expect((JSON.parse(second.stdout) as Report).install.installed).toEqual([]);

  const removed = await tapprep('remove');
  expect(`${removed.code} ${removed.stderr}`).toMatch(/^0 /);
  expect(packages()).toBe(before);
  expect(machine.run('ls /var/tmp /opt; ls -d /var/cache/tapprep 2>/dev/null || echo none')).toContain('none');
}, 2_400_000);
