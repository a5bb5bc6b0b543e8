/** A tree that a process goes on filling while it is taken away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { clearLeft } from '../../../src/files/clear-left.ts';

const work = mkdtempSync(join(tmpdir(), 'clear-left-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Makes directories, each with a file, until one cannot be made. */
const FILL = 'cd "$1" && i=0; while mkdir "$2$i" && : >"$2$i/file"; do i=$((i + 1)); done 2>/dev/null';

test.each([
  ['inside, as dpkg does in its root', (inner: string) => [inner, '']],
  ['by its name', (inner: string) => ['/', `${inner}/`]],
])('of a process that writes %s nothing is left, and it comes to its end', async (_how, wordsOf) => {
  const tree = mkdtempSync(join(work, 'tree-'));
  const inner = join(tree, 'var/lib');
  mkdirSync(inner, { recursive: true });
  const writer = spawn('sh', ['-c', FILL, 'sh', ...wordsOf(inner)], { stdio: 'ignore' });
  const ended = once(writer, 'exit');
  while (readdirSync(inner).length < 20) await sleep(5);
  await clearLeft(tree);
  await ended;
  expect([existsSync(tree), existsSync(`${tree}.gone`)]).toEqual([false, false]);
});

test('what an earlier try left goes too, and nothing there is no error', async () => {
  const tree = join(work, 'tried');
  mkdirSync(`${tree}.gone`);
  writeFileSync(join(`${tree}.gone`, 'file'), '');
  await clearLeft(tree);
  expect(readdirSync(work).filter((name) => name.startsWith('tried'))).toEqual([]);
});
