import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { FAULTS, type Fault, type FaultServer, startFaultServer } from '../../helpers/fault-server.ts';
import { holds, openFetchLab, randomContent, requestFor } from '../../helpers/fetch-lab.ts';

const content = randomContent(150_000);
/** Without a digest nobody can tell these from the right file; trust rests on the signature that is checked later. */
const UNDETECTABLE: ReadonlySet<Fault> = new Set(['wrong-bytes', 'too-short', 'too-long']);
const DETECTABLE = FAULTS.filter((fault) => !UNDETECTABLE.has(fault));
/** Short enough for hundreds of transfers; a slow machine only sees more of them fail. */
const LIMITS = { responseMs: 60, idleMs: 60, lowSpeedWindowMs: 60, backoffMs: 1, maxBackoffMs: 2, maxRetryAfterMs: 10 };

let first: FaultServer;
let second: FaultServer;
beforeAll(async () => {
  first = await startFaultServer(content);
  second = await startFaultServer(content);
});
afterAll(async () => {
  await Promise.all([first.close(), second.close()]);
});

/** Fetches under a script, then without faults; checks what must hold after each. */
async function survive(known: boolean, scripts: readonly (readonly Fault[])[]): Promise<'arrived' | 'failed'> {
  const lab = await openFetchLab();
  try {
    first.script(...(scripts[0] ?? []));
    second.script(...(scripts[1] ?? []));
    const request = requestFor(content, `${first.url}file.bin`, `${second.url}file.bin`);
    const asked = known ? request : { ...request, sizeBytes: null, digest: null };
    const fetcher = await lab.fetcher({ limits: LIMITS });
    let outcome: 'arrived' | 'failed' = 'failed';
    try {
      expect(await holds((await fetcher.fetchFile(asked)).path, content)).toBe(true);
      outcome = 'arrived';
    } catch (error) {
      if (!isTapprepError(error) || error.code === 'INTERNAL') throw error;
    }
    expect((await lab.finalFiles()).filter((file) => !file.right)).toEqual([]);
    first.script();
    second.script();
    const again = await (await lab.fetcher()).fetchFile(asked);
    expect(await holds(again.path, content)).toBe(true);
    expect(await lab.leftovers()).toEqual([]);
    return outcome;
  } finally {
    await lab.close();
  }
}

const scriptsOf = (faults: readonly Fault[]) =>
  fc.tuple(
    fc.array(fc.constantFrom(...faults), { maxLength: 5 }),
    fc.array(fc.constantFrom(...faults), { maxLength: 5 }),
  );

test.each([
  ['with a digest', true, FAULTS],
  ['without one', false, DETECTABLE],
] as const)(
  'whatever two mirrors do to a file %s, it arrives right or fails with a code, and the next run completes',
  async (_title, known, faults) => {
    let arrived = 0;
    const property = fc.asyncProperty(scriptsOf(faults), async (scripts) => {
      if ((await survive(known, scripts)) === 'arrived') arrived += 1;
    });
    await fc.assert(property, { numRuns: 60, interruptAfterTimeLimit: 5_000 });
    expect(arrived).toBeGreaterThan(0);
  },
);
