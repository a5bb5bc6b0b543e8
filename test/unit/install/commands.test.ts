import { expect, test } from 'vitest';
import { buildInstallArgv, sortByRole } from '../../../src/install/commands.ts';
import { compareLists } from '../../../src/install/compare-lists.ts';
import { splitRuns } from '../../../src/install/run.ts';
import type { Fingerprint, PlanItem, Role } from '../../../src/types.ts';
import { systemOfManager } from '../../../src/package-system/systems.ts';

const FILES = ['/s/a.pkg', '/s/b.pkg'];

test.each([
  ['dpkg', false, false, 'dpkg --install'],
  ['dpkg', true, false, 'dpkg --force-unsafe-io --install'],
  ['rpm', false, false, 'rpm -ivh --oldpackage'],
  ['rpm', true, true, 'rpm -Uvh --oldpackage'],
  ['zypper', false, false, 'zypper --non-interactive install --no-recommends'],
] as const)('%s inRoot=%s replaces=%s', (method, inRoot, replaces, words) => {
  expect(buildInstallArgv(FILES, { method, inRoot, replaces })).toEqual([...words.split(' '), ...FILES]);
});

test.each(['dnf', 'dnf5', 'yum'] as const)('%s has no limit of kernels and no weak sides', (method) => {
  const argv = buildInstallArgv(FILES, { method, inRoot: false, replaces: false, sideBySide: ['kernel-debuginfo'] });
  expect([argv[0], ...argv.slice(-3)]).toEqual([method, 'install', ...FILES]);
  expect(argv).toContain('--setopt=installonly_limit=0');
  expect(argv.find((word) => word.startsWith('--setopt=installonlypkgs='))).toMatch(
    /[=,]kernel-devel,.*,kernel-debuginfo$/,
  );
});

test.each(['rpm', 'dnf', 'yum', 'zypper'] as const)(
  'of an rpm that nobody signed nothing is run, by %s too',
  (method) => {
    const argv = buildInstallArgv(FILES, { method, inRoot: false, replaces: false, unsigned: true });
    expect(argv).toEqual(['rpm', '-ivh', '--oldpackage', '--noscripts', '--notriggers', ...FILES]);
  },
);

test('what nobody signed is a run of its own, after the rest', () => {
  const trust = {
    kind: 'unsigned-index',
    digest: { algorithm: 'sha256', hex: '' },
    index: 'x',
    buildId: null,
  } as const;
  const signed = { ...trust, kind: 'signed-index', signer: 'A'.repeat(40) as Fingerprint } as const;
  const wanted = [trust, signed].map((each) => ({ item: { trust: each, replaces: null } as unknown as PlanItem }));
  expect(splitRuns(wanted, FILES, systemOfManager('rpm'), [])).toEqual([
    { files: ['/s/b.pkg'], unsigned: false, replaces: false },
    { files: ['/s/a.pkg'], unsigned: true, replaces: false },
  ]);
});

test('where one package takes the place of another version, those that have one beside them come after it', () => {
  const trust = { kind: 'signed-index', digest: { algorithm: 'sha256', hex: '' }, index: 'x', signer: 'A'.repeat(40) };
  const item = (name: string, role: Role, replaces: string | null): { item: PlanItem } => ({
    item: { name, version: '2', arch: 'x86_64', role, replaces, trust } as unknown as PlanItem,
  });
  const wanted = [item('gcc', 'toolchain', '1'), item('kernel-devel', 'devel', null), item('make', 'toolchain', null)];
  const paths = ['/s/gcc', '/s/kernel-devel', '/s/make'];
  const before = [{ name: 'kernel-devel', version: '1', arch: 'x86_64' }];
  expect(splitRuns(wanted, paths, systemOfManager('rpm'), before)).toEqual([
    { files: ['/s/gcc', '/s/make'], unsigned: false, replaces: true },
    { files: ['/s/kernel-devel'], unsigned: false, replaces: false },
  ]);
  expect(splitRuns(wanted.slice(1), paths.slice(1), systemOfManager('rpm'), before)).toHaveLength(1);
});

test('removal names packages exactly', () => {
  const packages = [
    { name: 'make', version: '4.3-4.1', arch: 'amd64' },
    { name: 'linux-headers-5.10.0-32-common', version: '5.10.223-1', arch: 'all' },
  ];
  const dpkg = systemOfManager('dpkg');
  const others = [{ name: 'make', version: '4.3-4.1', arch: 'i386' }];
  const none = { known: packages, configured: [] };
  // Of one architecture, as dpkg before 1.16.2 knows them.
  expect(dpkg.buildRemoveArgv(packages, none)).toEqual(['dpkg', '--purge', 'make', 'linux-headers-5.10.0-32-common']);
  expect(dpkg.buildRemoveArgv(packages, { ...none, known: [...packages, ...others] })).toEqual([
    'dpkg',
    '--purge',
    'make:amd64',
    'linux-headers-5.10.0-32-common',
  ]);
  expect(
    systemOfManager('rpm').buildRemoveArgv(
      [{ name: 'kernel-devel', version: '1:2.6.32-642.el6', arch: 'x86_64' }],
      none,
    ),
  ).toEqual(['rpm', '-ev', 'kernel-devel-2.6.32-642.el6.x86_64']);
});

test("plain rpm gets the article's order: common, debuginfo, devel", () => {
  const roles: Role[] = ['devel', 'debuginfo', 'debuginfo-common', 'dependency'];
  expect(sortByRole(roles.map((role) => ({ role }))).map(({ role }) => role)).toEqual([
    'dependency',
    'debuginfo-common',
    'debuginfo',
    'devel',
  ]);
});

test('a package list before and after tells additions from replacements, and side by side versions from both', () => {
  const before = [at('kernel', '1'), at('gcc', '9'), at('vim', '8')];
  const after = [at('kernel', '1'), at('kernel', '2'), at('gcc', '10'), at('vim', '8'), at('make', '4')];
  expect(compareLists(before, after)).toEqual({
    added: [at('kernel', '2'), at('make', '4')],
    replaced: [{ name: 'gcc', from: '9', to: '10' }],
    removed: [],
  });
});

test('a package that is gone is told as such, one with another version in its place is not', () => {
  const after = [at('kernel', '3'), at('gcc', '10')];
  expect(compareLists([at('kernel', '1'), at('kernel', '2'), at('gcc', '9'), at('vim', '8')], after)).toEqual({
    added: [],
    replaced: [
      { name: 'kernel', from: '1', to: '3' },
      { name: 'gcc', from: '9', to: '10' },
    ],
    removed: [at('kernel', '2'), at('vim', '8')],
  });
});

test.each([
  ['x86_64', 'noarch'],
  ['noarch', 'x86_64'],
])(
  'a package that was of %s and is of %s now is replaced, and none that came; one of another architecture is',
  (was, is) => {
    expect(compareLists([at('tzdata', '1', was), at('glibc', '2')], [at('tzdata', '3', is), at('glibc', '2')])).toEqual(
      {
        added: [],
        replaced: [{ name: 'tzdata', from: '1', to: '3' }],
        removed: [],
      },
    );
    expect(compareLists([at('glibc', '2')], [at('glibc', '2'), at('glibc', '3', 'i686')])).toMatchObject({
      added: [at('glibc', '3', 'i686')],
      replaced: [],
    });
  },
);

function at(name: string, version: string, arch = 'x86_64'): { name: string; version: string; arch: string } {
  return { name, version, arch };
}
