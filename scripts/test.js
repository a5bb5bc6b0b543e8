// npm test: builds, then runs the tests, and beside them the static checks and the attacks: half of the tests' time goes by in
// waiting for programs that they start. What stands beside is printed when it has ended; the first failure of a check ends all.
import { spawn } from 'node:child_process';

/** Programs at work, by their process groups. */
const running = new Set();

/** @returns whether it ended well. @param isQuiet its words are printed once it has ended, so that no two are mixed */
async function run(name, argv, isQuiet) {
  const started = performance.now();
  const child = spawn(argv[0], argv.slice(1), {
    stdio: ['inherit', isQuiet ? 'pipe' : 'inherit', isQuiet ? 'pipe' : 'inherit'],
  });
  running.add(child);
  const words = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => words.push(chunk));
  const code = await new Promise((resolve) => {
    child.on('close', resolve);
    child.on('error', resolve);
  });
  running.delete(child);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  return { name, isWell: code === 0, seconds, words: Buffer.concat(words).toString() };
}

function tell({ name, isWell, seconds, words }) {
  process.stdout.write(`\n${words}${name}: ${isWell ? 'well' : 'FAILED'}, ${seconds} s\n`);
}

const CHECKS = [
  ['types', ['tsc', '--noEmit']],
  ['lint', ['oxlint', '--type-aware', '--deny-warnings']],
  ['format', ['oxfmt', '--check']],
  ['dead code', ['knip']],
];

/** One after the other, so that two cores are left something for the tests. */
async function beside() {
  const done = [];
  for (const [name, argv] of [...CHECKS, ['attacks', ['node', 'test/attacks/run.ts']]]) {
    const result = await run(name, argv, true);
    done.push(result);
    tell(result);
    if (!result.isWell) {
      for (const child of running) child.kill('SIGTERM');
      break;
    }
  }
  return done;
}

const built = await run('build', ['npm', 'run', '--silent', 'build'], false);
if (!built.isWell) process.exit(1);
const [tests, others] = await Promise.all([run('tests', ['vitest', 'run', ...process.argv.slice(2)], false), beside()]);
const all = [built, tests, ...others];
process.stdout.write(
  `\n${all.map(({ name, isWell, seconds }) => `${name}: ${isWell ? 'well' : 'FAILED'}, ${seconds} s`).join('\n')}\n`,
);
process.exitCode = all.every(({ isWell }) => isWell) ? 0 : 1;
