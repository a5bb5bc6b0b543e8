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
  expect(started).toEqual(['a', 'b']);
  first!.resolve();
  await done[0];
  await Promise.resolve();
  expect(started).toEqual(['a', 'b', 'c']);
  second!.reject(new Error('no'));
  await expect(done[1]).rejects.toThrow('no');
  await Promise.resolve();
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  rest!.resolve();
  expect(await Promise.all(done.slice(2))).toEqual(['c', 'd']);
});
