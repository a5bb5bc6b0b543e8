/** Runs one command and tells what the operating system accounts for it: wall time, and the memory of its largest process. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One run of one command. */
export interface Run {
  readonly seconds: number;
  /** Processor time in the program itself, in hundredths. */
  readonly userSeconds: number;
  readonly megabytes: number;
  readonly stdout: string;
}

export interface MeasureOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that count as done; 0 unless told. */
  readonly accept?: readonly number[];
}

const MOST_MS = 240_000;

/** @throws Error when the command ends with another exit code than expected */
export function measure(argv: readonly string[], options: MeasureOptions = {}): Run {
  const directory = mkdtempSync(join(tmpdir(), 'tapprep-time-'));
  const report = join(directory, 'report');
  try {
    // GNU time reads ru_maxrss of the children that it waited for; its wall time is in hundredths, too coarse here.
    const started = performance.now();
    const result = spawnSync('/usr/bin/time', ['-q', '-o', report, '-f', '%M %U', ...argv], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      timeout: MOST_MS,
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const seconds = (performance.now() - started) / 1000;
    if (!(options.accept ?? [0]).includes(result.status ?? -1)) {
      throw new Error(`${argv.join(' ')} ended with ${result.status ?? result.signal}: ${result.stderr.slice(-2000)}`);
    }
    const [kilobytes = 0, userSeconds = 0] = readFileSync(report, 'utf8').split(' ').map(Number);
    return { seconds, userSeconds, megabytes: (kilobytes * 1024) / 1e6, stdout: result.stdout };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
