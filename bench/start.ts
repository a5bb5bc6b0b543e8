/** Start-up: `tapprep --version` beside the bare runtime. */
import type { Bench, CaseReport } from './bench.ts';
import { runTapprep } from './bench.ts';
import { compare } from './compare.ts';
import { measure } from './measure.ts';

const ROUNDS = 21;

/** One comparison of many rounds: each takes less than a tenth of a second. */
export function benchStart({ directory }: Bench): Promise<CaseReport> {
  const node = { name: 'node -e 0', run: () => measure([process.execPath, '-e', '0']), wanted: { time: 1.4 } };
  const rows = compare(
    'start-up',
    { name: 'tapprep', run: () => runTapprep(['--version'], directory) },
    [node],
    ROUNDS,
  );
  return Promise.resolve({
    title: 'Start-up',
    text: `\`tapprep --version\` beside \`node -e 0\` with the same Node, ${ROUNDS} pairs.`,
    rows,
    plots: {},
  });
}
