/** elfutils' own debuginfod on loopback over a directory of files, and small kernels to be served by it. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readElf } from '../../src/elf/read-elf.ts';
import type { BuildId } from '../../src/types.ts';
import { findFreePort } from './free-port.ts';

export interface Debuginfod {
  /** Ends in "/". */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts it and waits until it serves `buildId`. */
export async function serveDebuginfod(directory: string, buildId: string): Promise<Debuginfod> {
  const home = mkdtempSync(join(tmpdir(), 'debuginfod-'));
  const port = await findFreePort();
  const child = spawn('debuginfod', ['-F', '-p', String(port), '-d', join(home, 'index.sqlite'), directory], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], HOME: home },
  });
  const url = `http://127.0.0.1:${port}/`;
  const isServed = (): Promise<boolean> =>
    fetch(`${url}buildid/${buildId}/debuginfo`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let tries = 0; tries < 300 && !(await isServed()); tries += 1) await sleep(100);
  return {
    url,
    close: async () => {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.on('close', resolve));
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export interface SmallKernel {
  readonly path: string;
  readonly buildId: BuildId;
}

/** A program with DWARF, a build-id and the banner of a release, as far as that is looked at. */
export async function buildSmallKernel(
  directory: string,
  release: string,
  { debug = true }: { readonly debug?: boolean } = {},
): Promise<SmallKernel> {
  mkdirSync(directory, { recursive: true });
  const [source, path] = [join(directory, 'init.c'), join(directory, 'vmlinux')];
  writeFileSync(
    source,
    `const char linux_banner[] __attribute__((used)) = "Linux version ${release} (build@lab) #1 SMP";\nvoid _start(void) { for (;;); }\n`,
  );
  execFileSync('gcc', [...(debug ? ['-g'] : []), '-nostdlib', '-static', '-Wl,--build-id=sha1', '-o', path, source]);
  const buildId = (await readElf(path))?.buildId;
  if (buildId == null) throw new Error(`${path} has no build-id`);
  return { path, buildId };
}
