import { afterEach, beforeEach, expect, test } from 'vitest';
import { failureOf } from '../../helpers/failure-of.ts';
import { type FetchLab, holds, openFetchLab, randomContent, requestFor } from '../../helpers/fetch-lab.ts';
import { type FtpFault, type FtpServer, startFtpServer } from '../../helpers/ftp-server.ts';

const content = randomContent(300_000);
let lab: FetchLab;
let server: FtpServer;

beforeEach(async () => {
  lab = await openFetchLab();
  server = await startFtpServer(content);
});

afterEach(async () => {
  await Promise.all([lab.close(), server.close()]);
});

test('a file is fetched in binary and passive mode, and probed by its size', async () => {
  const fetcher = await lab.fetcher();
  const file = await fetcher.fetchFile(requestFor(content, `${server.url}pub/a%20file.bin`));
  expect(await holds(file.path, content)).toBe(true);
  expect(server.commands).toEqual(expect.arrayContaining(['USER anonymous', 'TYPE I', 'EPSV', 'RETR /pub/a file.bin']));
  expect(await fetcher.probe(`${server.url}pub/file.bin`)).toMatchObject({ status: 200, sizeBytes: content.length });
  server.script('absent');
  expect((await fetcher.probe(`${server.url}pub/file.bin`)).status).toBe(404);
});

test.each<[FtpFault, RegExp]>([
  ['cut', /^REST [1-9]/],
  ['stall', /^REST [1-9]/],
  ['refused', /^RETR/],
  ['wrong-bytes', /^RETR/],
])('%s: the next connection completes the file', async (fault, seen) => {
  server.script(fault);
  const file = await (await lab.fetcher()).fetchFile(requestFor(content, `${server.url}file.bin`));
  expect(await holds(file.path, content)).toBe(true);
  expect(server.commands.filter((command) => seen.test(command))).not.toEqual([]);
  expect(await lab.leftovers()).toEqual([]);
});

test('a server that cannot resume sends the whole file again', async () => {
  server.script('cut', 'no-rest', 'fine');
  const file = await (await lab.fetcher()).fetchFile(requestFor(content, `${server.url}file.bin`));
  expect(await holds(file.path, content)).toBe(true);
});

test('a file that is not there is NOT_FOUND', async () => {
  server.script('absent');
  const error = await failureOf((await lab.fetcher()).fetchFile(requestFor(content, `${server.url}file.bin`)));
  expect(error.code).toBe('NOT_FOUND');
});
