import { expect, test } from 'vitest';
import { parseHostSources, readModuleState } from '../../../src/mirrors/host-sources.ts';
import { loadMirrors } from '../../../src/mirrors/load.ts';
import { considerMirrors } from '../../../src/mirrors/select.ts';
import { targetOf } from '../../helpers/mirror-targets.ts';

const list = await loadMirrors({ packageRoot: process.cwd(), files: [], configHome: null });
const bookworm = targetOf('debian', '12', '6.1.0-56-cloud-amd64');
const centos7 = targetOf('centos', '7', '3.10.0-1160.el7.x86_64');
const rhel7 = targetOf('rhel', '7.9', '3.10.0-1160.el7.x86_64');
const ol8 = targetOf('ol', '8.10', '5.15.0-300.163.18.el8uek.x86_64');

function apt(uri: string, lists: Readonly<Record<string, string>> = {}) {
  const files = [
    { path: '/etc/apt/sources.list', text: `deb ${uri} bookworm main\n` },
    ...Object.entries(lists).map(([path, text]) => ({ path, text })),
  ];
  return parseHostSources(files, bookworm);
}

function yum(text: string, target = centos7, options: Parameters<typeof parseHostSources>[2] = {}) {
  return parseHostSources([{ path: '/etc/yum.repos.d/x.repo', text }], target, options);
}

test("mirror+file: the mirrors of a cloud image's own list, those for another architecture left out", () => {
  const text = [
    '# by cloud-init',
    'https://near.example/debian/\tpriority:1 type:index',
    'http://arm.example/debian arch:arm64',
    'http://HTTPS///far.example/debian # through the cacher',
    'rubbish',
  ].join('\n');
  const { repositories, notes } = apt('mirror+file:/etc/apt/mirrors/debian.list', {
    '/etc/apt/mirrors/debian.list': text,
  });
  expect(repositories[0]?.baseUrls).toEqual(['https://near.example/debian/', 'https://far.example/debian/']);
  expect(notes).toEqual([]);
});

test('mirror+file: a list that is not there is named', () => {
  const { repositories, notes } = apt('mirror+file:/etc/apt/mirrors/debian.list');
  expect(repositories).toEqual([]);
  expect(notes).toEqual([
    '/etc/apt/sources.list: "mirror+file:/etc/apt/mirrors/debian.list" is passed over: its list of mirrors is not there, or names none',
  ]);
});

test.each([
  ['mirror://m.example/mirrors.txt', 'http://m.example/mirrors.txt'],
  ['mirror+https://m.example/mirrors.txt', 'https://m.example/mirrors.txt'],
])('%s is asked for its mirrors', (uri, url) => {
  const [repository] = apt(uri).repositories;
  expect(repository).toMatchObject({ baseUrls: [], discovery: { kind: 'mirror-list', url }, suite: 'bookworm' });
});

test("apt-cacher-ng's way to write https is the address behind it", () => {
  const { repositories } = apt('http://HTTPS///deb.example/debian');
  expect(repositories[0]?.baseUrls).toEqual(['https://deb.example/debian/']);
});

test('a variable of dnf without a value is named; one that is empty fills in nothing', () => {
  const text = '[uek]\nbaseurl=https://yum$ociregion.$ocidomain/repo/$basearch/\n';
  expect(yum(text, ol8).notes).toEqual([
    '/etc/yum.repos.d/x.repo: [uek]: "https://yum$ociregion.$ocidomain/repo/$basearch/" is passed over: $ociregion and $ocidomain have no value in /etc/yum/vars or /etc/dnf/vars',
  ]);
  const files = [
    { path: '/etc/dnf/vars/ociregion', text: '\n' },
    { path: '/etc/dnf/vars/ocidomain', text: 'oracle.com\n' },
    { path: '/etc/yum.repos.d/x.repo', text },
  ];
  const { repositories } = parseHostSources(files, ol8);
  expect(repositories[0]?.baseUrls).toEqual(['https://yum.oracle.com/repo/x86_64/']);
});

test('an address that a plugin of the cloud has to complete is not asked as it stands', () => {
  const { repositories, notes } = yum('[rhui]\nbaseurl=https://rhui3.REGION.aws.example/content/$basearch/\n');
  expect(repositories).toEqual([]);
  expect(notes[0]).toMatch(/a plugin of the cloud \(RHUI\) fills REGION in/);
});

test('$releasever of Red Hat Enterprise Linux 7 Server is 7Server', () => {
  const text = '[os]\nbaseurl=https://cdn.example/rhel/server/7/$releasever/$basearch/os\n';
  const options = { packages: ['redhat-release-server'] };
  expect(yum(text, rhel7, options).repositories[0]?.baseUrls).toEqual([
    'https://cdn.example/rhel/server/7/7Server/x86_64/os/',
  ]);
  expect(yum(text, centos7, options).repositories[0]?.baseUrls[0]).toContain('/7/7/');
});

test("a mirror list that is known to be dead is not asked, though the target's own file names it", () => {
  const dead = '[base]\nmirrorlist=http://mirrorlist.centos.org/?release=$releasever&arch=$basearch&repo=os\n';
  const own = yum(dead).repositories;
  const { repositories, skipped } = considerMirrors(centos7, { own, list, overrides: [] }, { contents: ['devel'] });
  expect(repositories.map(({ id }) => id)).not.toContain('target/base');
  expect(skipped).toContainEqual({
    id: 'target/base',
    reason: 'its list of mirrors is gone: the host and mirrorlist.centos.org no longer resolve since 2024-07-01',
  });
  const both = yum(`${dead}baseurl=http://own.example/7/\n`).repositories;
  const kept = considerMirrors(centos7, { own: both, list, overrides: [] }, { contents: ['devel'] }).repositories;
  expect(kept[0]).toMatchObject({ id: 'target/base', baseUrls: ['http://own.example/7/'], discovery: null });
});

test('priorities and lists of what is left out: of dnf and zypper by themselves, of yum with its plugin; modules as dnf keeps them', () => {
  const text = '[x]\nbaseurl=http://x.example/\npriority=10\nexclude=a* b\nexcludepkgs=c,d\nincludepkgs=e\n';
  const plain = yum(text).repositories[0];
  expect(plain).toMatchObject({ excludes: ['a*', 'b', 'c', 'd'], includes: ['e'] });
  expect(plain?.priority).toBeUndefined();
  expect(yum(text, centos7, { packages: ['yum-plugin-priorities'] }).repositories[0]?.priority).toBe(10);
  const files = [
    { path: '/etc/yum.repos.d/x.repo', text },
    { path: '/etc/dnf/dnf.conf', text: '[main]\nexclude=kernel* $(id)\n' },
    { path: '/etc/dnf/modules.d/perl.module', text: '[perl]\nname=perl\nstream=5.30\nprofiles=\nstate=enabled\n' },
    { path: '/etc/dnf/modules.d/php.module', text: '[php]\nname=php\nstream=\nprofiles=\nstate=disabled\n' },
    { path: '/etc/dnf/modules.d/nginx.module', text: '[nginx]\nname=nginx\nstream=\nprofiles=\nstate=\n' },
  ];
  expect(parseHostSources(files, centos7).repositories).toMatchObject([
    { priority: 10, excludes: ['kernel*', 'a*', 'b', 'c', 'd'] },
  ]);
  const { enabled, disabled } = readModuleState(files);
  expect([[...enabled], [...disabled]]).toEqual([[['perl', '5.30']], ['php']]);
});
