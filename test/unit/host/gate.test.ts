import { expect, test } from 'vitest';
import { createGate } from '../../../src/host/gate.ts';

/** Work that ends when it is told to. */
function makeWork(started: string[]): (name: string, ends: Promise<void>) => () => Promise<string> {
  return (name, ends) => async () => {
    started.push(name);
    await ends;
    return name;
  };
}

/** Lets everything go on that waits for nothing. */
const settle = (): Promise<void> => new Promise(setImmediate);

test('no more than the places are at work, the next in turn comes when one is done, failed or not', async () => {
  const started: string[] = [];
  const work = makeWork(started);
  const gate = createGate(2);
  const [first, second, rest] = [0, 0, 0].map(() => Promise.withResolvers<void>());
  const done = [
    gate.pass(work('a', first!.promise)),
    gate.pass(work('b', second!.promise)),
    gate.pass(work('c', rest!.promise)),
    gate.pass(work('d', rest!.promise)),
  ];
  await settle();
  expect(started).toEqual(['a', 'b']);
  first!.resolve();
  await done[0];
  await settle();
  expect(started).toEqual(['a', 'b', 'c']);
  second!.reject(new Error('no'));
  await expect(done[1]).rejects.toThrow('no');
  await settle();
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  rest!.resolve();
  expect(await Promise.all(done.slice(2))).toEqual(['c', 'd']);
});

test('once it is narrow, the next comes in when everybody is out, and finds one place', async () => {
  const found: string[] = [];
  const gate = createGate(3);
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const pass = (name: string, ends: Promise<void>): Promise<void> =>
    gate.pass((places) => {
      found.push(`${name} of ${places}`);
      return ends;
    });
  const done = [pass('a', first.promise), pass('b', second.promise)];
  await settle();
  gate.narrow();
  done.push(pass('c', Promise.resolve()), pass('d', Promise.resolve()));
  first.resolve();
  await done[0];
  await settle();
  expect(found).toEqual(['a of 3', 'b of 3']);
  second.resolve();
  await Promise.all(done);
  expect(found).toEqual(['a of 3', 'b of 3', 'c of 1', 'd of 1']);
});
