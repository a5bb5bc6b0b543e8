/** The closure of rpm packages, judged by dnf on repositories made by a seed with every kind of dependency. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { drawRequests, makeClosureRepository } from '../../helpers/closure-repository.ts';
import { judgeByDnf, openClosures } from '../../helpers/closure-judge.ts';

const work = mkdtempSync(join(tmpdir(), 'rpm-closure-'));
afterAll(() => rmSync(work, { recursive: true }));

test.each([1, 2])('sixty requests to the repository of seed %d: the packages that dnf takes', async (seed) => {
  const directory = join(work, String(seed));
  const names = makeClosureRepository(directory, seed, 300 * seed);
  const requests = drawRequests(names, seed, 60);
  const ours = await openClosures(directory);
  const theirs = judgeByDnf(directory, requests);
  const found = await Promise.all(requests.map((request) => ours(request)));
  expect(found.map((closure, at) => ({ request: requests[at], closure }))).toEqual(
    theirs.map((closure, at) => ({ request: requests[at], closure })),
  );
  // Neither all of one kind nor trivial: a comparison of failures proves nothing.
  const sizes = theirs.flatMap((closure) => (closure === null ? [] : [closure.length]));
  expect(sizes.length).toBeGreaterThan(30);
  expect(sizes.length).toBeLessThan(60);
  expect(Math.max(...sizes)).toBeGreaterThan(20);
});
