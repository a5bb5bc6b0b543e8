/** What the lab saw on one kernel: kept from run to run, so that a run of one kernel leaves the others as they were. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { textOf } from '../../../src/sentence.ts';
import type { PlannedSystemtap } from '../../../src/pipeline/predict-systemtap.ts';
import type { TriedSystemtap } from '../../../src/pipeline/provide-systemtap.ts';
import type { Predictions } from '../../../src/systemtap/predict.ts';
import type { VerifyReport, VerifyStep } from '../../../src/types.ts';
import { renderPage } from './page.ts';

/** One step of the ladder, or one script. */
export interface Outcome {
  readonly name: string;
  readonly status: VerifyStep['status'];
  readonly reason: string | null;
  readonly seconds: number;
}

/** One way to a SystemTap: what `plan` expected before any download, and what compiling and loading showed. */
export interface Way extends Predictions {
  readonly name: string;
  /** "proven", or why not; null where it was not tried. */
  readonly seen: string | null;
}

export interface KernelRecord {
  /** "Debian 11" */
  readonly system: string;
  readonly release: string;
  readonly arch: string;
  /** Day of the run, ISO. */
  readonly date: string;
  readonly ways: readonly Way[];
  /** The release of SystemTap that was taken. */
  readonly systemtap: string;
  readonly ladder: readonly Outcome[];
  readonly scripts: readonly Outcome[];
  /** What was measured, in seconds, by its name. */
  readonly seconds: Readonly<Record<string, number>>;
}

const ROOT = join(import.meta.dirname, '../../..');
const RESULTS = join(import.meta.dirname, 'results');

/** Cuts a report into the ladder and the scripts. */
export function readOutcomes({ steps }: VerifyReport): Pick<KernelRecord, 'systemtap' | 'ladder' | 'scripts'> {
  const outcomes = steps.map(({ step, script, status, reason, seconds }) => {
    const words = reason === null ? null : withoutPaths(textOf(reason));
    return { script, outcome: { name: script ?? step, status, reason: words, seconds } };
  });
  return {
    systemtap: /version (\d+\.\d+)/.exec(steps.find(({ id }) => id === 'tools')?.output ?? '')?.[1] ?? 'none',
    ladder: outcomes.flatMap(({ script, outcome }): readonly Outcome[] => (script === null ? [outcome] : [])),
    scripts: outcomes.flatMap(({ script, outcome }): readonly Outcome[] => (script === null ? [] : [outcome])),
  };
}

/** What was expected of every way, and what became of those that were tried; what was tried later weighs more. */
export function mergeWays(planned: readonly PlannedSystemtap[], tried: readonly TriedSystemtap[]): readonly Way[] {
  const ways = new Map<string, Way>();
  for (const way of planned)
    ways.set(way.name, { name: way.name, hello: way.hello, 'kernel.function': way['kernel.function'], seen: null });
  for (const { name, predicted, ready, reason } of tried) {
    const expected = ways.get(name) ?? predicted;
    const seen = ready ? 'proven' : withoutPaths(reason === null ? 'no reason was given' : textOf(reason));
    if (expected !== null) ways.set(name, { ...expected, name, seen });
  }
  return [...ways.values()].toSorted((a, b) => Number(a.seen === null) - Number(b.seen === null));
}

/** What was said of a way, without the names of directories that were made for one run; those of every system stay. */
function withoutPaths(reason: string): string {
  return reason.replaceAll(/(?<![^\s"'(:])\/(?!(?:boot|etc|lib|proc|sys|usr)\/)[^\s\]"]*\/(?=[^/\s\]"]+)/g, '');
}

/** What putting a portable SystemTap together took, its packages already here. */
export interface PortableRecord {
  readonly version: string;
  readonly suite: string;
  /** Seconds without and with the folder in the cache. */
  readonly cold: number;
  readonly cached: number;
  readonly megabytes: number;
  readonly files: number;
}

/** Keeps a record, and writes docs/lab-results.md and stp/proven.json anew from all of them. */
export function keepRecord(record: KernelRecord): void {
  const path = join(RESULTS, `${record.system.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.json`);
  const before = existsSync(path) ? (readJson(path) as KernelRecord).seconds : {};
  writeJson(path, { ...record, seconds: { ...before, ...record.seconds } });
  writePages();
}

/** The same for a portable SystemTap. */
export function keepPortable(record: PortableRecord): void {
  writeJson(join(RESULTS, 'portable', `${record.version}.json`), record);
  writePages();
}

function writePages(): void {
  const records = readFolder(RESULTS) as readonly KernelRecord[];
  const portable = readFolder(join(RESULTS, 'portable')) as readonly PortableRecord[];
  writeFileSync(join(ROOT, 'docs/lab-results.md'), renderPage(records, portable));
  const proven = records.flatMap(({ scripts, release, arch, systemtap, date }) =>
    scripts
      .filter(({ status }) => status === 'pass')
      .map(({ name }) => ({ script: name, kernel: release, arch, systemtap, date })),
  );
  writeJson(join(ROOT, 'stp/proven.json'), proven);
}

/** The records of a folder in the order of their names, numbers as numbers. */
function readFolder(folder: string): readonly unknown[] {
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => file.endsWith('.json'))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((file) => readJson(join(folder, file)));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8')) as unknown;
}

function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
