/**
 * Faults on purpose: `npm run faults -- [--kills N] [--signals N] [--seed N] [--minutes N] [--only network,disk,…]`.
 * Every trial must end in the right result or a coded error, no wrong file may ever have a final name, and the next run
 * without faults must end right. The minutes (12) are spent in the order of the groups; roots
 * lie in memory where there is room. Prints what was tried, survived and lost; exits with 1 when anything was lost.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openTemporary } from '../helpers/temporary.ts';
import { clockTrials, sharingTrials } from './clock.ts';
import { diskTrials } from './disk.ts';
import { killTrials } from './kills.ts';
import { openMachine } from './machine.ts';
import { networkTrials } from './network.ts';
import { raceTrials } from './race.ts';
import { signalTrials } from './signals.ts';
import { type Count, runTrials } from './trial.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '12' },
    /** 100 is the whole of it. */
    kills: { type: 'string', default: '40' },
    /** Moments for each of four signals; 100 is the whole of it. */
    signals: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: 'network,disk,sharing,clock,race,signals,kills' },
  },
});

function print({ group, tried, survived, lost, left, seconds }: Count): void {
  const rest = left === 0 ? '' : `, ${left} left out: the time was up`;
  console.log(
    `${group.padEnd(8)} tried ${tried}, survived ${survived}, lost ${lost.length}${rest}, ${seconds.toFixed(0)} s`,
  );
}

if (!existsSync(join(import.meta.dirname, '../../dist/cli/main.js'))) throw new Error('run "npm run build" first');
console.log(`faults: seed ${values.seed}`);
// Nothing here is about the disk but its own group.
const closeTemporary = openTemporary(4 * 1024 ** 3);
process.on('exit', closeTemporary);
const counts: Count[] = [];
const deadline = performance.now() + Number(values.minutes) * 60_000;
const machine = await openMachine();
/** Trials that have a root of their own run beside each other. */
const AT_ONCE: Readonly<Record<string, number>> = { network: 2, signals: 2 };
const GROUPS = {
  signals: () => signalTrials(machine, Number(values.signals), Number(values.seed)),
  kills: () => killTrials(machine, Number(values.kills)),
  network: networkTrials,
  disk: diskTrials,
  sharing: sharingTrials,
  clock: () => clockTrials(machine),
  race: raceTrials,
} as const;
try {
  for (const [group, trials] of Object.entries(GROUPS)) {
    if (!values.only.split(',').includes(group)) continue;
    const count = await runTrials(group, await trials(), {
      deadline,
      atOnce: AT_ONCE[group] ?? 1,
      onLost: (text) => console.log(`  lost: ${text}`),
    });
    print(count);
    counts.push(count);
  }
} finally {
  await machine.close();
}
const sum = (of: (count: Count) => number): number => counts.reduce((total, count) => total + of(count), 0);
console.log(
  `faults: tried ${sum(({ tried }) => tried)}, survived ${sum(({ survived }) => survived)}, lost ${sum(({ lost }) => lost.length)}`,
);
process.exitCode = sum(({ lost }) => lost.length) === 0 ? 0 : 1;
