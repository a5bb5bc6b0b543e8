import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { DebTarget, VerifyReport } from '../../../src/types.ts';
import type { VerifyOptions } from '../../../src/verify/options.ts';
import { verifyTarget } from '../../../src/verify/verify-target.ts';
import { createRecordedHost } from '../../helpers/recorded-host.ts';
import type { Answer, RecordedHost } from '../../helpers/recorded-host.ts';

const R = '6.1.0-56-cloud-amd64';
const TARGET: DebTarget = {
  family: 'deb',
  distro: 'debian',
  version: '12',
  codename: 'bookworm',
  arch: 'x86_64',
  release: R,
  unameV: null,
  buildId: null,
  packageArch: 'amd64',
  flavour: 'cloud-amd64',
  kernelFamily: 'debian',
  packageVersion: null,
};
const directories: string[] = [];
afterEach(() => directories.splice(0).forEach((directory) => rmSync(directory, { recursive: true })));

/** As stap 4.8 of Debian 12 was seen to answer on this kernel. */
const COMPILE_ERROR = `In file included from /usr/share/systemtap/runtime/stp_utrace.c:28,
/usr/share/systemtap/runtime/stp_task_work.c:107:15: error: incompatible types when assigning to type 'struct callback_head *' from type 'bool'
WARNING: kbuild exited with status: 2
Pass 4: compilation failed.  [man error::pass4]
`;
const VERSION =
  'Systemtap translator/driver (version 4.8/0.188, Debian version 4.8-2)\ntested kernel versions: 2.6.32 ... 6.1.0-rc3\n';

/** stap that leaves a module of `vermagic` where -m says, or fails as told. */
function stap(vermagic: string, failure: string | null = null): Answer {
  return (argv, options, directory) => {
    if (argv.includes('-V')) return { stderr: VERSION };
    if (failure !== null) return { exitCode: 1, stderr: failure };
    const module = argv[argv.indexOf('-m') + 1] ?? '';
    const source = join(directory, 'module.s');
    writeFileSync(source, `.section .modinfo,"a"\n.asciz "vermagic=${vermagic} SMP"\n`);
    execFileSync('as', ['-o', join(directory, options.cwd ?? '', `${module}.ko`), source]);
    return {};
  };
}

const nothing: Answer = () => ({});

function prepare(stapAnswer: Answer | null): RecordedHost {
  const directory = mkdtempSync(join(tmpdir(), 'tapprep-verify-'));
  directories.push(directory);
  const tree = `/lib/modules/${R}/build`;
  const files = {
    [`${tree}/.config`]: 'CONFIG_MODULES=y\n',
    [`${tree}/Module.symvers`]: '0x1\tprintk\tvmlinux\tEXPORT_SYMBOL\n',
    [`${tree}/Makefile`]: 'all:\n',
    [`${tree}/include/generated/utsrelease.h`]: `#define UTS_RELEASE "${R}"\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return createRecordedHost(directory, {
    mktemp: (argv) => ({ stdout: `${(argv[2] ?? '').replace('XXXXXX', 'Ab12Cd')}\n` }),
    rm: nothing,
    gcc: nothing,
    make: nothing,
    ...(stapAnswer === null ? {} : { stap: stapAnswer }),
  });
}

function verify(host: RecordedHost, more: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  return verifyTarget({
    target: TARGET,
    host,
    where: 'none',
    whyNot: `${R} does not run here, and QEMU is not installed`,
    level: 'hello',
    workDirectory: '/var/tmp/tapprep',
    sleep: () => Promise.resolve(),
    signal: new AbortController().signal,
    emit: () => undefined,
    ...more,
  });
}

const briefly = (report: VerifyReport): readonly (readonly [string, string])[] =>
  report.steps.map(({ step, status }) => [step, status]);

test('compiled but loadable nowhere: skipped with the reason, and never ready', async () => {
  const report = await verify(prepare(stap(R)));
  expect(briefly(report)).toEqual([
    ['tools', 'pass'],
    ['build-tree', 'pass'],
    ['build-id', 'skip'],
    ['hello', 'skip'],
  ]);
  expect(report.steps.at(-1)?.reason).toBe(
    `compiled but not loaded: ${R} does not run here, and QEMU is not installed`,
  );
  expect(report).toMatchObject({ ready: false, ranIn: null });
});

test('a script that does not compile fails in the words of the compiler, and what builds on it is skipped', async () => {
  const report = await verify(prepare(stap(R, COMPILE_ERROR)), { level: 'probe' });
  const hello = report.steps.find(({ step }) => step === 'hello');
  expect(hello?.status).toBe('fail');
  expect(hello?.reason).toBe(
    "stap -p4 exited with status 1: /usr/share/systemtap/runtime/stp_task_work.c:107:15: error: incompatible types when assigning to type 'struct callback_head *' from type 'bool'",
  );
  expect(hello?.output).toContain('Pass 4: compilation failed');
  expect(report.steps.slice(4).map(({ status, reason }) => `${status}: ${reason ?? ''}`)).toEqual(
    Array.from({ length: 6 }, () => 'skip: hello world did not compile'),
  );
  expect(report.ready).toBe(false);
});

test('a module of another kernel is refused before it is loaded', async () => {
  const report = await verify(prepare(stap('6.1.0-55-cloud-amd64')));
  expect(report.steps.at(-1)).toMatchObject({
    step: 'hello',
    status: 'fail',
    reason: `the module was built for "6.1.0-55-cloud-amd64 SMP", but the kernel is ${R}`,
  });
});

test('without stap nothing is compiled', async () => {
  const report = await verify(prepare(null));
  expect(briefly(report)).toEqual([
    ['tools', 'fail'],
    ['build-tree', 'pass'],
    ['build-id', 'skip'],
    ['hello', 'skip'],
  ]);
  expect(report.steps[0]?.reason).toBe('stap is needed but is not installed');
});

test('hello world is always built anew, a user’s script may come from the cache; the work directory is removed', async () => {
  const host = prepare(stap(R));
  await verify(host, {
    level: 'scripts',
    scripts: [{ name: 'own', text: 'probe begin { exit() }', args: ['--', '-x'] }],
    cacheDirectory: '/var/cache/stap',
  });
  const compiled = host.commands.filter(([tool, option]) => tool === 'stap' && option === '-p4');
  const poisoned = compiled
    .filter((argv) => argv.includes('--poison-cache'))
    .map((argv) => argv[argv.indexOf('-m') + 1]);
  expect(poisoned).toEqual(['tapprep_hello']);
  expect(compiled.find((argv) => argv.includes('tapprep_script_0'))?.slice(-4)).toEqual([
    '--',
    '/var/tmp/tapprep.Ab12Cd/tapprep_script_0/tapprep_script_0.stp',
    '--',
    '-x',
  ]);
  expect(host.commands.at(-1)).toEqual(['rm', '-rf', '--', '/var/tmp/tapprep.Ab12Cd']);
});
