/** Keeps what the lab saw of every script: all results, those proven for the catalogue, and a table for people. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifyStep } from '../../../src/types.ts';

interface Result {
  readonly script: string;
  readonly kernel: string;
  readonly arch: string;
  readonly systemtap: string;
  readonly date: string;
  readonly status: VerifyStep['status'];
  readonly reason: string | null;
}

export type Run = Pick<Result, 'kernel' | 'arch' | 'systemtap' | 'date'>;

const ROOT = join(import.meta.dirname, '../../..');
const RESULTS = join(import.meta.dirname, 'results.json');

/** Replaces what was known of the same scripts on the same kernel with the same SystemTap. */
export function recordResults(run: Run, steps: readonly VerifyStep[]): void {
  const seen = steps.flatMap(({ step, status, reason }): readonly Result[] =>
    step.startsWith('script ')
      ? [{ script: step.slice('script '.length), ...run, status, reason: reason && stable(reason) }]
      : [],
  );
  const isNew = (old: Result): boolean =>
    seen.some(({ script }) => script === old.script) && old.kernel === run.kernel && old.systemtap === run.systemtap;
  const results = [...readResults().filter((old) => !isNew(old)), ...seen].toSorted((a, b) =>
    keyOf(a) < keyOf(b) ? -1 : 1,
  );
  writeJson(RESULTS, results);
  writeJson(
    join(ROOT, 'stp/proven.json'),
    results
      .filter(({ status }) => status === 'pass')
      .map(({ script, kernel, arch, systemtap, date }) => ({ script, kernel, arch, systemtap, date })),
  );
  writeFileSync(join(ROOT, 'docs/scripts-proven.md'), renderTable(results));
}

function keyOf({ kernel, systemtap, script }: Result): string {
  return `${kernel} ${systemtap} ${script}`;
}

function readResults(): readonly Result[] {
  try {
    return JSON.parse(readFileSync(RESULTS, 'utf8')) as readonly Result[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Without the names of directories that were made for one run. */
function stable(reason: string): string {
  return reason.replaceAll(/\/[^\s\]"]*\/(?=[^/\s\]"]+)/g, '');
}

function renderTable(results: readonly Result[]): string {
  const columns = [...new Set(results.map(({ kernel, systemtap }) => `${kernel} ${systemtap}`))];
  const scripts = [...new Set(results.map(({ script }) => script))].toSorted();
  const find = (script: string, column: string): Result | undefined =>
    results.find((one) => one.script === script && `${one.kernel} ${one.systemtap}` === column);
  const reasons = results.filter(({ status }) => status !== 'pass');
  const head = columns.map((column) => column.replace(' ', '<br>SystemTap '));
  const rows = scripts.map((script) => [
    script,
    ...columns.map((column) => {
      const result = find(script, column);
      if (result === undefined) return '';
      return result.status === 'pass' ? 'proven' : `no (${reasons.indexOf(result) + 1})`;
    }),
  ]);
  const lines = [['script', ...head], ['---', ...columns.map(() => '---')], ...rows].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  const notes = reasons.map(
    ({ script, kernel, systemtap, reason }, index) =>
      `${index + 1}. ${script} on ${kernel} with SystemTap ${systemtap}: \`${reason ?? ''}\``,
  );
  return [
    '# What each script was proven on',
    '',
    'Written by `node test/lab/scripts/prove.ts --record`; do not edit. Proven means: in a virtual machine that ran this',
    'kernel the script printed the event that was made for it, and nothing of the control event.',
    '',
    ...lines,
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
  ].join('\n');
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
