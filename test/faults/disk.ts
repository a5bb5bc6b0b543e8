/** Disks that are full, read only, out of inodes, forbidden, damaged by hand, or lose what was not synced when power fails. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FetchRequest } from '../../src/fetch/request.ts';
import { startFaultServer } from '../helpers/fault-server.ts';
import type { ChildTask } from '../helpers/fetch-child.ts';
import { holds, openFetchLab, randomContent, requestFor } from '../helpers/fetch-lab.ts';
import { type Trial, require } from './trial.ts';

const CHILD = fileURLToPath(new URL('../helpers/fetch-child.ts', import.meta.url));
const run = promisify(execFile);
const content = randomContent(1_500_000);
/** More than any record, lock and index of one fetch take, less than the file. */
const FULL_STEPS = 24;

type Answer = { readonly path?: string; readonly sizeBytes?: number; readonly code?: string };

function taskFor(cacheDir: string, request: FetchRequest): string {
  const task: ChildTask = { cacheDir, request, lockMs: 2_000 };
  return JSON.stringify(task);
}

/** Two fetches in a mount namespace whose cache is a small tmpfs: spoiled, then mended. */
function onTmpfs(name: string, options: string, spoil: string, mend: string): Trial {
  return {
    name,
    run: async () => {
      const server = await startFaultServer(content);
      const directory = mkdtempSync(join(tmpdir(), 'tapprep-faults-'));
      try {
        // Without a size in the request the free space is not asked for beforehand, so that the write itself fails.
        const request = { ...requestFor(content, `${server.url}file.bin`), sizeBytes: null };
        const script = `mount -t tmpfs -o ${options} tmpfs "$1" || exit 9
          cd "$1"; ${spoil}
          "$2" "$3" "$4"; ${mend}
          "$2" "$3" "$4"`;
        const argv = [
          '--map-root-user',
          '--mount',
          'sh',
          '-c',
          script,
          'sh',
          directory,
          process.execPath,
          CHILD,
          taskFor(directory, request),
        ];
        const { stdout } = await run('unshare', argv);
        const [first = {}, second = {}] = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Answer);
        require(first.path !== undefined ||
          (first.code !== undefined && first.code !== 'INTERNAL'), `first: ${stdout}`);
        require(second.sizeBytes === content.length, `second: ${stdout}`);
      } finally {
        rmSync(directory, { recursive: true, force: true });
        await server.close();
      }
    },
  };
}

/** Leaves 4 KiB times `at` free, so that over all steps every write is once the one that fails. */
function fullAt(at: number): Trial {
  const spoil = `free=$(df -k --output=avail . | tail -1); head -c $(( (free - ${at * 4}) * 1024 )) /dev/zero > fill`;
  return onTmpfs(`disk full with ${at * 4} KiB left`, 'size=8m', spoil, 'rm -f fill');
}

function inodesAt(left: number): Trial {
  const spoil = `n=$(df --output=iavail . | tail -1); i=0; while [ $i -lt $(( n - ${left} )) ]; do : > i$i; i=$((i+1)); done`;
  return onTmpfs(`${left} inodes left`, 'size=8m,nr_inodes=64', spoil, 'rm -f i*');
}

type Spoil = (path: string) => void;

/** Each file of a cache that holds one verified download, damaged in one way; the next fetch must be right. */
function damaged(name: string, spoil: Spoil): Trial {
  return {
    name: `cache by hand: every file ${name}`,
    run: async () => {
      const lab = await openFetchLab();
      const server = await startFaultServer(content);
      try {
        const request = requestFor(content, `${server.url}file.bin`);
        const unknown = { ...request, digest: null, sizeBytes: null };
        for (const each of [request, unknown]) await (await lab.fetcher({})).fetchFile(each);
        for (const entry of readdirSync(lab.cacheDir, { recursive: true, withFileTypes: true })) {
          if (entry.isFile()) spoil(join(entry.parentPath, entry.name));
        }
        for (const each of [request, unknown]) {
          const file = await (await lab.fetcher({})).fetchFile(each);
          require(await holds(file.path, content), 'a wrong file was returned');
        }
      } finally {
        await Promise.all([lab.close(), server.close()]);
      }
    },
  };
}

const SPOILS: readonly (readonly [string, Spoil])[] = [
  ['emptied', (path) => truncateSync(path, 0)],
  ['cut in half', (path) => truncateSync(path, statSync(path).size >> 1)],
  ['longer', (path) => appendFileSync(path, 'x')],
  ['of zeros', (path) => writeFileSync(path, Buffer.alloc(statSync(path).size))],
  ['a directory', (path) => (rmSync(path), mkdirSync(path))],
  ['gone', (path) => rmSync(path)],
];

/**
 * Power fails at a random moment: what was written to an ext4 image but not synced is lost. The image's file holds only
 * what the file system gave to the disk, so a copy of it, mounted anew, is the state after the failure.
 */
function powerLoss(round: number): Trial {
  return {
    name: `power fails, round ${round}`,
    run: async () => {
      const base = mkdtempSync(join(tmpdir(), 'tapprep-power-'));
      const [image, copy, mount] = ['image', 'copy', 'mount'].map((name) => join(base, name)) as [
        string,
        string,
        string,
      ];
      const server = await startFaultServer(content, { bytesPerSecond: 4_000_000 });
      let mounted = false;
      try {
        mkdirSync(mount);
        writeFileSync(image, '');
        truncateSync(image, 24 << 20);
        await run('mkfs.ext4', ['-q', image]);
        await run('mount', ['-o', 'loop', image, mount]);
        mounted = true;
        await run('sync', ['-f', mount]);
        const request = requestFor(content, `${server.url}file.bin`);
        const child = spawn(process.execPath, [CHILD, taskFor(join(mount, 'cache'), request)], {
          stdio: 'ignore',
        });
        await Promise.race([once(child, 'exit'), sleep(300 + Math.random() * 1_200)]);
        child.kill('SIGSTOP');
        await run('cp', ['--sparse=always', image, copy]);
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        await run('umount', [mount]);
        mounted = false;
        await run('mount', ['-o', 'loop', copy, mount]);
        mounted = true;
        const { stdout } = await run(process.execPath, [CHILD, taskFor(join(mount, 'cache'), request)]);
        const answer = JSON.parse(stdout) as Answer;
        require(answer.path !== undefined && (await holds(answer.path, content)), `after the failure: ${stdout}`);
      } finally {
        if (mounted) await run('umount', [mount]).catch(() => undefined);
        await server.close();
        rmSync(base, { recursive: true, force: true });
      }
    },
  };
}

/** As an ordinary user, where root would be let in anyway. */
function forbidden(name: string, mode: number, wanted: string): Trial {
  return {
    name,
    run: async () => {
      const server = await startFaultServer(content);
      const base = mkdtempSync(join(tmpdir(), 'tapprep-denied-'));
      const cache = join(base, 'cache');
      try {
        chmodSync(base, 0o755);
        mkdirSync(cache, { mode: 0o777 });
        chmodSync(cache, mode);
        const request = requestFor(content, `${server.url}file.bin`);
        const asNobody = [
          '--reuid=65534',
          '--regid=65534',
          '--clear-groups',
          process.execPath,
          CHILD,
          taskFor(cache, request),
        ];
        const { stdout } = await run('setpriv', asNobody);
        const { code } = JSON.parse(stdout) as Answer;
        require(code === wanted, `expected ${wanted}: ${stdout}`);
      } finally {
        rmSync(base, { recursive: true, force: true });
        await server.close();
      }
    },
  };
}

/** All of them. */
export function diskTrials(): readonly Trial[] {
  return [
    ...Array.from({ length: FULL_STEPS }, (_, at) => fullAt(at)),
    ...Array.from({ length: 12 }, (_, left) => inodesAt(left)),
    onTmpfs('read only', 'size=8m', 'mount -o remount,ro "$1"', 'mount -o remount,rw "$1"'),
    // Root's: who it belongs to is seen first, where it can be seen.
    forbidden('a cache without permission to write', 0o555, 'CACHE_UNUSABLE'),
    forbidden('a cache without any permission', 0o000, 'PERMISSION'),
    ...SPOILS.map(([name, spoil]) => damaged(name, spoil)),
    ...Array.from({ length: 8 }, (_, round) => powerLoss(round)),
  ];
}
