/**
 * Faults on purpose: `npm run faults -- [--kills N] [--minutes N] [--only network,disk,sharing,clock,race,kills]`.
 * Every trial must end in the right result or a coded error, no wrong file may ever have a final name, and the next run
 * without faults must end right. The minutes (14) are spent in the order of the groups. Prints what was tried, survived and lost; exits with 1 when anything was lost.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clockTrials, sharingTrials } from './clock.ts';
import { diskTrials } from './disk.ts';
import { killTrials } from './kills.ts';
import { openMachine } from './machine.ts';
import { networkTrials } from './network.ts';
import { raceTrials } from './race.ts';
import { type Count, runTrials } from './trial.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '14' },
    kills: { type: 'string', default: '100' },
    only: { type: 'string', default: 'network,disk,sharing,clock,race,kills' },
  },
});

function print({ group, tried, survived, lost, left, seconds }: Count): void {
  const rest = left === 0 ? '' : `, ${left} left out: the time was up`;
  console.log(
    `${group.padEnd(8)} tried ${tried}, survived ${survived}, lost ${lost.length}${rest}, ${seconds.toFixed(0)} s`,
  );
}

if (!existsSync(join(import.meta.dirname, '../../dist/cli/main.js'))) throw new Error('run "npm run build" first');
const counts: Count[] = [];
const deadline = performance.now() + Number(values.minutes) * 60_000;
const machine = await openMachine();
const GROUPS = {
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
    const count = await runTrials(group, await trials(), deadline, (text) => console.log(`  lost: ${text}`));
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
