import { afterEach, expect, test } from 'vitest';
import { declareTarget } from '../../../src/detect/target.ts';
import { renderVerify } from '../../../src/cli/render/verify-text.ts';
import { textOf } from '../../../src/sentence.ts';
import type { VerifyReport } from '../../../src/types.ts';
import { COMPILE_ERROR, prepareTarget, R, removeTargets, stap, verify } from '../../helpers/verify-lab.ts';

afterEach(removeTargets);

const briefly = (report: VerifyReport): readonly (readonly [string, string])[] =>
  report.steps.map(({ step, status }) => [step, status]);

test('compiled but loadable nowhere: skipped with the reason, and never ready', async () => {
  const report = await verify(prepareTarget(stap(R)));
  expect(briefly(report)).toEqual([
    ['tools', 'pass'],
    ['build-tree', 'pass'],
    ['build-id', 'skip'],
    ['hello', 'skip'],
  ]);
  expect(report.steps.at(-1)?.reason).toBe(
    `compiled but not loaded: ${R} does not run here, and QEMU is not installed`,
  );
  expect(report.steps[2]?.reason).toMatch(/^no debug information of \S+ is installed on /);
  expect(report).toMatchObject({ ready: false, ranIn: null });
  // The build-id was not compared either, but that is not why.
  expect(renderVerify(report, null).split('\n').at(-1)).toBe(
    `not proven: compiled but not loaded: ${R} does not run here, and QEMU is not installed`,
  );
});

test('a script that does not compile fails in the words of the compiler, and what builds on it is skipped', async () => {
  const report = await verify(prepareTarget(stap(R, COMPILE_ERROR)), { level: 'probe' });
  const hello = report.steps.find(({ step }) => step === 'hello');
  expect(hello?.status).toBe('fail');
  expect(hello?.reason).toBe(
    "stap -p4 exited with status 1: /usr/share/systemtap/runtime/stp_task_work.c:107:15: error: incompatible types when assigning to type 'struct callback_head *' from type 'bool'",
  );
  expect(hello?.output).toContain('Pass 4: compilation failed');
  expect(
    report.steps.slice(4).map(({ status, reason }) => `${status}: ${reason === null ? '' : textOf(reason)}`),
  ).toEqual(Array.from({ length: 6 }, () => 'skip: hello world did not compile'));
  expect(report.ready).toBe(false);
});

test('a module of another kernel is refused before it is loaded', async () => {
  const report = await verify(prepareTarget(stap('6.1.0-55-cloud-amd64')));
  expect(report.steps.at(-1)).toMatchObject({
    step: 'hello',
    status: 'fail',
    reason: `the module was built for "6.1.0-55-cloud-amd64 SMP", but the kernel is ${R}`,
  });
});

test('a module for another machine is refused before it is loaded: without -a stap builds for its own', async () => {
  const own = declareTarget({ distro: 'debian', version: '12', kernel: R, arch: 'x86_64', unameV: null });
  const target = { ...own, arch: 'aarch64' };
  const report = await verify(prepareTarget(stap(R)), { target });
  expect(report.steps.at(-1)).toMatchObject({
    step: 'hello',
    status: 'fail',
    blame: 'systemtap',
    reason: 'the module was built for x86_64, but the target is aarch64',
  });
});

test.each([
  [
    'Systemtap module loader/runner (version 4.7/0.187)\n',
    'fail',
    'staprun is 4.7, older than stap 4.8, whose modules it cannot load',
  ],
  ['Systemtap module loader/runner (version 5.6/0.194)\n', 'pass', null],
  ['something else\n', 'pass', null],
])('a staprun that says %j: %s', async (words, status, reason) => {
  const host = prepareTarget(stap(R));
  const path = '/usr/bin/staprun';
  const report = await verify({
    ...host,
    which: (name) => (name === 'staprun' ? Promise.resolve(path) : host.which(name)),
    run: (argv, options) =>
      argv[0] === path
        ? Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: words, timedOut: false, seconds: 0 })
        : host.run(argv, options),
  });
  expect(report.steps[0]).toMatchObject({ step: 'tools', status, reason });
});

test('without stap nothing is compiled', async () => {
  const report = await verify(prepareTarget(null));
  expect(briefly(report)).toEqual([
    ['tools', 'fail'],
    ['build-tree', 'pass'],
    ['build-id', 'skip'],
    ['hello', 'skip'],
  ]);
  expect(report.steps[0]?.reason).toBe('stap is needed but is not installed');
});

test('hello world is built anew, a user’s script may come from the cache; the work directory is removed', async () => {
  const host = prepareTarget(stap(R));
  const seen: string[] = [];
  const report = await verify(host, {
    level: 'scripts',
    scripts: [
      { name: 'own', text: 'probe begin { exit() }', args: ['--', '-x'] },
      { name: 'shipped', text: 'probe begin { exit() }', module: 'shipped' },
    ],
    cacheDirectory: '/var/cache/stap',
    emit: (event) => seen.push(event.type === 'note' ? event.text.replace(/ \(.*/, '') : ''),
  });
  expect(seen).toEqual(expect.arrayContaining(['hello: compiled', 'script own: compiled', 'script shipped: compiled']));
  expect(report.steps.at(-1)?.reason).toContain('compiled but not loaded');
  const compiled = compilationsOf(host);
  expect(compiled.filter(isAnew).map(nameOf)).toEqual(['tapprep_hello']);
  // stap keeps no module that was named (-m).
  expect(compiled.map(nameOf).filter((name) => name !== null)).toEqual(['tapprep_hello', 'shipped']);
  // Without the directory, which is another one each time: stap's names of what it keeps are made of that path, too.
  expect(compiled.find((argv) => argv.includes('-x'))?.slice(-4)).toEqual(['--', 'script.stp', '--', '-x']);
  expect(host.commands.at(-1)).toEqual(['rm', '-rf', '--', '/var/tmp/tapprep.Ab12Cd']);
});

test('in a root of our own that nobody else changes hello world may come from the cache, too', async () => {
  const host = prepareTarget(stap(R));
  await verify(host, { level: 'hello', cacheDirectory: '/var/cache/stap', keepsHello: true });
  expect(compilationsOf(host).map(nameOf)).toEqual([null]);
  expect(compilationsOf(host).filter(isAnew)).toEqual([]);
});

const isAnew = (argv: readonly string[]): boolean => argv.includes('--poison-cache');
const nameOf = (argv: readonly string[]): string | null =>
  argv.includes('-m') ? (argv[argv.indexOf('-m') + 1] ?? '') : null;

function compilationsOf({
  commands,
}: {
  readonly commands: readonly (readonly string[])[];
}): readonly (readonly string[])[] {
  return commands.filter(([tool, option]) => tool === 'stap' && option === '-p4');
}
