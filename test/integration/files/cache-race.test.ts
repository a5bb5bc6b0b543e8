import { expect, test } from 'vitest';
import { raceForCache } from '../../helpers/cache-race.ts';

test('another user who swaps, links and renames around the cache of a root run changes nothing that is installed', async () => {
  const { installed, refused, lost } = await raceForCache(6);
  expect(lost).toEqual([]);
  // Two rounds below a directory for everybody, where it works; two below one without the sticky bit, where it is refused;
  // and two in which the other user is there first, or only nearly.
  expect(installed).toBeGreaterThanOrEqual(2);
  expect(refused).toBeGreaterThanOrEqual(2);
});
