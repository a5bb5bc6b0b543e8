/** run.sh around what runs a module, in every shell that may have to: what stands in for staprun ends with an error. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { quoteCommand } from '../../../src/shell-words.ts';

const SCRIPTS = join(import.meta.dirname, '../../../src/bundle/sh');
const SHELLS: readonly (readonly string[])[] = [['dash'], ['busybox', 'sh'], ['bash', '--posix']];
const SCRIPT = `for part in start common signature module; do . "$0/$part.sh"; done
program=run.sh runner=staprun runtime=$1 module=tapprep_none path=none given= output= seconds= copied=$1/copied
trap clean_up EXIT
run_module
exit "$status"`;
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'run-module-sh-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test.each(SHELLS)('%s: nobody reads what it says any more: it ends in order', async (...shell) => {
  mkdirSync(join(directory, 'bin'));
  mkdirSync(join(directory, 'copied'));
  const program = '#!/bin/sh\n: >"${0%/*}/began"\nwhile [ ! -e "${0%/*}/go" ]; do sleep 0.1; done\nexit 3\n';
  writeFileSync(join(directory, 'bin/staprun'), program, { mode: 0o755 });
  const [first = '', ...words] = shell.filter((word) => word !== undefined);
  const child = spawn(first, [...words, '-c', SCRIPT, SCRIPTS, directory], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  await vi.waitFor(() => expect(existsSync(join(directory, 'bin/began'))).toBe(true), { timeout: 60_000 });
  child.stdout.destroy();
  child.stderr.destroy();
  writeFileSync(join(directory, 'bin/go'), '');
  expect(await ended).toEqual([5, null]);
  expect(existsSync(join(directory, 'copied'))).toBe(false);
});

const PREPARE = `for part in start common signature module; do . "$0/$part.sh"; done
program=run.sh module=tapprep_none TMPDIR=$1
by_bpf() { return 1; }
cd "$1/of two words"
prepare_runtime
read -r line <"$copied/.tapprep"
printf '%s %s' "$copied" "$line"
rm -rf "$copied"`;

test.each(SHELLS)('%s: a copy of the runtime is marked, so that remove knows it after a kill', async (...shell) => {
  mkdirSync(join(directory, 'of two words/runtime/bin'), { recursive: true });
  writeFileSync(join(directory, 'of two words/runtime/bin/staprun'), '#!/bin/sh\n', { mode: 0o755 });
  const [first = '', ...words] = shell.filter((word) => word !== undefined);
  const { stdout } = spawnSync(first, [...words, '-c', PREPARE, SCRIPTS, directory], { encoding: 'utf8' });
  expect(stdout).toMatch(/\/tapprep-run-[0-9]+ \{"schema": "tapprep-directory\/1"\}$/);
});

const SHOW = `for part in start common signature module; do . "$0/$part.sh"; done
program=run.sh runner=stapbpf runtime=$1 module=tapprep_none path=none given= output= seconds= TMPDIR=$1 PATH=$PATH
trap clean_up EXIT
run_module
exit "$status"`;

test.each(SHELLS)('%s: what a program calls itself steers no terminal', (...shell) => {
  mkdirSync(join(directory, 'bin'));
  const program = '#!/bin/sh\nprintf "first \\033[2J\\a\\r\\tand \\302\\233 last\\n"\n';
  writeFileSync(join(directory, 'bin/stapbpf'), program, { mode: 0o755 });
  const command = quoteCommand([...shell, '-c', SHOW, SCRIPTS, directory]);
  const { stdout, status } = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' });
  expect(stdout).toContain('first ?[2J??\tand ?? last');
  expect(status).toBe(0);
  expect(readdirSync(directory).filter((name) => name.startsWith('tapprep-'))).toEqual([]);
});
