import { expect, test } from 'vitest';
import { countGuests } from '../../../src/vm/run-modules.ts';

const GIB = 2 ** 30;

test.each([
  ['one module', 1, 8, 64, 1],
  ['too few for a second boot', 7, 8, 64, 1],
  ['the ladder and ten scripts on a small machine', 17, 2, 20, 2],
  ['on one processor', 17, 1, 20, 1],
  ['on a large machine: four modules a boot', 17, 64, 500, 4],
  ['half of what is free holds three', 40, 64, 7, 3],
  ['hardly any memory', 17, 8, 0.5, 1],
])('%s', (_, jobs, processors, free, guests) => {
  expect(countGuests(jobs, 1024, { processors, freeBytes: free * GIB })).toBe(guests);
});
