// test.js [e2e] [ARGUMENT OF VITEST…]: builds, then runs tests, and checks beside them: half of the tests' time goes by in waiting
// for programs that they start. What stands beside is printed when it has ended; the first failure of a check ends all.
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

/** What is asked after every change, and what takes whole systems: the same two kinds of work, each with its share. */
const PARTS = {
  quick: {
    projects: ['unit', 'fuzz', 'integration'],
    checks: [
      ['types', ['tsc', '--noEmit']],
      ['lint', ['oxlint', '--type-aware', '--deny-warnings']],
      ['format', ['oxfmt', '--check']],
      ['dead code', ['knip']],
    ],
  },
  e2e: { projects: ['e2e'], checks: [['attacks', ['node', 'test/attacks/run.ts']]] },
};

const isWhole = process.argv[2] === 'e2e';
const { projects, checks } = PARTS[isWhole ? 'e2e' : 'quick'];
const vitest = [
  'vitest',
  'run',
  ...projects.map((name) => `--project=${name}`),
  ...process.argv.slice(isWhole ? 3 : 2),
];

/** One after the other, so that two cores are left something for the tests. */
async function beside() {
  const done = [];
  for (const [name, argv] of checks) {
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
const [tests, others] = await Promise.all([run('tests', vitest, false), beside()]);
const all = [built, tests, ...others];
process.stdout.write(
  `\n${all.map(({ name, isWell, seconds }) => `${name}: ${isWell ? 'well' : 'FAILED'}, ${seconds} s`).join('\n')}\n`,
);
process.exitCode = all.every(({ isWell }) => isWell) ? 0 : 1;
