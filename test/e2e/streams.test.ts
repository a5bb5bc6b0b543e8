/** What a user's streams and network do to a run: pipes that wait, full devices, signals, silence. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';

const cli = new Cli();
afterAll(() => cli.close());

const LOG =
  'Checking "/lib/modules/3.10.0-862.el7.x86_64/build/.config" failed with error: No such file or directory\n';

function makePipe(name: string): string {
  const path = join(cli.home, name);
  execFileSync('mkfifo', [path]);
  return path;
}

test('explain reads a named pipe', async () => {
  const pipe = makePipe('log');
  const { done } = cli.start(['explain', pipe]);
  writeFileSync(pipe, LOG);
  expect(await done).toMatchObject({ code: 0, stdout: expect.stringContaining('DEVEL_MISSING') });
});

test('explain that is interrupted at a pipe ends with 130, not as a fault of tapprep', async () => {
  const pipe = makePipe('silent');
  const { child, done } = cli.start(['explain', pipe]);
  // Opening for writing waits for the reader: it reads now.
  const writer = openSync(pipe, 'w');
  child.kill('SIGINT');
  const { code, stderr } = await done;
  closeSync(writer);
  expect({ code, stderr }).toEqual({ code: 130, stderr: 'tapprep: INTERRUPTED: stopped while reading a log\n' });
});

test('a full device behind standard output is told, with an exit code', async () => {
  const { done } = cli.start(['explain', 'NETWORK'], {}, '', ['sh', '-c', '"$@" >/dev/full', 'sh']);
  expect(await done).toMatchObject({ code: 5, stderr: expect.stringMatching(/^tapprep: NO_SPACE: standard output/) });
});

test('a full device behind standard error is not a crash', async () => {
  const { done } = cli.start(['explain', 'NO_SUCH_CODE'], {}, '', ['sh', '-c', '"$@" 2>/dev/full', 'sh']);
  expect(await done).toMatchObject({ code: 2, stdout: '' });
});

const PLAN = ['plan', '--distro', 'debian:12', '--kernel', '6.1.0-18-cloud-amd64'];

test('on a machine without network plan says so, in one sentence', async () => {
  const proxies = { http_proxy: '', https_proxy: '' };
  const { code, stderr } = await cli.start(PLAN, proxies, '', ['unshare', '-rn']).done;
  expect(code).toBe(3);
  expect(stderr).toMatch(/^tapprep: NETWORK: none of \d+ hosts could be resolved\n {2}try: .*\n$/);
  const { stderr: rest } = await cli.start([...PLAN, '--verbose'], proxies, '', ['unshare', '-rn']).done;
  expect(rest).toContain('debian-main/bookworm could not be used');
});

test('mirrors that take the connection and say nothing cost --timeout, not a wait for each', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const proxy = `http://127.0.0.1:${port}`;
  const { code, stderr } = await cli.run([...PLAN, '--timeout', '1s'], { http_proxy: proxy, https_proxy: proxy });
  server.close();
  expect(code).toBe(3);
  expect(stderr).toBe(
    'tapprep: TIMEOUT: asking and fetching took 1 s, which is what --timeout allows\n  try: the same command with a longer --timeout goes on from what has arrived\n',
  );
});

const PLACES: readonly (readonly string[])[] = [
  [...PLAN, '--out'],
  ['bundle', ...PLAN.slice(1), '--out'],
  ['rehearse', '--yes', '--distro', 'debian:12', '--report'],
];

test.each(PLACES)('%s: a place that can hold no file is told before any work', async (...words) => {
  const pipe = makePipe(`${words[0]}.html`);
  const refusals = [
    [join(cli.home, 'none/it.html'), 'is in a directory that does not exist (ENOENT)'],
    [pipe, 'is a pipe (EEXIST), and only a file is replaced'],
  ] as const;
  for (const [path, why] of refusals) {
    // Without a network the work itself would end with another error.
    const { code, stderr } = await cli.start([...words, path], {}, '', ['unshare', '-rn']).done;
    expect(code).toBe(2);
    expect(stderr).toContain(`cannot be written: ${path} ${why}\n`);
  }
  expect(statSync(pipe).isFIFO()).toBe(true);
});
