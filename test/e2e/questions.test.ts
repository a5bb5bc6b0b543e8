/** A question on a terminal, and the keys that end it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { makeBuildRoot } from '../helpers/build-lab.ts';

const TYPE = join(import.meta.dirname, '../helpers/type-answer.py');
const BIN = join(import.meta.dirname, '../../bin/tapprep.js');
const root = mkdtempSync(join(tmpdir(), 'questions-'));
const cli = new Cli();

beforeAll(() => {
  makeBuildRoot(join(root, 'system'));
  const work = join(root, 'system/var/lib/tapprep/work');
  mkdirSync(work, { recursive: true, mode: 0o700 });
  writeFileSync(join(work, 'log'), 'x');
});
afterAll(() => {
  cli.close();
  rmSync(root, { recursive: true });
});

test.each([
  ['Ctrl-C', '\u0003', 130, 'stopped by SIGINT'],
  ['Ctrl-D', '\u0004', 2, 'NOT_APPROVED'],
  ['no', 'n\r', 2, 'NOT_APPROVED'],
])('%s at the question whether to remove: nothing is removed', (_name, keys, code, said) => {
  const argv = [TYPE, '[y/N] ', keys, process.execPath, BIN, 'remove', '--root', join(root, 'system')];
  const { stdout } = spawnSync('/usr/bin/python3', argv, { env: cli.env, encoding: 'utf8' });
  expect(stdout).toContain(said);
  expect(stdout).not.toMatch(/INTERNAL|\n +at /);
  expect(stdout).toMatch(new RegExp(`status ${code}\\n$`));
  expect(existsSync(join(root, 'system/var/lib/tapprep/work'))).toBe(true);
});
