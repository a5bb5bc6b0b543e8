/** A clock that is wrong by years, and processes that share one cache. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Owner, describeSelf } from '../../src/fetch/owner.ts';
import { startFaultServer } from '../helpers/fault-server.ts';
import type { ChildTask } from '../helpers/fetch-child.ts';
import { type FetchLab, holds, openFetchLab, randomContent, requestFor } from '../helpers/fetch-lab.ts';
import { type Machine, describe } from './machine.ts';
import { type Trial, require } from './trial.ts';

const CHILD = fileURLToPath(new URL('../helpers/fetch-child.ts', import.meta.url));
const BIN = join(import.meta.dirname, '../../bin/tapprep.js');
const content = randomContent(2_000_000);

/** libfaketime also lies to gpgv, whose key is from the future then: refused with a code, and right once the clock is. */
function wrongClock(machine: Machine, offset: string): Trial {
  return {
    name: `clock off by ${offset}`,
    run: async () => {
      machine.resetRoot(false);
      machine.resetOutput();
      const env = { ...process.env, HOME: machine.cli.home, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
      const argv = ['-f', offset, process.execPath, BIN, ...machine.argv.fetch];
      const failure = await promisify(execFile)('faketime', argv, { env }).then(
        () => null,
        (error: unknown) => error as { readonly stderr: string; readonly code: unknown },
      );
      const isCoded = failure === null || /tapprep: (?!INTERNAL)[A-Z_]{4,}:/.test(failure.stderr);
      require(isCoded, `no code: ${failure?.stderr ?? ''}`);
      machine.checkOutput(failure === null);
      const again = await machine.cli.run(machine.argv.fetch);
      require(again.code === 0, describe(again));
      machine.checkOutput(true);
    },
  };
}

function startChild(
  lab: FetchLab,
  url: string,
  lockMs: number,
): Promise<{ readonly path?: string; readonly code?: string }> {
  const task: ChildTask = { cacheDir: lab.cacheDir, request: requestFor(content, url), lockMs };
  const child = spawn(process.execPath, [CHILD, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return Promise.all([text(child.stdout), once(child, 'exit')]).then(([out]) => JSON.parse(out) as { path?: string });
}

function sharing(name: string, use: (lab: FetchLab, url: string) => Promise<void>): Trial {
  return {
    name,
    run: async () => {
      const lab = await openFetchLab();
      const server = await startFaultServer(content, { bytesPerSecond: 10_000_000 });
      try {
        await use(lab, `${server.url}file.bin`);
        const last = await (
          await lab.fetcher({ limits: { lockMs: 5_000 } })
        ).fetchFile(requestFor(content, `${server.url}file.bin`));
        require(await holds(last.path, content), 'a wrong file was returned');
      } finally {
        await Promise.all([lab.close(), server.close()]);
      }
    },
  };
}

async function lockBy(lab: FetchLab, url: string, owner: Partial<Owner>): Promise<void> {
  const lock = join(lab.cacheDir, 'locks', `sha256-${requestFor(content, url).digest?.hex ?? ''}`);
  mkdirSync(dirname(lock), { recursive: true });
  symlinkSync(JSON.stringify({ ...(await describeSelf()), ...owner }), lock);
}

/** All of them. */
export function clockTrials(machine: Machine): readonly Trial[] {
  return ['-20y', '-3y', '+3y', '+20y'].map((offset) => wrongClock(machine, offset));
}

/** Locks of the dead and the living, and five at once, several times. */
export function sharingTrials(): readonly Trial[] {
  return [
    ...Array.from({ length: 5 }, (_, round) =>
      sharing(`five at once, round ${round}`, async (lab, url) => {
        const files = await Promise.all(Array.from({ length: 5 }, () => startChild(lab, url, 20_000)));
        for (const { path = '' } of files) require(await holds(path, content), 'one of five has a wrong file');
      }),
    ),
    sharing('a lock held by a dead process', (lab, url) => lockBy(lab, url, { pid: 2 ** 22 + 1 })),
    sharing('a lock held by a living process', async (lab, url) => {
      const holder = spawn('sleep', ['30'], { stdio: 'ignore' });
      try {
        const stat = readFileSync(`/proc/${holder.pid}/stat`, 'utf8');
        const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
        await lockBy(lab, url, { pid: holder.pid ?? 0, startTime });
        const { code } = await startChild(lab, url, 700);
        require(code === 'LOCKED', `expected LOCKED, got ${code}`);
      } finally {
        holder.kill();
        await once(holder, 'exit');
      }
    }),
  ];
}
