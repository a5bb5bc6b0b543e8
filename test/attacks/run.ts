/** `npm run attacks [KIND…]`: every attack against the sources as they are and against a copy without its guard. */
import { tmpdir } from 'node:os';
import { openTemporary } from '../helpers/temporary.ts';
import { type Attack, endAll, type Outcome, type Tree } from './attack.ts';
import { type Listed, listAttacks } from './list.ts';
import { openTrees, type Trees } from './trees.ts';

/** Fewer than so many attacks are no proof: a file of them went missing. */
const AT_LEAST = 120;
/** Most of the time is spent waiting for gpg, gpgv and child processes. */
const AT_ONCE = 4;
const LIMIT_MS = 240_000;

interface Tried extends Listed {
  readonly held: boolean;
  readonly words: string;
}

async function main(wanted: readonly string[]): Promise<void> {
  const started = performance.now();
  // All that fixtures, helpers and the attacked code put into the temporary directory goes with it.
  const closeTemporary = openTemporary(4 * 1024 ** 3);
  try {
    const all = await listAttacks();
    const listed = wanted.length === 0 ? all : all.filter(({ kind }) => wanted.includes(kind));
    const tried = await tryAll(listed, openTrees(tmpdir()));
    const held = tried.filter((attack) => attack.held).length;
    const missing = wanted.length === 0 ? Math.max(0, AT_LEAST - listed.length) : 0;
    if (missing > 0) console.log(`only ${listed.length} attacks are listed, and there have to be ${AT_LEAST}`);
    const failed = listed.length - held + missing + (listed.length === 0 ? 1 : 0);
    console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
    console.log(`attacks: tried ${tried.length}, held ${held}`);
    console.log(`${held} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
  } finally {
    endAll();
    closeTemporary();
  }
}

async function tryAll(listed: readonly Listed[], trees: Trees): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  const queue = listed.values();
  const work = async (): Promise<void> => {
    for (const each of queue) {
      const outcome = { ...each, ...(await tryOne(each.attack, trees)) };
      // One line for each that was held, whatever the attacker's words hold.
      const words = outcome.held ? outcome.words.replaceAll(/[\u0000-\u001f]+/g, ' ') : outcome.words;
      console.log(`${outcome.held ? 'held  ' : 'FAILED'} ${each.kind}: ${each.attack.name} (${words})`);
      tried.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return tried;
}

async function tryOne(attack: Attack, trees: Trees): Promise<Pick<Tried, 'held' | 'words'>> {
  try {
    const real = await attempt(attack, trees.whole);
    if (real.result === 'succeeded') return { held: false, words: `it got through: ${real.got}` };
    const off = await attempt(attack, trees.without(attack.guard));
    return off.result === 'succeeded'
      ? { held: true, words: `${real.by}; without the guard: ${off.got}` }
      : { held: false, words: `${real.by}, but without its guard it is held too, by ${off.by}` };
  } catch (error) {
    return { held: false, words: `neither held nor through: ${error instanceof Error ? error.stack : String(error)}` };
  }
}

async function attempt(attack: Attack, tree: Tree): Promise<Outcome> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no end within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  try {
    return await Promise.race([attack.attempt(tree), late]);
  } finally {
    clearTimeout(timer);
  }
}

await main(process.argv.slice(2));
