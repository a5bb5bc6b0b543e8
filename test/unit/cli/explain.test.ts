import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';
import { type DoctorContext, examine, runDoctor } from '../../../src/cli/commands/doctor.ts';
import { runExplain } from '../../../src/cli/commands/explain.ts';
import { runCases } from '../../../src/cli/commands/explain-cases.ts';
import { runFeedback } from '../../../src/cli/commands/explain-feedback.ts';
import { createOutput, type Output } from '../../../src/cli/output.ts';
import { DIAGNOSIS_CODES } from '../../../src/diagnose/codes.ts';
import { ERROR_CODES } from '../../../src/errors.ts';
import type { CommonOptions } from '../../../src/cli/context.ts';
import { alter, EL9, EL9_RELEASE } from '../diagnose/sample-facts.ts';
import { NO_PLACE, NO_SSH } from '../../helpers/no-ssh.ts';

const LOG = `Checking "/lib/modules/${EL9_RELEASE}/build/.config" failed with error: No such file or directory\n`;
const NO_TARGET = { kernel: null, distro: null, arch: null, unameV: null, root: null, host: null, facts: null };

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tapprep-explain-'));
  await writeFile(join(directory, 'run.log'), LOG);
  await writeFile(join(directory, 'good.json'), JSON.stringify({ facts: EL9, target: null }));
  await writeFile(join(directory, 'broken.json'), JSON.stringify(alter(EL9, { debuginfo: [], kernelPackages: [] })));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

type TestContext = DoctorContext & { readonly stderr: Output };

async function run(command: (context: TestContext) => Promise<number>, stdin = '', json = false): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const outputs = Promise.all([text(stdout), text(stderr)]);
  const common = { json, verbose: false } as CommonOptions;
  const signal = new AbortController().signal;
  const exitCode = await command({
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: createOutput(stdout),
    stderr: createOutput(stderr),
    signal,
    now: Date.now,
    cwd: directory,
    common,
    ssh: NO_SSH,
    place: NO_PLACE,
  });
  stdout.end();
  stderr.end();
  const [out, err] = await outputs;
  return { exitCode, stdout: out, stderr: err };
}

describe('explain', () => {
  it.each([
    ['run.log', ''],
    ['-', LOG],
    [null, LOG],
  ])('reads a log from %s', async (source, stdin) => {
    const ran = await run(async (context) => runExplain(context, { source, facts: null }), stdin, true);
    expect(ran.exitCode).toBe(0);
    const report = JSON.parse(ran.stdout) as { diagnoses: readonly unknown[]; seen: unknown };
    expect(report.diagnoses[0]).toMatchObject({
      code: 'DEVEL_MISSING',
      confidence: 'likely',
      evidence: [LOG.trim()],
      fix: [`sudo dnf install -y kernel-devel-${EL9_RELEASE}`, 'rm -rf ~/.systemtap/cache'],
    });
    expect(report.seen).toMatchObject({ release: EL9_RELEASE });
  });

  it('says so and ends with 1 when nothing is recognised', async () => {
    const ran = await run(async (context) => runExplain(context, { source: '-', facts: null }), 'all is well\n', true);
    expect(ran.exitCode).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ diagnoses: [] });
    expect(ran.stderr).toContain('nothing in this log');
  });

  it('says of an empty log that it is one, and where stap writes', async () => {
    const ran = await run((context) => runExplain(context, { source: '-', facts: null }), '\n');
    expect(ran).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('2>&1 | tapprep explain -') });
  });

  it('ends with 0 when a script is seen to have run', async () => {
    const log = 'Pass 5: starting run.\nhello\nPass 5: run completed in 0usr/10sys/400real ms.\n';
    const ran = await run(async (context) => runExplain(context, { source: '-', facts: null }), log, true);
    expect(ran.exitCode).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ diagnoses: [] });
    expect(ran.stderr).toContain('nothing is wrong');
  });

  it('lets facts decide', async () => {
    const ran = await run(async (context) => runExplain(context, { source: 'run.log', facts: 'good.json' }), '', true);
    expect(JSON.parse(ran.stdout)).toMatchObject({ seen: { distribution: 'rocky', release: EL9_RELEASE } });
  });

  it.each([...DIAGNOSIS_CODES, ...Object.keys(ERROR_CODES)])('has a page for %s', async (code) => {
    const ran = await run(async (context) => runExplain(context, { source: code, facts: null }));
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout.startsWith(`${code}\n\n`)).toBe(true);
    expect(ran.stdout.length).toBeGreaterThan(code.length + 30);
  });

  it.each([
    ['NO_SUCH_CODE', 'neither a file nor a code'],
    ['.', 'is a directory'],
  ])('refuses %s', async (source, reason) => {
    await expect(run(async (context) => runExplain(context, { source, facts: null }))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(reason),
    });
  });

  it.each([
    ['DEVEL_MISING', 'tapprep explain DEVEL_MISSING'],
    ['devel_missing', 'tapprep explain DEVEL_MISSING'],
    ['no-such.log', 'tapprep explain --help'],
  ])('of %s, which is no file, it says which code was likely meant', async (source, hint) => {
    await expect(run(async (context) => runExplain(context, { source, facts: null }))).rejects.toMatchObject({ hint });
  });

  it('prints cause, evidence and commands as text', async () => {
    const ran = await run(async (context) => runExplain(context, { source: 'run.log', facts: null }));
    expect(ran.stdout).toContain(`This is about kernel ${EL9_RELEASE}`);
    expect(ran.stdout).toContain('1. DEVEL_MISSING');
    expect(ran.stdout).toContain(`kernel-devel-${EL9_RELEASE}`);
  });
});

it('the page of a kernel that nobody packages names the option that takes its tree', async () => {
  const page = await run(async (context) => runExplain(context, { source: 'CUSTOM_KERNEL_NO_PACKAGE', facts: null }));
  expect(page.stdout).toMatch(/What to do\n.*--build-tree DIR/u);
});

const target = (facts: string) => ({ ...NO_TARGET, facts: join(directory, facts) });

describe('doctor', () => {
  it('ends with 0 and the verdict when nothing is wrong', async () => {
    const ran = await run(async (context) =>
      runDoctor(context, { target: target('good.json'), log: null, reports: [] }),
    );
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toMatch(/\nReady: /);
    // The command is for the machine that was named.
    const place = { ...NO_PLACE, reach: { via: 'root', directory: '/srv/image' }, kernel: EL9_RELEASE } as const;
    const inRoot = await run((context) =>
      runDoctor({ ...context, place }, { target: target('good.json'), log: null, reports: [] }),
    );
    expect(inRoot.stdout).toContain(`"tapprep verify --in vm --root /srv/image --kernel ${EL9_RELEASE}" proves it`);
  });

  it('ends with 1 and the commands when something is', async () => {
    const ran = await run(
      async (context) => runDoctor(context, { target: target('broken.json'), log: null, reports: [] }),
      '',
      true,
    );
    expect(ran.exitCode).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      facts: { kernel: EL9_RELEASE, distribution: 'rocky' },
      findings: [{ code: 'DEBUGINFO_MISSING' }],
      verdict: {
        ready: false,
        commands: [`tapprep bundle --facts ${join(directory, 'broken.json')} --out tapprep-bundle.tar`],
      },
    });
  });

  it('prints every check as a line and the problem in full', async () => {
    const ran = await run(async (context) =>
      runDoctor(context, { target: target('broken.json'), log: null, reports: [] }),
    );
    expect(ran.stdout).toMatch(/PROBLEM {2}debug information/);
    expect(ran.stdout).toMatch(/ok {7}build tree/);
    expect(ran.stdout).toMatch(
      /Not ready\.\nTo get there:\n {2}tapprep bundle --facts \S+ --out tapprep-bundle\.tar\n$/,
    );
  });

  it('joins what a log says to what the machine shows', async () => {
    const log = "ERROR: Couldn't insert module '/tmp/stapA/stap_1.ko': Required key not available\n";
    const ran = await run(
      async (context) => runDoctor(context, { target: target('broken.json'), log: '-', reports: [] }),
      log,
      true,
    );
    const report = JSON.parse(ran.stdout) as { findings: { code: string }[]; verdict: { commands: string[] } };
    expect(report.findings.map(({ code }) => code)).toEqual(['SECUREBOOT_SIGNATURE', 'DEBUGINFO_MISSING']);
    expect(report.verdict.commands[0]).toMatch(/^tapprep bundle --facts /);
    expect(report.verdict.commands.at(-1)).toMatch(/^reboot {4}# on that machine$/);
  });

  it('gives no command of another distribution for this machine: the log is of another one', async () => {
    const log =
      'Checking "/lib/modules/5.10.0-32-cloud-amd64/build/.config" failed with error: No such file or directory\n';
    const doctor = await run(
      (context) => runDoctor(context, { target: target('good.json'), log: '-', reports: [] }),
      log,
    );
    expect(doctor.exitCode).toBe(0);
    expect(doctor.stdout).toContain('From the log, which is of another machine and does not count here:');
    const explain = await run((context) => runExplain(context, { source: '-', facts: 'good.json' }), log);
    expect(explain.stdout).toContain(
      'The facts are of another machine, Rocky Linux 9.5 (Blue Onyx), and were left aside.',
    );
    for (const { stdout } of [doctor, explain]) {
      expect(stdout).toMatch(/apt-get install -y linux-headers-5\.10\.0-32-cloud-amd64 {4}# on that machine/u);
      expect(stdout).not.toMatch(/tapprep (?:bundle|plan|install)/u);
    }
  });

  it('says of a log that is not there that --log takes a file', async () => {
    await expect(
      run(async (context) => runDoctor(context, { target: target('good.json'), log: 'no.log', reports: [] })),
    ).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/no\.log is not there: --log takes a file/u) as unknown,
      hint: 'tapprep doctor --help',
    });
  });

  it('refuses a host that was only declared', async () => {
    const declared = { ...NO_TARGET, distro: 'rocky:9.5', kernel: EL9_RELEASE };
    await expect(
      run(async (context) => {
        const { verdict } = await examine(context, { target: declared, log: null });
        return verdict.ready ? 0 : 1;
      }),
    ).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('feedback and cases', () => {
  const choice = { source: 'run.log', out: 'cases/one.txt', expect: 'DEVEL_MISSING', cause: 'no headers' };

  it('writes a case that the answers are then held against', async () => {
    await mkdir(join(directory, 'cases'), { recursive: true });
    const written = await run(async (context) => runFeedback(context, choice, 'good.json'));
    expect(written.exitCode).toBe(0);
    expect(written.stderr).toContain('read it before you send it');
    const file = await readFile(join(directory, 'cases/one.txt'), 'utf8');
    expect(file).toMatch(/^# expect: DEVEL_MISSING \| cause: no headers\n# system: /);
    expect(file.endsWith(LOG)).toBe(true);
    const held = await run(async (context) => runCases(context, 'cases'), '', true);
    expect(held.exitCode).toBe(0);
    expect(JSON.parse(held.stdout)).toMatchObject({ cases: 1, right: 1, wrong: [] });
  });

  it('names the case whose answer is wrong and ends with 1', async () => {
    await mkdir(join(directory, 'wrong'), { recursive: true });
    await run(async (context) => runFeedback(context, { ...choice, out: 'wrong/x.txt', expect: 'NONE' }, null));
    const held = await run(async (context) => runCases(context, 'wrong'));
    expect(held.exitCode).toBe(1);
    expect(held.stdout).toMatch(/^x\.txt: .*DEVEL_MISSING.*\nright 0 of 1;/);
  });

  it.each([
    ['', '--expect was not given'],
    ['DEVEL_MISING', '"DEVEL_MISING" is none'],
  ])('refuses the answer "%s" and writes nothing', async (expected, why) => {
    const wrong = { ...choice, out: 'refused.txt', expect: expected };
    await expect(run(async (context) => runFeedback(context, wrong, null))).rejects.toThrow(why);
    await expect(readFile(join(directory, 'refused.txt'))).rejects.toThrow('ENOENT');
  });

  it('says so where a folder or a case is none', async () => {
    await expect(run(async (context) => runCases(context, 'nowhere'))).rejects.toThrow('takes a folder of cases');
    await mkdir(join(directory, 'odd'), { recursive: true });
    await writeFile(join(directory, 'odd/odd.txt'), 'just a log\n');
    await expect(run(async (context) => runCases(context, 'odd'))).rejects.toThrow('odd.txt is no case');
  });

  it.each(['--expect', '--cause'])('takes %s with --feedback only', async (option) => {
    await expect(runProgram(['explain', option, 'NONE', 'run.log'], '/nowhere')).rejects.toThrow(
      `${option} means something with --feedback only`,
    );
  });
});
