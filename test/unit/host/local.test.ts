import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLocalHost } from '../../../src/host/local.ts';

const host = createLocalHost();
let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tapprep-local-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('run', () => {
  test('takes arguments as they are, without a shell', async () => {
    const result = await host.run(['printf', '%s|', '$HOME', '; id', '*']);
    expect(result).toMatchObject({ exitCode: 0, stdout: '$HOME|; id|*|', stderr: '', timedOut: false });
  });

  test('a failing program is a result', async () => {
    const result = await host.run(['sh', '-c', 'echo no >&2; exit 3']);
    expect(result).toMatchObject({ exitCode: 3, stderr: 'no\n' });
  });

  test('gives a clean environment in the C locale', async () => {
    process.env['TAPPREP_TEST_LEAK'] = 'leak';
    const { stdout } = await host.run(['env'], { env: { ADDED: 'yes' } });
    delete process.env['TAPPREP_TEST_LEAK'];
    expect(stdout).toContain('LC_ALL=C\n');
    expect(stdout).toContain('ADDED=yes\n');
    expect(stdout).not.toContain('TAPPREP_TEST_LEAK');
    expect(stdout).toMatch(/^PATH=.*\/usr\/sbin/m);
  });

  test('feeds input, and closes it when there is none', async () => {
    expect((await host.run(['cat'], { input: 'ä\n' })).stdout).toBe('ä\n');
    expect((await host.run(['cat'])).stdout).toBe('');
  });

  test('reports lines with their stream', async () => {
    const seen: string[] = [];
    await host.run(['sh', '-c', 'echo a; echo b >&2'], { onLine: (line, stream) => seen.push(`${stream}:${line}`) });
    expect(seen.toSorted()).toEqual(['stderr:b', 'stdout:a']);
  });

  test('a missing program is TOOL_MISSING', async () => {
    await expect(host.run(['no-such-program-here'])).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: 'no-such-program-here is needed but is not installed',
    });
  });

  test('a missing working directory is not mistaken for a missing program', async () => {
    await expect(host.run(['true'], { cwd: join(dir, 'absent') })).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('a file without execute permission is PERMISSION', async () => {
    const path = join(dir, 'plain');
    writeFileSync(path, '#!/bin/sh\n');
    await expect(host.run([path])).rejects.toMatchObject({ code: 'PERMISSION' });
  });

  test('a time limit ends the program and the children it started', async () => {
    const marker = join(dir, 'pid');
    const result = await host.run(['sh', '-c', 'sleep 60 & echo $! >"$0"; wait', marker], { timeoutMs: 1000 });
    expect(result).toMatchObject({ exitCode: null, timedOut: true });
    expect(result.seconds).toBeLessThan(30);
    const child = readFileSync(marker, 'utf8').trim();
    await expect.poll(() => isRunning(child), { timeout: 120_000 }).toBe(false);
  });

  test('an abort is INTERRUPTED, also before the start', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    await expect(host.run(['sleep', '60'], { signal: controller.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    await expect(host.run(['true'], { signal: controller.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  test('huge output keeps both ends', async () => {
    const { stdout } = await host.run([
      'sh',
      '-c',
      'echo first; head -c 20000000 /dev/zero | tr "\\0" x; echo; echo last',
    ]);
    expect(stdout.length).toBeLessThan(9_000_000);
    expect(stdout.startsWith('first\n')).toBe(true);
    expect(stdout.endsWith('\nlast\n')).toBe(true);
    expect(stdout).toMatch(/\[\d+ bytes of output left out\]/);
  });
});

describe('files', () => {
  test('reads text, also from /proc, and null for what is no file', async () => {
    writeFileSync(join(dir, 'text'), 'ä');
    expect(await host.readText(join(dir, 'text'))).toBe('ä');
    expect(await host.readText('/proc/version')).toMatch(/^Linux version /);
    expect(await host.readText(join(dir, 'absent'))).toBeNull();
    expect(await host.readText(join(dir, 'text', 'below'))).toBeNull();
    expect(await host.readText(dir)).toBeNull();
  });

  test('a FIFO does not stop the reader', async () => {
    execFileSync('mkfifo', [join(dir, 'fifo')]);
    expect(await host.readText(join(dir, 'fifo'))).toBeNull();
  });

  test('writes with the mode asked for, makes directories, leaves nothing beside', async () => {
    const path = join(dir, 'new', 'deep', 'file');
    await host.writeFile(path, 'one', 0o666);
    await host.writeFile(path, Uint8Array.of(116, 119, 111), 0o640);
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(statSync(path).mode & 0o7777).toBe(0o640);
    expect(readdirSync(join(dir, 'new', 'deep'))).toEqual(['file']);
  });

  test('a temporary file left by a killed run is no obstacle', async () => {
    mkdirSync(join(dir, 'left'));
    writeFileSync(join(dir, 'left', '.file.tapprep-0'), 'half');
    await host.writeFile(join(dir, 'left', 'file'), 'whole', 0o644);
    expect(readFileSync(join(dir, 'left', 'file'), 'utf8')).toBe('whole');
    expect(readFileSync(join(dir, 'left', '.file.tapprep-0'), 'utf8')).toBe('half');
  });

  test('replaces a link instead of writing through it', async () => {
    writeFileSync(join(dir, 'precious'), 'keep');
    symlinkSync(join(dir, 'precious'), join(dir, 'link'));
    await host.writeFile(join(dir, 'link'), 'new', 0o644);
    expect(readFileSync(join(dir, 'precious'), 'utf8')).toBe('keep');
    expect(readFileSync(join(dir, 'link'), 'utf8')).toBe('new');
  });

  test('removes a file and does not mind its absence', async () => {
    const path = join(dir, 'gone');
    writeFileSync(path, '');
    await host.removeFile(path);
    await host.removeFile(path);
    expect(await host.readText(path)).toBeNull();
  });
});

describe('which', () => {
  test('finds programs by name and by absolute path', async () => {
    expect(await host.which('sh')).toMatch(/^\/.*\/sh$/);
    expect(await host.which('/bin/sh')).toBe('/bin/sh');
    expect(await host.which('no-such-program-here')).toBeNull();
    expect(await host.which('../bin/sh')).toBeNull();
  });

  test('passes over files that cannot be executed', async () => {
    const path = join(dir, 'tool');
    writeFileSync(path, '');
    expect(await host.which(path)).toBeNull();
    chmodSync(path, 0o755);
    expect(await host.which(path)).toBe(path);
  });
});

function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
