import { expect, test } from 'vitest';
import { checkFacts } from '../../../src/diagnose/check-facts.ts';
import { HERE, type Place, type Reach } from '../../../src/diagnose/place.ts';
import { judgeReadiness } from '../../../src/diagnose/readiness.ts';
import { EMPTY_CACHE, install, prepare, REBOOT, run, runAsRoot, tapprep } from '../../../src/make-remedy.ts';
import { planFixes } from '../../../src/pipeline/fix-steps.ts';
import type { HostFacts, Remedy } from '../../../src/types.ts';
import { samplePreflight } from '../report/sample-preflight.ts';
import { alter, EL9 } from '../diagnose/sample-facts.ts';

const R = '5.14.0-503.11.1.el9_5.x86_64';
const { target } = samplePreflight(R);
const CACHE = '/root/.systemtap/cache';
const place: Place = { reach: HERE, kernel: null, manager: 'dnf', sudo: false };
const empty = (...paths: readonly string[]): Remedy => ({ kind: 'empty-caches', by: 'tapprep', paths });
const withCaches = (cachePaths: readonly string[]) => alter(EL9, { systemtap: { cachePaths } });
const kinds = (remedies: readonly Remedy[], caches: readonly string[] = []): readonly string[] =>
  planFixes(remedies, withCaches(caches), target, place).map(({ kind }) => kind);

test.each<readonly [string, Remedy, readonly string[]]>([
  ['the kernel of the target', prepare(), ['install']],
  ['the same, named', { ...prepare(), release: R } as Remedy, ['install']],
  ['another kernel', { ...prepare(), release: '5.14.0-1.el9.x86_64' } as Remedy, ['left']],
  ['with whichever SystemTap fits', prepare('auto'), ['install']],
  ['two commands in one line', run('tapprep install; reboot'), ['left']],
  ['a proof', tapprep('verify'), []],
  ['a reboot', REBOOT, ['left']],
  ['packages of the distribution', install(['gcc', 'make'], 'toolchain'), ['left']],
  ["the user's cache", EMPTY_CACHE, ['purge']],
  ['a cache by its path', empty(CACHE), ['purge']],
  ['a cache and something else', empty(CACHE, '/etc'), ['left']],
  ['what is no cache at all', empty('/'), ['left']],
  ['a command that only looks like it', runAsRoot(`rm -rf ${CACHE}`), ['left']],
])('%s', (_name, remedy, expected) => {
  expect(kinds([remedy], [CACHE])).toEqual(expected);
});

test.each(['/', '/etc', '/root/.systemtap/cache/../../..', 'root/.systemtap/cache', '/x/../.systemtap/cache'])(
  'a cache that facts place at %s is not removed',
  (path) => {
    expect(kinds([empty(path)], [path])).toEqual(['left']);
    expect(kinds([EMPTY_CACHE], [CACHE, path])).toEqual(['left']);
  },
);

test('without a cache there is nothing to remove, and without a target nothing to install', () => {
  expect(kinds([EMPTY_CACHE])).toEqual([]);
  expect(planFixes([prepare()], withCaches([]), null, place).map(({ kind }) => kind)).toEqual(['left']);
});

test('the system in a directory is mended there, and nowhere else', () => {
  const inRoot: HostFacts = {
    ...withCaches([CACHE]),
    kernel: { ...EL9.kernel, running: false },
    source: 'root',
    root: '/srv/an image',
    debuginfo: [],
  };
  const { commands, remedies } = judgeReadiness(inRoot, checkFacts(inRoot, target));
  expect(commands).toEqual([
    "tapprep install --root '/srv/an image' --kernel 5.14.0-503.11.1.el9_5.x86_64",
    "chroot '/srv/an image' rm -rf /root/.systemtap/cache",
  ]);
  const steps = planFixes(remedies, inRoot, target, { ...place, reach: { via: 'root', directory: '/srv/an image' } });
  expect(steps.map(({ kind }) => kind)).toEqual(['install', 'purge']);
});

test('what is mended on another machine is printed so that it never changes this one', () => {
  const reach: Reach = { via: 'ssh', destination: 'admin@web1', configFile: null };
  const facts = alter(EL9, { user: { uid: 1000, name: 'admin', groups: [] }, debuginfo: [] });
  const { commands } = judgeReadiness(facts, checkFacts(facts, target, reach), [], reach);
  expect(commands).toEqual([
    'tapprep install --host admin@web1',
    `ssh -t admin@web1 'sudo usermod -aG stapusr,stapdev "$USER"'`,
  ]);
});
