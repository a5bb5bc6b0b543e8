/**
 * Measures which statements of src/ the tests execute, and prints it by folder, the least first: `npm run coverage`.
 *
 * Half of the tests run tapprep as its users do, as a process of its own. Node writes what such a process executed of dist/
 * (NODE_V8_COVERAGE), source maps lead from there to src/, and a statement counts when one of the two ways reached the line
 * on which it starts. A process that is killed writes nothing.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mergeProcessCovs, type ProcessCoverage } from '@bcoe/v8-coverage';
import { convert } from 'ast-v8-to-istanbul';
import { parseAstAsync } from 'vitest/node';

/** As Istanbul writes it: where each statement starts, and how often it was executed. */
interface FileCoverage {
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  readonly s: Readonly<Record<string, number>>;
}
type Coverage = Readonly<Record<string, FileCoverage>>;
type SourceMap = NonNullable<Parameters<typeof convert>[0]['sourceMap']>;

const DIST = pathToFileURL(`${resolve('dist')}/`).href;
/** So many processes are merged at once: each holds all functions of the program. */
const BATCH = 50;

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>>): boolean {
  return spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;
}

/** What all processes executed of dist/, one entry a file. */
function mergeProcesses(directory: string): ProcessCoverage['result'] {
  const files = globSync('*.json', { cwd: directory });
  let merged: ProcessCoverage = { result: [] };
  for (let at = 0; at < files.length; at += BATCH) {
    const read = files.slice(at, at + BATCH).map((file) => {
      const { result } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as ProcessCoverage;
      return { result: result.filter(({ url }) => url.startsWith(DIST)) };
    });
    merged = mergeProcessCovs([merged, ...read]);
  }
  process.stdout.write(`${files.length} processes\n`);
  return merged.result;
}

/** "PATH LINE" of each line of src/ on which a statement starts that a process executed. */
async function readProcesses(directory: string): Promise<ReadonlySet<string>> {
  const lines = new Set<string>();
  for (const coverage of mergeProcesses(directory)) {
    const path = fileURLToPath(coverage.url);
    const code = readFileSync(path, 'utf8');
    const sourceMap = JSON.parse(readFileSync(`${path}.map`, 'utf8')) as SourceMap;
    const found = (await convert({ code, ast: parseAstAsync(code), coverage, sourceMap })) as Coverage;
    for (const [file, { statementMap, s }] of Object.entries(found))
      for (const [id, { start }] of Object.entries(statementMap))
        if ((s[id] ?? 0) > 0) lines.add(`${file} ${start.line}`);
  }
  return lines;
}

interface Count {
  readonly folder: string;
  statements: number;
  executed: number;
}

/** Statements of each folder of src/, with what either way executed of them. */
function countByFolder(inProcess: Coverage, byProcesses: ReadonlySet<string>): readonly Count[] {
  const counts = new Map<string, Count>();
  for (const [file, { statementMap, s }] of Object.entries(inProcess)) {
    const folder = dirname(relative('.', file));
    const count = counts.get(folder) ?? { folder, statements: 0, executed: 0 };
    counts.set(folder, count);
    for (const [id, { start }] of Object.entries(statementMap)) {
      count.statements += 1;
      if ((s[id] ?? 0) > 0 || byProcesses.has(`${file} ${start.line}`)) count.executed += 1;
    }
  }
  return [...counts.values()];
}

const share = ({ statements, executed }: Count): number => (statements === 0 ? 1 : executed / statements);
const render = (count: Count): string =>
  `${(share(count) * 100).toFixed(1).padStart(6)} %  ${count.executed}/${count.statements}  ${count.folder}\n`;

const work = mkdtempSync(join(tmpdir(), 'tapprep-coverage-'));
try {
  if (!run('node', ['scripts/build.js', '--source-maps'], {})) throw new Error('the build failed');
  const words = [
    'enabled',
    'provider=v8',
    'reporter=json',
    'include=src/**/*.ts',
    `reportsDirectory=${work}/in-process`,
  ];
  const areWell = run(
    'vitest',
    ['run', ...words.map((word) => `--coverage.${word}`), '--coverage.reportOnFailure', ...process.argv.slice(2)],
    { NODE_V8_COVERAGE: join(work, 'processes') },
  );
  const inProcess = JSON.parse(readFileSync(join(work, 'in-process/coverage-final.json'), 'utf8')) as Coverage;
  const counts = countByFolder(inProcess, await readProcesses(join(work, 'processes')));
  const total = { folder: 'src, as a whole', statements: 0, executed: 0 };
  for (const { statements, executed } of counts) {
    total.statements += statements;
    total.executed += executed;
  }
  process.stdout.write([...counts.toSorted((a, b) => share(a) - share(b)), total].map(render).join(''));
  if (!areWell) process.stdout.write('some tests failed: what they did not reach is missing here\n');
  process.exitCode = areWell ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
  run('node', ['scripts/build.js'], {});
}
