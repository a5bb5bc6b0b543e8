/**
 * How fast `explain` reads a large log, beside `grep -c` of the same file in the same run.
 *
 *   node bench/explain.ts [MEGABYTES] [CHECKOUT]
 *
 * Prints MB/s and peak resident memory of both and their ratios, for an ordinary log, a flood of interesting lines,
 * one line without end, and random bytes. With CHECKOUT, another commit of tapprep where "npm run build" was run, it is
 * held against that one instead: processor time and memory of both in turn. The log is made in a temporary directory
 * and removed.
 */
import { spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { measure as measureRun, median } from './measure.ts';

const MEGABYTE = 1_000_000;
const PAIRS = 7;
const megabytes = Number(process.argv[2] ?? 200);
const checkout = process.argv[3] ?? null;
const directory = mkdtempSync(join(tmpdir(), 'tapprep-bench-'));

const ERROR =
  'Checking "/lib/modules/4.18.0-80.el8.x86_64/build/.config" failed with error: No such file or directory\n';
const ORDINARY = [
  '2026-03-04T05:06:07.891234+00:00 web-1 kernel: [12345.678901] e1000e 0000:00:1f.6 eno1: NIC Link is Up 1000 Mbps\n',
  '  CC [M]  drivers/net/ethernet/intel/e1000e/netdev.o\n',
  'Mar  4 05:06:07 web-1 sshd[4711]: Accepted publickey for deploy from 192.0.2.10 port 51234 ssh2: ED25519\n',
  "make[2]: Entering directory '/usr/src/linux-headers-6.1.0-18-amd64'\n",
  'audit: type=1400 audit(1700000000.123:456): apparmor="ALLOWED" operation="open" profile="unconfined"\n',
].join('');

const CASES: readonly (readonly [string, () => Buffer])[] = [
  ['ordinary log', () => Buffer.from(ORDINARY.repeat(2_000))],
  ['flood of errors', () => Buffer.from(ERROR.repeat(10_000))],
  ['one endless line', () => Buffer.alloc(MEGABYTE, 'configure: checking ')],
  ['random bytes', () => randomFillSync(Buffer.alloc(MEGABYTE))],
  ['zero bytes', () => Buffer.alloc(MEGABYTE)],
];

function writeLog(path: string, block: Buffer): void {
  const file = openSync(path, 'w');
  for (let written = 0; written < megabytes * MEGABYTE;) written += writeSync(file, block);
  writeSync(file, `\n${ERROR}`);
  closeSync(file);
}

interface Measured {
  readonly seconds: number;
  readonly peakMegabytes: number;
}

/** Runs a command and watches the high-water mark of its memory. */
async function measure(argv: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: 'ignore' });
  const ended = new Promise<number>((done, fail) => {
    child.on('error', fail);
    child.on('exit', () => {
      done((performance.now() - started) / 1000);
    });
  });
  let peakMegabytes = 0;
  for (;;) {
    peakMegabytes = Math.max(peakMegabytes, highWater(child.pid ?? 0));
    const seconds = await Promise.race([sleep(3), ended]);
    if (typeof seconds === 'number') return { seconds, peakMegabytes };
  }
}

function highWater(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}

const MAIN = JSON.stringify(join(import.meta.dirname, '../src/cli/main.ts'));
const path = join(directory, 'log');
const explainArgv = [
  process.execPath,
  '--input-type=module',
  '--eval',
  `process.argv.splice(1, Infinity, 'tapprep', 'explain', '--json', ${JSON.stringify(path)}); await (await import(${MAIN})).main();`,
];

const explainIn = (tree: string) =>
  measureRun([process.execPath, join(tree, 'bin/tapprep.js'), 'explain', '--json', path]);

/** One line: this tree beside another commit's, in turn; the ratio is the median of those within a pair. */
function besideCheckout(other: string): string {
  const trees = [join(import.meta.dirname, '..'), other];
  trees.forEach(explainIn);
  const pairs = Array.from({ length: PAIRS }, () => trees.map(explainIn));
  const user = (at: number): number => median(pairs.map((runs) => runs[at]?.userSeconds ?? 0));
  const memory = (at: number): number => median(pairs.map((runs) => runs[at]?.megabytes ?? 0));
  const ratio = median(pairs.map((runs) => (runs[0]?.userSeconds ?? 0) / (runs[1]?.userSeconds ?? 1)));
  return (
    `${user(0).toFixed(2)} s of user CPU, ${memory(0).toFixed(0)} MB; ` +
    `the other ${user(1).toFixed(2)} s, ${memory(1).toFixed(0)} MB; ` +
    `ratio ${ratio.toFixed(2)} in time, ${(memory(0) / memory(1)).toFixed(2)} in memory`
  );
}

async function besideGrep(): Promise<string> {
  await measure(['grep', '-c', "Couldn't insert module", path]);
  const grep = await measure(['grep', '-c', "Couldn't insert module", path]);
  const explain = await measure(explainArgv);
  return (
    `explain ${(megabytes / explain.seconds).toFixed(0)} MB/s, ${explain.peakMegabytes.toFixed(0)} MB peak; ` +
    `grep -c ${(megabytes / grep.seconds).toFixed(0)} MB/s, ${grep.peakMegabytes.toFixed(0)} MB peak; ` +
    `ratio ${(explain.seconds / grep.seconds).toFixed(1)} in time, ${(explain.peakMegabytes / grep.peakMegabytes).toFixed(1)} in memory`
  );
}

try {
  for (const [name, block] of CASES) {
    writeLog(path, block());
    console.log(`${name.padEnd(17)} ${checkout === null ? await besideGrep() : besideCheckout(checkout)}`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
