/**
 * A plan that is kept: what `plan --out` pins, the SystemTap that is brought along included, installs into two systems as the
 * same bytes, and ends with exit code 4 where the archive has others by then.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseReport, runInLab } from '../helpers/lab-cli.ts';
import { LAB, prepareBareRoot } from '../helpers/lab-root.ts';
import { findLabKernel } from '../helpers/lab-session.ts';
import type { Plan, VerifyReport } from '../../src/types.ts';
import { compareTrees, listPackages, readTreeWithout } from '../helpers/system-state.ts';

mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'lock-'));
const lock = join(work, 'lock.json');
let release = '';
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Logs, caches of ldconfig, debconf and stap whose names or bytes hold times, and tapprep's record of when it was proven. */
const WITH_TIMES =
  /^(?:var\/log\/.*|var\/cache\/(?:debconf|ldconfig|tapprep\/stap)\/.*|var\/lib\/tapprep\/systemtap-[^/]*\.json)$/;
const readOurs = (root: string): ReadonlyMap<string, string> => readTreeWithout(root, WITH_TIMES);

function makeRoot(name: string): string {
  execFileSync('cp', ['-a', prepareBareRoot('bookworm'), join(work, name)]);
  return join(work, name);
}

/** Each root with a cache of its own: every byte is fetched again. */
const install = (root: string, file: string): ReturnType<typeof runInLab> =>
  runInLab(['install', '--root', root, '--kernel', release, '--lock', file, '--cache-dir', `${root}-cache`]);

beforeAll(async () => {
  release = await findLabKernel('debian:12');
  const target = ['--distro', 'debian:12', '--kernel', release, '--systemtap', 'portable', '--image'];
  const planned = await runInLab(['plan', ...target, '--out', lock]);
  if (planned.code !== 0) throw new Error(planned.stderr);
}, 600_000);

test('two systems get the same tree, and SystemTap is proven in both', async () => {
  const roots = ['first', 'second'].map(makeRoot);
  for (const root of roots) {
    const { verify } = parseReport(await install(root, lock)) as { readonly verify: VerifyReport };
    expect(verify).toMatchObject({ ready: true, ranIn: 'vm' });
    expect(readdirSync(join(root, 'opt/tapprep'))).toHaveLength(1);
  }
  const [first = '', second = ''] = roots;
  expect(listPackages(first)).toBe(listPackages(second));
  expect(compareTrees(readOurs(first), readOurs(second))).toEqual([]);
}, 3_600_000);

test('the archive has other bytes of the SystemTap by now: exit code 4, and nothing is installed', async () => {
  const changed = join(work, 'changed.json');
  const text = readFileSync(lock, 'utf8');
  const { items } = JSON.parse(text) as Plan;
  const ofFolders = items.flatMap((item) => (item.kind === 'folder' ? item.packages : []));
  const stap = ofFolders.find(({ name }) => name === 'systemtap');
  const digest = stap?.trust.kind === 'signed-index' ? stap.trust.digest.hex : 'no such package';
  expect(text).toContain(digest);
  writeFileSync(changed, text.replaceAll(digest, createHash('sha256').update('newer').digest('hex')));
  const root = makeRoot('changed');
  const before = readOurs(root);
  expect((await install(root, changed)).code).toBe(4);
  expect(compareTrees(before, readOurs(root))).toEqual([]);
}, 1_200_000);
