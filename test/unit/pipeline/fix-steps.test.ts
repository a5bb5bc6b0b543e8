import { expect, test } from 'vitest';
import { checkFacts } from '../../../src/diagnose/check-facts.ts';
import { reachVerdict } from '../../../src/diagnose/verdict.ts';
import { planFixes } from '../../../src/pipeline/fix-steps.ts';
import type { HostFacts } from '../../../src/types.ts';
import { samplePreflight } from '../report/sample-preflight.ts';
import { alter, EL9 } from '../diagnose/sample-facts.ts';

const { target } = samplePreflight('5.14.0-503.11.1.el9_5.x86_64');
const withCaches = (cachePaths: readonly string[]) => alter(EL9, { systemtap: { cachePaths } });
const kinds = (commands: readonly string[], caches: readonly string[] = []): readonly string[] =>
  planFixes(commands, withCaches(caches), target).map(({ kind }) => kind);

test.each([
  ['tapprep install', ['install']],
  ['sudo tapprep install --kernel 5.14.0-503.11.1.el9_5.x86_64', ['install']],
  ['tapprep install --kernel 5.14.0-1.el9.x86_64', ['left']],
  ['tapprep install --systemtap auto', ['install']],
  ['tapprep install; reboot', ['left']],
  ['tapprep verify', []],
  ['reboot', ['left']],
  ['dnf install -y gcc make', ['left']],
  ['rm -rf ~/.systemtap/cache', ['purge']],
  ['rm -rf /root/.systemtap/cache', ['purge']],
  ['rm -rf /root/.systemtap/cache /etc', ['left']],
  ['rm -rf /', ['left']],
] as const)('%s -> %j', (command, expected) => {
  expect(kinds([command], ['/root/.systemtap/cache'])).toEqual(expected);
});

test.each(['/', '/etc', '/root/.systemtap/cache/../../..', 'root/.systemtap/cache', '/x/../.systemtap/cache'])(
  'a cache that facts place at %s is not removed',
  (path) => {
    expect(kinds([`rm -rf ${path}`], [path])).toEqual(['left']);
    expect(kinds(['rm -rf ~/.systemtap/cache'], ['/root/.systemtap/cache', path])).toEqual(['left']);
  },
);

test('without a cache there is nothing to remove, and without a target nothing to install', () => {
  expect(kinds(['rm -rf ~/.systemtap/cache'])).toEqual([]);
  expect(planFixes(['tapprep install'], withCaches([]), null).map(({ kind }) => kind)).toEqual(['left']);
});

test('the system in a directory is mended there, and nowhere else', () => {
  const inRoot: HostFacts = {
    ...withCaches(['/root/.systemtap/cache']),
    kernel: { ...EL9.kernel, running: false },
    source: 'root',
    root: '/srv/an image',
    debuginfo: [],
  };
  const { commands } = reachVerdict(inRoot, checkFacts(inRoot, target));
  expect(commands).toEqual([
    "tapprep install --root '/srv/an image' --kernel 5.14.0-503.11.1.el9_5.x86_64",
    "chroot '/srv/an image' rm -rf /root/.systemtap/cache",
  ]);
  expect(planFixes(commands, inRoot, target).map(({ kind }) => kind)).toEqual(['install', 'purge']);
  const elsewhere = ["tapprep install --root '/srv/other'", 'chroot /srv/other rm -rf /root/.systemtap/cache'];
  expect(planFixes(elsewhere, inRoot, target).map(({ kind }) => kind)).toEqual(['left', 'left']);
});
