import { expect, test } from 'vitest';
import {
  compareStapVersions,
  parseStapVersion,
  withoutAskingWarning,
  placeInTestedRange,
} from '../../../src/detect/stap-version.ts';

test.each([
  [
    [
      'Systemtap translator/driver (version 4.8/0.188, Debian version 4.8-2)',
      'tested kernel versions: 2.6.32 ... 6.1.0-rc3',
    ],
    { version: '4.8', testedKernels: '2.6.32 ... 6.1.0-rc3' },
  ],
  [['Systemtap translator/driver (version 5.1/0.191, rpm 5.1-1.el9)'], { version: '5.1', testedKernels: null }],
  [['SystemTap translator/driver (version 1.8/0.152 non-git sources)'], { version: '1.8', testedKernels: null }],
  [['Systemtap module loader/runner (version 4.8, Debian version 4.8-2)'], { version: '4.8', testedKernels: null }],
  [['stap: error while loading shared libraries: libdw.so.1'], null],
  [[], null],
])('parseStapVersion(%j)', (lines, expected) => {
  expect(parseStapVersion(lines)).toEqual(expected);
});

test('versions of SystemTap are numbers, not texts', () => {
  const order = ['nonsense', '1.8', '2.9', '3.0', '4.8', '4.9', '5.0', '5.6', '10.0'];
  expect(order.toReversed().toSorted(compareStapVersions)).toEqual(order);
});

test.each([
  ['2.6.32 ... 6.1.0-rc3', '6.1.0-28-amd64', 'within'],
  ['2.6.32 ... 6.1.0-rc3', '6.2.1', 'above'],
  ['2.6.32 ... 5.10.0-rc', '5.10.0-32-cloud-amd64', 'within'],
  ['2.6.32 ... 6.9-rc0', '6.12.107+deb13-cloud-amd64', 'above'],
  ['3.10 ... 7.0', '2.6.32-754.el6.x86_64', 'below'],
  ['2.6.32 ... 6.1.0-rc3', '2.6.18-419.el5', 'below'],
  ['2.6.18 ... 4.11', '2.6.32-754.el6.x86_64', 'within'],
  ['3.10 ... 7.0', '3.10.0-1160.el7.x86_64', 'within'],
  ['3.10 ... 6.18', '6.2.0', 'within'],
  ['unknown', '6.1.0', null],
  ['2.6.32 ... 6.1.0', 'custom', null],
])('placeInTestedRange(%j, %s) is %s', (range, release, expected) => {
  expect(placeInTestedRange(range, release)).toBe(expected);
});

test("the warning of a data directory that cannot be made is not stap's answer", () => {
  const warning =
    'WARNING: failed to create systemtap data directory "/dev/null" Not a directory, disabling cache support.';
  const answer = 'Systemtap translator/driver (version 4.8/0.188, Debian version 4.8-2)\nsecond line';
  expect(withoutAskingWarning(`${warning}\n${answer}`)).toBe(answer);
  expect(withoutAskingWarning(answer)).toBe(answer);
  expect(parseStapVersion(`${warning}\n${answer}`.split('\n'))?.version).toBe('4.8');
});
