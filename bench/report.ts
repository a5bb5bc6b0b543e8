/** docs/benchmarks.md and its plots, written from what was measured. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import type { CaseReport } from './bench.ts';
import { MOST_MEGABYTES, type Row, listMisses } from './compare.ts';
import { REASONS } from './reasons.ts';
import { drawPlot } from './svg.ts';

/** What another script of bench/ printed. */
export interface ScriptReport {
  readonly title: string;
  readonly command: string;
  readonly output: string;
}

/** Load average of one minute at the start and at the end. */
export type Load = readonly [number, number];

/** Writes the page and the plots below `docs`. */
export function writeReport(
  docs: string,
  cases: readonly CaseReport[],
  scripts: readonly ScriptReport[],
  load: Load,
): void {
  const plots = join(docs, 'benchmarks');
  rmSync(plots, { recursive: true, force: true });
  mkdirSync(plots, { recursive: true });
  for (const [name, plot] of cases.flatMap((each) => Object.entries(each.plots))) {
    writeFileSync(join(plots, `${name}.svg`), drawPlot(plot));
  }
  writeFileSync(join(docs, 'benchmarks.md'), formatPage(cases, scripts, load));
}

function formatPage(cases: readonly CaseReport[], scripts: readonly ScriptReport[], [before, after]: Load): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Linux ${release()}, Node ${process.version}`;
  const sections = [
    '# Benchmarks',
    `Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC. ${machine}. Load average ${before.toFixed(1)} at the start, ${after.toFixed(1)} at the end.`,
    'Everything is served by nginx on loopback. tapprep and its peers do the same work in turn; times are medians, ratios are medians of the ratios within a round, and memory is the largest process as the operating system accounts it. A ratio below 1 means that tapprep needs less. Every case wants at most ' +
      `${MOST_MEGABYTES} MB for tapprep.`,
    ...cases.flatMap(formatCase),
    ...formatMisses(cases.flatMap(({ rows }) => rows)),
    ...scripts.flatMap(({ title, command, output }) => [
      `## ${title}`,
      `\`${command}\``,
      `\`\`\`\n${output.trim()}\n\`\`\``,
    ]),
  ];
  return `${sections.join('\n\n')}\n`;
}

function formatCase({ title, text, rows, plots }: CaseReport): readonly string[] {
  const head =
    '| work | peer | tapprep | peer | time ratio | wanted | memory ratio | wanted | |\n|---|---|---|---|---|---|---|---|---|';
  const images = Object.entries(plots).map(([name, plot]) => `![${plot.title}](benchmarks/${name}.svg)`);
  return [`## ${title}`, text, [head, ...rows.map(formatRow)].join('\n'), ...images];
}

function formatSide({ seconds, megabytes }: Row['ours']): string {
  return `${seconds.toFixed(seconds < 1 ? 3 : 2)} s, ${megabytes.toFixed(0)} MB`;
}

function formatRow(row: Row): string {
  const misses = listMisses(row);
  const cells = [
    row.work,
    row.peer,
    formatSide(row.ours),
    formatSide(row.theirs),
    row.timeRatio.toFixed(2),
    row.wanted.time === undefined ? '' : `≤ ${row.wanted.time}`,
    row.memoryRatio.toFixed(2),
    row.wanted.memory === undefined ? '' : `≤ ${row.wanted.memory}`,
    misses.length > 0 ? '**missed**' : Object.keys(row.wanted).length > 0 ? 'held' : '',
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The same work may be missed beside several peers: one line for each reason. */
function formatMisses(rows: readonly Row[]): readonly string[] {
  const misses = rows.flatMap((row) => listMisses(row).map((miss) => ({ ...miss, row })));
  const groups = Map.groupBy(misses, ({ row, of }) => `${row.work}, ${of}`);
  const lines = [...groups].map(([key, those]) => {
    const figures = new Set(those.map(({ row, text }) => (text.includes('MB') ? text : `${text} beside ${row.peer}`)));
    return `- ${key}: ${[...figures].join('; ')}. ${REASONS[key] ?? 'Not profiled.'}`;
  });
  const text = lines.join('\n');
  return text === '' ? [] : ['## Missed', text];
}

/** The load average of the last minute. */
export function readLoad(): number {
  return loadavg()[0] ?? 0;
}
