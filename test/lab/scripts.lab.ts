/** The incident scripts on a kernel without debug information, and scripts of users that go wrong, in one guest. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { declareTarget } from '../../src/detect/target.ts';
import { createLocalHost } from '../../src/host/local.ts';
import { createRootHost } from '../../src/host/root.ts';
import { findEntry, loadCatalogue } from '../../src/scripts/catalogue.ts';
import { toVerifyScript } from '../../src/scripts/verify-script.ts';
import type { VerifyReport, VerifyStep } from '../../src/types.ts';
import type { VerifyScript } from '../../src/verify/options.ts';
import { verifyTarget } from '../../src/verify/verify-target.ts';
import { findVmTools } from '../../src/vm/host-tools.ts';
import { prepareLabRoot } from '../helpers/lab-root.ts';

const lab = prepareLabRoot('bullseye', '5.10.0-32-cloud-amd64');
const temporaryDirectory = mkdtempSync('/tmp/tapprep-lab-');
afterAll(() => rmSync(temporaryDirectory, { recursive: true }));

const catalogue = await loadCatalogue(join(import.meta.dirname, '../..'));
/** What needs debug information cannot be built here. */
const NEED_DEBUGINFO = ['file-watch', 'rootkit-signs'];
const buildable = catalogue.filter(({ name }) => !NEED_DEBUGINFO.includes(name));

const asText = catalogue.map((entry) => toVerifyScript(entry));
const asJson = buildable.map((entry): VerifyScript => {
  const script = toVerifyScript(entry);
  return {
    ...script,
    name: `${entry.name} as JSON`,
    args: ['1', ...(script.args ?? []).slice(1)],
    readyText: '"event":"ready"',
    expect: ['"comm":'],
    expectIpv6: [],
  };
});
/** Makes a name with what JSON and a terminal would trip over; the process that bears it exits with 9. */
const NASTY = String.raw`name=$(printf 'busybox-"\\\033[2J\007')
ln -s /bin/busybox "/tmp/$name"
"/tmp/$name" sh -c 'exit 9' || true`;
const nasty: VerifyScript = {
  ...toVerifyScript(findEntry(catalogue, 'process-exec-exit')),
  name: 'hostile names',
  args: ['1'],
  readyText: '"event":"ready"',
  trigger: NASTY,
  expect: ['"status":9'],
  expectIpv6: [],
  reject: [],
};
const ofUsers: readonly VerifyScript[] = [
  { name: 'no script', text: 'probe begin { printf("x" }\n' },
  { name: 'no such function', text: 'probe kernel.function("vfs_read") { println("x") }\n' },
  { name: 'never ends', text: 'probe timer.ms(200) { println("tick") }\n', expect: ['tock'], timeoutMs: 4000 },
  // In each of the guests there may be.
  ...Array.from({ length: 4 }, (_, at): VerifyScript => {
    return {
      name: `after it ${at}`,
      text: 'probe timer.ms(200) { println("tick") }\n',
      trigger: 'cat /proc/modules',
      expect: ['tick'],
    };
  }),
];

let report: VerifyReport;
beforeAll(async () => {
  report = await verifyTarget({
    target: declareTarget({ distro: 'debian', version: '11', kernel: lab.release, arch: 'x86_64', unameV: null }),
    host: createRootHost(lab.root),
    where: 'vm',
    vm: {
      tools: await findVmTools(createLocalHost(), { arch: 'x86_64' }),
      kernelImage: lab.kernelImage,
      modulesDirectory: lab.modules,
      temporaryDirectory,
    },
    level: 'scripts',
    scripts: [...asText, ...asJson, nasty, ...ofUsers],
    workDirectory: '/var/tmp/tapprep',
    cacheDirectory: '/var/cache/tapprep-lab',
    sleep: (milliseconds) => sleep(milliseconds),
    signal: new AbortController().signal,
    emit: () => undefined,
  });
}, 1_800_000);

function step(name: string): VerifyStep {
  const found = report.steps.find((one) => one.step === `script ${name}`);
  if (found === undefined) throw new Error(`no step of ${name}`);
  return found;
}

function jsonLines({ output }: VerifyStep): readonly Readonly<Record<string, unknown>>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test.each(buildable.map(({ name }) => name))('%s prints its event, and nothing of the control event', (name) => {
  expect(step(name)).toMatchObject({ status: 'pass', reason: null });
});

test.each(NEED_DEBUGINFO)('%s says what it lacks', (name) => {
  expect(step(name).status).toBe('fail');
  expect(step(name).reason).toMatch(/^stap -p4 exited with status 1: semantic error: /);
});

test.each(buildable.map(({ name }) => name))('%s prints JSON, one object a line, when asked', (name) => {
  const lines = jsonLines(step(`${name} as JSON`));
  expect(step(`${name} as JSON`)).toMatchObject({ status: 'pass' });
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(line['time']).toMatch(/^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(lines.filter(({ event }) => event !== 'ready').every((line) => 'pid' in line && 'comm' in line)).toBe(true);
});

test('names cannot break out of JSON, nor reach the terminal', () => {
  const exits = jsonLines(step('hostile names')).filter(({ status }) => status === 9);
  expect(exits.map(({ comm }) => comm)).toEqual([String.raw`busybox-"\\033[2J\a`]);
  expect(step('hostile names').output).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
});

test('a script that does not parse fails in the words of stap', () => {
  expect(step('no script')).toMatchObject({ status: 'fail' });
  expect(step('no script').reason).toMatch(/^stap -p4 exited with status 1: parse error: /);
});

test('a script that needs debug information says so where there is none', () => {
  expect(step('no such function').status).toBe('fail');
  expect(step('no such function').output).toContain('debuginfo');
});

test('a script that never ends is stopped, and its module is out of the kernel', () => {
  expect(step('never ends')).toMatchObject({ status: 'fail', reason: '"tock" was not printed within 4 s' });
  for (const at of [0, 1, 2, 3]) {
    const after = step(`after it ${at}`);
    expect(after.status).toBe('pass');
    // Its own.
    expect(after.output.match(/^stap_\w+ /gm)).toHaveLength(1);
  }
});
