import { resolve } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runNames, type NamesContext } from '../../../src/cli/commands/names.ts';
import { readCommon } from '../../../src/cli/options.ts';
import { createOutput } from '../../../src/cli/output.ts';
import { readLineBatches } from '../../../src/cli/line-batches.ts';
import { NO_SSH } from '../../helpers/no-ssh.ts';
import { cpuMilliseconds } from '../../helpers/cpu-time.ts';

const NO_TARGET = { kernel: null, distro: null, arch: null, unameV: null, root: null, host: null, facts: null };

function contextOf(stdin: Readable, stdout: PassThrough, json = false): NamesContext {
  const common: NamesContext['common'] = { ...readCommon({}, {}), json };
  const signal = new AbortController().signal;
  const packageRoot = resolve(import.meta.dirname, '../../..');
  return { stdin, stdout: createOutput(stdout), signal, cwd: '/', common, ssh: NO_SSH, env: {}, packageRoot };
}

async function runBatch(input: readonly (string | Uint8Array)[]): Promise<readonly Record<string, unknown>[]> {
  const stdout = new PassThrough();
  const output = text(stdout);
  const exitCode = await runNames(contextOf(Readable.from(input, { objectMode: false }), stdout), {
    target: NO_TARGET,
    batch: true,
  });
  stdout.end();
  expect(exitCode).toBe(0);
  return (await output)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const CENTOS = { id: 'a', distro: 'centos', version: '6', kernel: '2.6.32-642.el6.x86_64', arch: 'x86_64' };

test('a line is answered as scripts rely on', async () => {
  expect(await runBatch([`${JSON.stringify({ ...CENTOS, unameV: '#1 SMP' })}\n`])).toEqual([
    {
      id: 'a',
      packages: [
        { role: 'devel', name: 'kernel-devel', arch: 'x86_64', version: '2.6.32-642.el6', match: 'exact' },
        { role: 'debuginfo', name: 'kernel-debuginfo', arch: 'x86_64', version: '2.6.32-642.el6', match: 'exact' },
        {
          role: 'debuginfo-common',
          name: 'kernel-debuginfo-common-x86_64',
          arch: 'x86_64',
          version: '2.6.32-642.el6',
          match: 'exact',
        },
      ],
    },
  ]);
});

const DEBIAN = { id: 'a', distro: 'debian', kernel: '6.1.0-18-amd64' };

test('a code name means in a line what it means in --distro', async () => {
  const lines = ['bookworm', '12', 'bokworm'].map((version) => `${JSON.stringify({ ...DEBIAN, version })}\n`);
  const [named, numbered, misspelt] = await runBatch(lines);
  expect(named).toHaveProperty('packages');
  expect(named).toEqual(numbered);
  expect(misspelt).toMatchObject({
    error: {
      code: 'USAGE',
      message: 'bokworm is neither a version of debian nor the code name of one that tapprep knows',
      hint: 'write "distro":"debian","version":"bookworm"',
    },
  });
});

test('a misspelt distribution in a line gets the one that was meant', async () => {
  const line = JSON.stringify({ ...DEBIAN, distro: 'debain', version: '12' });
  expect(await runBatch([line])).toMatchObject([
    {
      id: 'a',
      error: {
        code: 'USAGE',
        message: 'debain is no distribution that tapprep knows: did you mean debian?',
        hint: 'write "distro":"debian","version":"12"',
      },
    },
  ]);
});

const BAD: readonly (readonly [string, string, unknown, string])[] = [
  ['no JSON', 'hello', null, 'USAGE'],
  ['no object', '[1,2]', null, 'USAGE'],
  ['null', 'null', null, 'USAGE'],
  ['no kernel', '{"id":"x","distro":"centos"}', 'x', 'USAGE'],
  ['a number for a name', '{"id":7,"distro":7,"kernel":"2.6.32-642.el6.x86_64"}', 7, 'USAGE'],
  ['a version in the distro', '{"id":"x","distro":"centos:6","kernel":"2.6.32-642.el6.x86_64"}', 'x', 'USAGE'],
  ['a key nearly as ours', '{"id":"x","distro":"debian","kernel":"6.1.0-23-amd64","uname_v":"#1 SMP"}', 'x', 'USAGE'],
  ['an unknown release', '{"id":"x","distro":"centos","kernel":"rubbish"}', 'x', 'UNKNOWN_RELEASE'],
  [
    'another distribution',
    '{"id":"x","distro":"centos","kernel":"6.1.1-1.amzn2023.x86_64"}',
    'x',
    'WRONG_DISTRIBUTION',
  ],
  ['an own kernel', '{"id":"x","distro":"centos","kernel":"6.1.55"}', 'x', 'UNKNOWN_RELEASE'],
  [
    'the kernel of WSL',
    '{"id":"x","distro":"ubuntu","kernel":"6.6.87.2-microsoft-standard-WSL2","arch":"x86_64"}',
    'x',
    'CUSTOM_KERNEL_NO_PACKAGE',
  ],
  [
    'a release without a version of its packages',
    '{"id":"x","distro":"xenenterprise","kernel":"4.19.0+1","arch":"x86_64"}',
    'x',
    'UNKNOWN_RELEASE',
  ],
  ['a key of Object', '{"id":"x","__proto__":{"kernel":"6.1.55"}}', 'x', 'USAGE'],
  ['more than a line may have', `{"id":"x","distro":"${'x'.repeat(100_000)}"}`, null, 'USAGE'],
];

test.each(BAD)('a line with %s gets its error and the next line its names', async (_, line, id, code) => {
  const [first, second, ...rest] = await runBatch([`${line}\n\n  \n${JSON.stringify(CENTOS)}`]);
  expect(first).toMatchObject({ id, error: { code } });
  expect(first?.['packages']).toBeUndefined();
  expect(second).toMatchObject({ id: 'a' });
  expect(second?.['packages']).toHaveLength(3);
  expect(rest).toEqual([]);
});

test('a release of no known form is named by the habit of its package system, for the index to confirm', async () => {
  const lines = [
    { id: 'rpm', distro: 'rhel', kernel: '4.18.0-305.el8.bz1234567.x86_64' },
    { id: 'deb', distro: 'debian', kernel: '6.6.63-homemade', arch: 'aarch64' },
    // Built by Ubuntu, whose packages have the release in their names; NVIDIA's own 5.15.148-tegra has not.
    { id: 'tegra', distro: 'ubuntu', kernel: '5.15.0-1012-nvidia-tegra', arch: 'aarch64' },
  ];
  const [rpm, deb, tegra] = await runBatch(lines.map((line) => `${JSON.stringify(line)}\n`));
  expect(rpm).toMatchObject({
    packages: [{ name: 'kernel-devel', version: '4.18.0-305.el8.bz1234567', match: 'index' }, {}, {}],
  });
  const headers = { name: 'linux-headers-6.6.63-homemade', version: null, match: 'index' };
  expect(deb).toMatchObject({ packages: [headers, {}, {}, {}] });
  expect(tegra).toMatchObject({ packages: [{ name: 'linux-headers-5.15.0-1012-nvidia-tegra' }, {}, {}, {}] });
});

test.each([
  ['fedora:12', '2.6.31.5-127.fc12PAEglued', 'i686'],
  ['fedora:16', '3.2.3-2.fc16.armv7hl.unheard', 'armv7l'],
  ['photon:5', '6.1.111-3', 'x86_64'],
  ['tencentos:3', '5.4.119-19.0009.28', 'x86_64'],
  ['debian:12', '6.6.63-current-rockchip64', 'aarch64'],
  ['raspbian:11', '5.10.63-v7+', 'armv7l'],
])('what follows V-R in %s %s is not known, so that nothing is named', async (distro, kernel, arch) => {
  const [answer] = await runBatch([`${JSON.stringify({ distro: distro.split(':')[0], kernel, arch })}\n`]);
  expect(answer).toMatchObject({ error: { code: 'UNKNOWN_RELEASE' } });
});

test.each([
  ['debian', '5.10.2-2-MANJARO', "Manjaro's kernel"],
  ['ubuntu', '6.12.1-2-cachyos', "CachyOS's kernel"],
  ['debian', '6.1.52-valve16-1-neptune-61', "SteamOS's kernel"],
  ['ubuntu', '6.6.31-0-lts', 'the long-term kernel of Arch Linux or Alpine Linux'],
  ['debian', '6.6.31-0-virt', "Alpine Linux's kernel"],
])('a container of %s on %s gets no name after the habit of dpkg', async (distro, kernel, builder) => {
  const [answer] = await runBatch([`${JSON.stringify({ distro, kernel, arch: 'x86_64' })}\n`]);
  expect(answer).toMatchObject({
    error: { code: 'UNKNOWN_RELEASE', message: expect.stringContaining(`has the form of ${builder},`) as string },
  });
});

test('a home-made kernel of Debian may be named after its architecture, as the index knows', async () => {
  const [answer] = await runBatch([
    `${JSON.stringify({ distro: 'debian', kernel: '6.1.0-custom.x86_64', arch: 'x86_64' })}\n`,
  ]);
  expect(answer).toMatchObject({
    packages: [{ name: 'linux-headers-6.1.0-custom.x86_64', match: 'index' }, {}, {}, {}],
  });
});

test.each([
  ['rhel:8', '4.18.0-305.el8.bz1234567.x86_64', true],
  ['debian:12', '6.6.63-homemade', true],
  ['rhel:8', '4.18.0-305.el8.x86_64', false],
  ['centos:6', '2.6.32-042stab129.1', true],
  ['debian:12', '6.1.0-13-amd64', false],
])('%s %s: the table for people says whether the names are a guess', async (distro, kernel, isGuess) => {
  const stdout = new PassThrough();
  const output = text(stdout);
  const target = { ...NO_TARGET, distro, kernel, arch: 'x86_64' };
  await runNames(contextOf(Readable.from([]), stdout), { target, batch: false });
  stdout.end();
  expect(/, a guess [^]*\nA guess is /.test(await output)).toBe(isGuess);
});

test('each line is answered before the next is there', async () => {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const done = runNames(contextOf(stdin, stdout), { target: NO_TARGET, batch: true });
  const answers = stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (const id of ['1', '2', '3']) {
    stdin.write(`${JSON.stringify({ ...CENTOS, id })}\n`);
    const { value } = await answers.next();
    expect(JSON.parse(String(value))).toMatchObject({ id });
  }
  stdin.end();
  expect(await done).toBe(0);
});

test('ten thousand lines come back in order through a pipe that fills up, in a time that is not quadratic', async () => {
  const lines = Array.from({ length: 10_000 }, (_, id) => `${JSON.stringify({ ...CENTOS, id: String(id) })}\n`);
  let answers: Awaited<ReturnType<typeof runBatch>> = [];
  const milliseconds = await cpuMilliseconds(async () => (answers = await runBatch(lines)));
  expect(answers.map(({ id }) => id)).toEqual(lines.map((_, id) => String(id)));
  expect(milliseconds).toBeLessThan(5000);
});

async function readAll(chunks: readonly Uint8Array[], maxChars: number): Promise<(string | null)[]> {
  const out: (string | null)[] = [];
  const stream = Readable.from(chunks, { objectMode: false });
  for await (const lines of readLineBatches(stream, maxChars, new AbortController().signal)) out.push(...lines);
  return out;
}

describe('lines', () => {
  test('are the same however the stream was cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'é', '€', '😀', ' ', '\r') }), { maxLength: 8 }),
        fc.array(fc.nat({ max: 60 }), { maxLength: 6 }),
        async (lines, cuts) => {
          const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
          const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length].sort((a, b) => a - b);
          const chunks = ends
            .map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
            .filter(({ length }) => length > 0);
          expect(await readAll(chunks, 8)).toEqual(lines.map((line) => (line.length > 8 ? null : line)));
        },
      ),
    );
  });

  test('without an end are kept only to the limit', async () => {
    const chunk = new TextEncoder().encode('x'.repeat(65_536));
    expect(
      await readAll(
        Array.from({ length: 200 }, () => chunk),
        1000,
      ),
    ).toEqual([null]);
  });

  test('end with the signal', async () => {
    const controller = new AbortController();
    const reading = readLineBatches(new PassThrough(), 10, controller.signal).next();
    controller.abort();
    await expect(reading).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

test('one target is printed as a table or as JSON', async () => {
  const target = { ...NO_TARGET, distro: 'ubuntu:20.04', kernel: '5.15.0-67-generic', arch: 'x86_64' };
  const print = async (json: boolean): Promise<string> => {
    const stdout = new PassThrough();
    expect(await runNames(contextOf(Readable.from([]), stdout, json), { target, batch: false })).toBe(0);
    stdout.end();
    return text(stdout);
  };
  expect(await print(false)).toMatch(/headers +linux-headers-5\.15\.0-67-generic +\(the index knows\) +amd64\n/);
  expect(JSON.parse(await print(true))).toMatchObject({
    target: { distro: 'ubuntu', version: '20.04', kernelFamily: 'ubuntu', packageArch: 'amd64' },
    packages: [{ role: 'headers', version: null, match: 'index' }, { alternative: 1 }, { alternative: 1 }],
  });
});
