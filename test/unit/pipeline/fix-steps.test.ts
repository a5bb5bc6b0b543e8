import { expect, test } from 'vitest';
import { planFixes } from '../../../src/pipeline/fix-steps.ts';
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
