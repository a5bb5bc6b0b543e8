/**
 * All measurements with one command: `npm run bench -- [--pairs N] [--only start,plan,install,download,mirrors,fleet,scripts,rehearsal] [--quick]`.
 * Installs the peers that are missing, writes docs/benchmarks.md and its plots, and prints what it does.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GpgHome } from '../test/helpers/gpg.ts';
import { serveNginx } from '../test/helpers/nginx.ts';
import { type Bench, type CaseReport } from './bench.ts';
import { listMisses } from './compare.ts';
import { benchDownload, benchMirrors } from './download.ts';
import { benchFleet } from './fleet.ts';
import { benchInstall } from './install.ts';
import { benchPlan } from './plan.ts';
import { type ScriptReport, readLoad, writeReport } from './report.ts';
import { benchStart } from './start.ts';

const ROOT = join(import.meta.dirname, '..');
const PEERS = ['aria2', 'curl', 'dnf', 'apt', 'nginx-light', 'time', 'createrepo-c', 'rpm', 'gnupg', 'gpgv'];

const CASES: Readonly<Record<string, (bench: Bench) => Promise<CaseReport>>> = {
  start: benchStart,
  plan: benchPlan,
  install: benchInstall,
  download: benchDownload,
  mirrors: benchMirrors,
  fleet: benchFleet,
};

/** Measurements with a form of their own; one that is not there is left out. */
const SCRIPTS: readonly (readonly [string, readonly string[]])[] = [
  ['Explain', ['bench/explain.ts', '50']],
  ['Bundle', ['bench/bundle.ts']],
];
const SCRIPT_MS = 240_000;

const EVERYTHING = [...Object.keys(CASES), 'scripts', 'rehearsal'];

const { values: options } = parseArgs({
  options: {
    pairs: { type: 'string', default: '5' },
    only: { type: 'string', default: EVERYTHING.join(',') },
    quick: { type: 'boolean', default: false },
  },
});
const only = options.only.split(',');

function installPeers(): void {
  const installed = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...PEERS], {
    encoding: 'utf8',
  });
  const missing = PEERS.filter((name) => !installed.stdout.includes(`${name} installed\n`));
  if (missing.length === 0) return;
  console.log(`installing ${missing.join(' ')}`);
  for (const argv of [['update'], ['install', '--yes', '--no-install-recommends', ...missing]]) {
    const { status } = spawnSync('apt-get', ['-qq', ...argv], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`apt-get ${argv.join(' ')} ended with ${status}`);
  }
}

function runScript(title: string, argv: readonly string[]): ScriptReport | null {
  if (!existsSync(join(ROOT, argv[0] ?? ''))) return null;
  console.log(`\n${title}: node ${argv.join(' ')}`);
  const result = spawnSync(process.execPath, argv, { cwd: ROOT, encoding: 'utf8', timeout: SCRIPT_MS });
  if (result.status !== 0) process.exitCode = 1;
  const end = result.status === 0 ? '' : `\nended with ${result.status ?? result.signal}: ${result.stderr.slice(-500)}`;
  console.log(result.stdout + end);
  return { title, command: `node ${argv.join(' ')}`, output: result.stdout + end };
}

/** Cold, but for the network; and the same again. Wanted: 120 s and 20 s. */
function runRehearsal(directory: string): ScriptReport {
  const argv = ['rehearse', '--distro', 'debian:11', '--kernel', '5.10.0-32-cloud-amd64', '--yes', '--json'];
  const words = [join(ROOT, 'bin/tapprep.js'), ...argv, '--cache-dir', join(directory, 'rehearsal')];
  const lines = ['cold, at most 120 s', 'again, at most 20 s'].map((name) => {
    console.log(`\nrehearsal, ${name}`);
    const started = performance.now();
    const result = spawnSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (result.status !== 0) process.exitCode = 1;
    const seconds = (performance.now() - started) / 1000;
    const report = JSON.parse(result.stdout) as { readonly stages: readonly { stage: string; seconds: number }[] };
    const stages = report.stages.map((each) => `${each.stage} ${each.seconds.toFixed(1)} s`).join(', ');
    const line = `${name}: exit ${result.status}, ${seconds.toFixed(1)} s (${stages})`;
    console.log(line);
    return line;
  });
  return { title: 'Rehearsal by stage', command: `tapprep ${argv.join(' ')}`, output: lines.join('\n') };
}

function printRows({ rows }: CaseReport): void {
  for (const row of rows) {
    const misses = listMisses(row);
    console.log(
      `${row.work}, ${row.peer}: ${row.ours.seconds.toFixed(2)} s to ${row.theirs.seconds.toFixed(2)} s = ${row.timeRatio.toFixed(2)}, ` +
        `${row.ours.megabytes.toFixed(0)} MB to ${row.theirs.megabytes.toFixed(0)} MB = ${row.memoryRatio.toFixed(2)}` +
        (misses.length === 0 ? '' : `; MISSED: ${misses.map(({ text }) => text).join(', ')}`),
    );
  }
}

if (!existsSync(join(ROOT, 'dist/cli/main.js'))) throw new Error('run "npm run build" first');
installPeers();
const before = readLoad();
const directory = mkdtempSync(join(tmpdir(), 'tapprep-bench-'));
const gpg = new GpgHome();
const server = await serveNginx(directory);
const cases: CaseReport[] = [];
const scripts: ScriptReport[] = [];
try {
  const key = gpg.makeKey('bench', 'rsa2048');
  const bench: Bench = {
    directory,
    server,
    gpg,
    key,
    pairs: options.quick ? 1 : Number(options.pairs),
    quick: options.quick,
    say: (text) => console.log(text),
  };
  for (const name of only) {
    const run = CASES[name];
    if (run === undefined) continue;
    console.log(`\n${name}`);
    try {
      const report = await run(bench);
      printRows(report);
      cases.push(report);
    } catch (error) {
      // One that fails must not cost the others their figures; it is told in the page and by the exit code.
      console.error(error);
      scripts.push({
        title: `${name}: not measured`,
        command: `npm run bench -- --only ${name}`,
        output: String(error),
      });
      process.exitCode = 1;
    }
  }
  if (only.includes('scripts')) {
    for (const [title, argv] of SCRIPTS) scripts.push(...[runScript(title, argv)].filter((each) => each !== null));
  }
  if (only.includes('rehearsal')) scripts.push(runRehearsal(directory));
} finally {
  await server.close();
  gpg.close();
  rmSync(directory, { recursive: true, force: true });
}
const isWhole = !options.quick && EVERYTHING.every((name) => only.includes(name));
if (!isWhole) {
  console.log('\nnot everything was measured: docs/benchmarks.md stays');
} else {
  writeReport(join(ROOT, 'docs'), cases, scripts, [before, readLoad()]);
  console.log('\nwritten: docs/benchmarks.md');
}
