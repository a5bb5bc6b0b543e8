/** Files that the user names: what a shell puts in their place, and pipes that nobody writes into. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSecretFile } from '../../../src/cli/secret.ts';
import { readTextFile } from '../../../src/host/files.ts';
import { readGivenText } from '../../../src/host/given-file.ts';
import { loadMirrors } from '../../../src/mirrors/load.ts';

let directory: string;
const at = (name: string): string => join(directory, name);
const packageRoot = join(import.meta.dirname, '../../..');

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tapprep-pipes-'));
  execFileSync('mkfifo', [at('silent')]);
  writeFileSync(at('file'), 'secret\nmore\n');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Reads what a shell writes into the pipe of another process, which has it open as the shell of <(command) has. */
async function readWhileWritten<Read>(script: string, read: (path: string) => Promise<Read>): Promise<Read> {
  const keeper = spawn('sh', ['-c', `{ ${script}; } | sh -c 'echo $$ >&2; exec sleep 600'`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const pid = Number(await once(keeper.stderr, 'data'));
  try {
    return await read(`/proc/${pid}/fd/0`);
  } finally {
    process.kill(pid);
    await once(keeper, 'close');
  }
}

test('a pipe is read to its end, in pieces and late ones too', async () => {
  const script = 'sleep 0.2; seq 1 50000; sleep 0.2; echo end';
  const text = await readWhileWritten(script, readGivenText);
  const numbers = Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`).join('');
  expect(text).toBe(`${numbers}end\n`);
});

test('a password comes from a pipe as from a file', async () => {
  expect(await readWhileWritten('echo "of a pipe"', readSecretFile)).toBe('of a pipe');
  expect(await readSecretFile(at('file'))).toBe('secret');
});

test('a pipe that nobody writes into is empty, and no file that is planted stops anybody', async () => {
  expect(await readGivenText(at('silent'))).toBe('');
  expect(await readTextFile(at('silent'))).toBeNull();
  expect(await readGivenText('/dev/zero')).toBeNull();
  expect(await readGivenText('/dev/null')).toBe('');
  await expect(readSecretFile(at('silent'))).rejects.toThrow('begins with an empty line');
});

test('mirror lists come from a pipe where they are named, and are no pipe where they are found', async () => {
  const named = (files: readonly string[]): ReturnType<typeof loadMirrors> =>
    loadMirrors({ packageRoot, files, configHome: null });
  const list = '{"schema": 5}';
  await expect(readWhileWritten(`echo '${list}'`, (path) => named([path]))).rejects.toMatchObject({
    code: 'BAD_MIRRORS',
    message: expect.stringContaining('schema') as unknown,
  });
  await expect(named([at('silent')])).rejects.toThrow('is not JSON');
  const home = at('home');
  execFileSync('mkdir', ['-p', join(home, 'tapprep')]);
  execFileSync('mkfifo', [join(home, 'tapprep/mirrors.json')]);
  await expect(loadMirrors({ packageRoot, files: [], configHome: home })).rejects.toThrow(
    `${join(home, 'tapprep/mirrors.json')} is no file`,
  );
});
