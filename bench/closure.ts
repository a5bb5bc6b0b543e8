/**
 * Closures beside dnf's: `node bench/closure.ts [--requests N] [--seed N] [--sizes 500,5000,25000] [DIRECTORY …]`.
 * Each DIRECTORY holds a repodata of any rpm distribution; without one, repositories made by the seed are compared. Every
 * disagreement is printed; less than 98 of 100 alike, or a set that dnf calls broken, ends with 1.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Closure, judgeByDnf, listNames, openClosures } from '../test/helpers/closure-judge.ts';
import { drawRequests, makeClosureRepository } from '../test/helpers/closure-repository.ts';

const WANTED_SHARE = 0.98;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    requests: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    sizes: { type: 'string', default: '500,5000,25000' },
  },
});
const [seed, count] = [Number(options.seed), Number(options.requests)];

/** Compares and prints; whether enough is alike. */
async function compare(title: string, directory: string, names: readonly string[]): Promise<boolean> {
  const requests = drawRequests(names, seed, count);
  const started = performance.now();
  const ours = await openClosures(directory);
  const found: Closure[] = [];
  for (const request of requests) found.push(await ours(request));
  const seconds = (performance.now() - started) / 1000;
  const theirs = judgeByDnf(directory, requests);
  const isSame = requests.map((_, at) => JSON.stringify(found[at]) === JSON.stringify(theirs[at]));
  for (const [at, request] of requests.entries()) {
    if (isSame[at] === true) continue;
    const [own, other] = [found[at] ?? null, theirs[at] ?? null];
    console.log(`  ${request.join(' ')}`);
    console.log(`    only here: ${own?.filter((label) => other?.includes(label) !== true).join(' ') ?? 'no closure'}`);
    console.log(`    only dnf:  ${other?.filter((label) => own?.includes(label) !== true).join(' ') ?? 'no closure'}`);
  }
  const alike = isSame.filter(Boolean).length;
  const none = theirs.filter((closure) => closure === null).length;
  console.log(
    `${title}: ${alike} of ${requests.length} as dnf (${none} without a closure on its side), seed ${seed}, ours took ${seconds.toFixed(1)} s`,
  );
  return alike >= WANTED_SHARE * requests.length;
}

let isGood = true;
for (const directory of positionals.map((path) => resolve(path))) {
  isGood = (await compare(directory, directory, await listNames(directory))) && isGood;
}
if (positionals.length === 0) {
  const work = mkdtempSync(join(tmpdir(), 'bench-closure-'));
  for (const size of options.sizes.split(',').map(Number)) {
    const directory = join(work, String(size));
    const names = makeClosureRepository(directory, seed, size);
    isGood = (await compare(`${size} packages made by a seed`, directory, names)) && isGood;
  }
  rmSync(work, { recursive: true });
}
process.exitCode = isGood ? 0 : 1;
