import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadMirrors } from '../../../src/mirrors/load.ts';
import { parseMirrorOption } from '../../../src/mirrors/override.ts';
import { sampleEntries } from '../../../src/mirrors/sample-target.ts';
import { considerMirrors, matchesVersion, selectRepositories } from '../../../src/mirrors/select.ts';
import type { Repository, RepositoryContent, Target } from '../../../src/types.ts';
import { targetOf } from '../../helpers/mirror-targets.ts';

const list = await loadMirrors({ packageRoot: process.cwd(), files: [], configHome: null });
const ALL: readonly RepositoryContent[] = ['image', 'devel', 'debuginfo', 'systemtap', 'toolchain'];
const KERNEL: readonly RepositoryContent[] = ['devel', 'debuginfo'];

function select(target: Target, contents: readonly RepositoryContent[] = KERNEL): readonly string[] {
  const repositories = selectRepositories(target, { own: [], list, overrides: [] }, { contents });
  return repositories.map(
    (repository) => `${repository.baseUrls[0] ?? repository.discovery?.url ?? ''}${repository.suite ?? ''}`,
  );
}

const centos68 = targetOf('centos', '6.8', '2.6.32-642.el6.x86_64');

test('CentOS 6.8: vault of 6.8, then the debuginfo host by metadata, by index page, and its copy', () => {
  expect(select(centos68)).toEqual([
    'https://vault.centos.org/6.8/os/x86_64/',
    'https://vault.centos.org/6.8/updates/x86_64/',
    'http://debuginfo.centos.org/6/x86_64/',
    'http://debuginfo.centos.org/6/x86_64/',
    'https://mirrors.ocf.berkeley.edu/centos-debuginfo/6/x86_64/',
  ]);
  const [vault] = selectRepositories(centos68, { own: [], list, overrides: [] }, { contents: KERNEL });
  expect(vault?.baseUrls).toContain('https://archive.kernel.org/centos-vault/6.8/os/x86_64/');
});

// [target, what must be asked, in this order, among others]
const WANTED: readonly (readonly [string, Target, readonly string[]])[] = [
  [
    'os-release says 7, the kernel is of 7.4 (R8)',
    targetOf('centos', '7', '3.10.0-693.2.2.el7.x86_64'),
    ['https://vault.centos.org/7.4.1708/updates/x86_64/', 'http://debuginfo.centos.org/7/x86_64/'],
  ],
  [
    'no os-release, an el6 kernel',
    targetOf('centos', null, '2.6.32-754.35.1.el6.i686'),
    ['https://vault.centos.org/6.10/updates/i386/', 'http://debuginfo.centos.org/6/i386/'],
  ],
  [
    'an el5 kernel has no arch in its name',
    targetOf('centos', '5', '2.6.18-308.el5', 'x86_64'),
    ['https://vault.centos.org/5.8/os/x86_64/', 'http://debuginfo.centos.org/5/x86_64/'],
  ],
  [
    'CentOS 8 kernel of 8.2 under an os-release of 8',
    targetOf('centos', '8', '4.18.0-193.28.1.el8_2.x86_64'),
    ['https://vault.centos.org/centos/8.2.2004/BaseOS/x86_64/os/', 'http://debuginfo.centos.org/8/x86_64/'],
  ],
  [
    'CentOS 7 on another architecture',
    targetOf('centos', '7', '3.10.0-957.12.2.el7.aarch64'),
    ['https://vault.centos.org/altarch/7.6.1810/os/aarch64/'],
  ],
  [
    'CentOS Stream 9, debug kernel',
    targetOf('centos', '9', '5.14.0-447.el9.x86_64+debug'),
    [
      'https://mirror.stream.centos.org/9-stream/AppStream/x86_64/os/',
      'https://mirror.stream.centos.org/9-stream/BaseOS/x86_64/debug/tree/',
      'https://kojihub.stream.centos.org/kojifiles/packages/kernel/5.14.0/447.el9/x86_64/',
    ],
  ],
  [
    'Rocky 8 of today with a kernel of 8.6',
    targetOf('rocky', '8.10', '4.18.0-372.19.1.el8_6.x86_64'),
    [
      'https://dl.rockylinux.org/pub/rocky/8/BaseOS/x86_64/os/',
      'https://dl.rockylinux.org/vault/rocky/8.6/BaseOS/x86_64/os/',
      'https://dl.rockylinux.org/vault/rocky/8.6/BaseOS/x86_64/debug/tree/',
    ],
  ],
  [
    'Alma 10 for x86_64_v2',
    targetOf('almalinux', '10.0', '6.12.0-55.43.1.el10_0.x86_64_v2'),
    ['https://vault.almalinux.org/10.0/AppStream/x86_64_v2/os/'],
  ],
  [
    'Oracle UEK7 on 8',
    targetOf('ol', '8.9', '5.15.0-202.135.2.el8uek.x86_64'),
    ['https://yum.oracle.com/repo/OracleLinux/OL8/UEKR7/x86_64/', 'https://oss.oracle.com/ol8/debuginfo/'],
  ],
  [
    'Oracle 6, RHCK: the other debuginfo place too',
    targetOf('ol', '6.8', '2.6.32-642.el6.x86_64'),
    ['https://yum.oracle.com/repo/OracleLinux/OL6/latest/x86_64/', 'https://oss.oracle.com/el6/debuginfo/'],
  ],
  [
    'Scientific 7 with a kernel of 7.1',
    targetOf('scientific', '7.0', '3.10.0-229.4.2.el7.x86_64'),
    [
      'http://ftp.scientificlinux.org/linux/scientific/7.1/x86_64/updates/security/',
      'http://ftp.pbone.net/mirror/ftp.scientificlinux.org/linux/scientific/7.1/x86_64/updates/security/',
      'http://ftp.pbone.net/mirror/ftp.scientificlinux.org/linux/scientific/7x/x86_64/updates/security/',
    ],
  ],
  [
    'Fedora 42',
    targetOf('fedora', '42', '6.14.0-63.fc42.x86_64'),
    [
      'https://mirrors.fedoraproject.org/metalink?repo=fedora-42&arch=x86_64',
      'https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/42/Everything/x86_64/debug/tree/',
      'https://kojipkgs.fedoraproject.org/packages/kernel/6.14.0/63.fc42/x86_64/',
    ],
  ],
  [
    'Amazon 2, kernel from the extras',
    targetOf('amzn', '2', '5.10.130-118.517.amzn2.x86_64'),
    [
      'http://amazonlinux.us-east-1.amazonaws.com/2/core/latest/x86_64/mirror.list',
      'http://amazonlinux.us-east-1.amazonaws.com/2/extras/kernel-5.10/latest/x86_64/mirror.list',
    ],
  ],
  [
    'Leap 15.5 from the kernel alone',
    targetOf('opensuse-leap', null, '5.14.21-150500.55.49-default', 'x86_64'),
    [
      'https://download.opensuse.org/update/leap/15.5/sle/',
      'https://download.opensuse.org/debug/update/leap/15.5/sle/',
    ],
  ],
  [
    'Tumbleweed has no version',
    targetOf('opensuse-tumbleweed', null, '6.4.6-1-default', 'x86_64'),
    ['https://download.opensuse.org/tumbleweed/repo/oss/', 'https://download.opensuse.org/debug/tumbleweed/repo/oss/'],
  ],
  [
    'openEuler writes its service pack only in the kernel',
    targetOf('openEuler', '22.03', '6.6.0-28.0.0.34.oe2203sp4.aarch64'),
    ['https://repo.openeuler.org/openEuler-22.03-LTS-SP4/update/aarch64/'],
  ],
  [
    'Photon 4',
    targetOf('photon', '4.0', '5.10.142-1.ph4', 'x86_64'),
    [
      'https://packages.vmware.com/photon/4.0/photon_4.0_x86_64/',
      'https://packages.vmware.com/photon/4.0/photon_debuginfo_4.0_x86_64/',
    ],
  ],
  [
    'ELRepo kernel on CentOS 7',
    targetOf('centos', '7', '4.4.268-1.el7.elrepo.x86_64'),
    ['http://ftp.utexas.edu/elrepo/archive/kernel/el7/x86_64/RPMS/'],
  ],
  [
    'Debian 11',
    targetOf('debian', '11', '5.10.0-32-cloud-amd64'),
    [
      'http://ftp.debian.org/debian/bullseye',
      'http://ftp.debian.org/debian/bullseye-updates',
      'http://security.debian.org/debian-security/bullseye-security',
    ],
  ],
  ['Debian sid', targetOf('debian', 'sid', '7.2.13+deb14-cloud-amd64'), ['http://ftp.debian.org/debian/sid']],
  [
    'Debian 9 by version only',
    targetOf('debian', '9', '4.9.0-19-amd64'),
    ['http://archive.debian.org/debian/stretch', 'http://archive.debian.org/debian-security/stretch/updates'],
  ],
  [
    'Ubuntu on amd64',
    targetOf('ubuntu', '20.04', '5.4.0-92-generic', 'x86_64'),
    [
      'http://archive.ubuntu.com/ubuntu/focal-updates',
      'http://security.ubuntu.com/ubuntu/focal-security',
      'http://ddebs.ubuntu.com/focal-updates',
      'http://old-releases.ubuntu.com/ubuntu/focal-updates',
    ],
  ],
  [
    'Ubuntu on arm64 has another archive',
    targetOf('ubuntu', '22.04', '5.15.0-67-generic', 'aarch64'),
    ['http://ports.ubuntu.com/ubuntu-ports/jammy-security', 'http://ddebs.ubuntu.com/jammy'],
  ],
];

test.each(WANTED)('%s', (_name, target, wanted) => {
  const asked = select(target);
  expect([...new Set(asked)].filter((url) => wanted.includes(url))).toEqual(wanted);
});

test.each(WANTED)('%s: nothing is asked that another vendor built, and no placeholder is left', (_name, target) => {
  const vendors = new Set(
    selectRepositories(target, { own: [], list, overrides: [] }, { contents: ALL }).map((r) => r.vendor),
  );
  vendors.delete('ELRepo');
  expect(vendors.size).toBe(1);
  for (const url of select(target, ALL)) expect(url).not.toMatch(/[{}]|\.\.|(?<!:)\/\//);
});

test('rebuilds of the same name and version are never asked for a CentOS kernel', () => {
  expect(select(centos68, ALL).filter((url) => /oracle|scientific/.test(url))).toEqual([]);
});

test('a kernel of an older minor release keeps SystemTap of the installed one', () => {
  const target = targetOf('rocky', '9.5', '5.14.0-427.42.1.el9_4.x86_64');
  const asked = select(target, ['systemtap']);
  expect(asked.indexOf('https://dl.rockylinux.org/vault/rocky/9.4/AppStream/x86_64/os/')).toBeGreaterThan(-1);
  expect(asked).toContain('https://dl.rockylinux.org/vault/rocky/9.5/AppStream/x86_64/os/');
});

test('what needs a subscription, a time or a switch is not asked, and says so', () => {
  const rhel = targetOf('rhel', '8.6', '4.18.0-372.73.1.el8_6.x86_64');
  const { repositories, skipped } = considerMirrors(rhel, { own: [], list, overrides: [] }, { contents: KERNEL });
  expect(repositories).toEqual([]);
  expect(skipped.find(({ id }) => id === 'rhel-8')?.reason).toMatch(/^needs a subscription certificate/);
  const debian = targetOf('debian', '12', '6.1.0-56-cloud-amd64');
  const without = considerMirrors(debian, { own: [], list, overrides: [] }, { contents: KERNEL });
  expect(without.skipped.find(({ id }) => id === 'debian-snapshot')?.reason).toContain('asked only for a given time');
  const dated = considerMirrors(
    debian,
    { own: [], list, overrides: [] },
    { contents: KERNEL, timestamp: '20260801T000000Z' },
  );
  expect(dated.repositories.at(-1)?.baseUrls).toEqual([
    'http://snapshot.debian.org/archive/debian-security/20260801T000000Z/',
  ]);
  expect(select(centos68).join(' ')).not.toContain('mirror.centos.org');
  const retired = selectRepositories(
    centos68,
    { own: [], list, overrides: [] },
    { contents: KERNEL, includeRetired: true },
  );
  expect(retired.at(-1)).toMatchObject({
    state: 'retired',
    baseUrls: ['http://mirror.centos.org/centos/6/updates/x86_64/'],
  });
});

const own: Repository = {
  id: 'base',
  kind: 'rpm-md',
  baseUrls: ['http://repo.example.org/centos/6/os/x86_64/'],
  suite: null,
  components: [],
  origin: 'target',
  vendor: null,
  content: ['image', 'devel', 'systemtap', 'toolchain'],
  state: 'live',
  trust: { metadata: 'unsigned', packages: 'signed', fingerprints: [], keyrings: ['/etc/pki/rpm-gpg/X'], allow: [] },
  allowExpiredRelease: false,
};

test('order: --mirror, the target, then the list by state', () => {
  const overrides = [parseMirrorOption('listing=http://mirror.example.org/el{major}/{arch}')];
  const repositories = selectRepositories(centos68, { own: [own], list, overrides }, { contents: KERNEL });
  expect(repositories.slice(0, 3).map((repository) => repository.baseUrls[0])).toEqual([
    'http://mirror.example.org/el6/x86_64/',
    'http://repo.example.org/centos/6/os/x86_64/',
    'https://vault.centos.org/6.8/os/x86_64/',
  ]);
  expect(repositories[0]?.origin).toBe('override');
  expect(repositories[0]?.trust.packages).toBe('signed');
  expect(repositories[0]?.trust.fingerprints).toContain('C1DAC52D1664E8A4386DBA430946FCA2C105B9DE');
});

test.each([
  ['centos', '5.8', '2.6.18-308.el5', ['dsa', 'expired-key', 'sha1', 'v3']],
  ['centos', '6.8', '2.6.32-642.el6.x86_64', ['expired-key', 'sha1', 'v3']],
  ['centos', '7', '3.10.0-1160.el7.x86_64', ['v3']],
  ['rocky', '9.4', '5.14.0-427.42.1.el9_4.x86_64', []],
  ['debian', '12', '6.1.0-56-cloud-amd64', []],
  ['debian', '11', '5.10.0-32-cloud-amd64', []],
])(
  'signatures of %s %s may be as old as the list accepts, in its own sources too',
  (distro, version, release, allow) => {
    const target = targetOf(distro, version, release, 'x86_64');
    const kind = target.family === 'deb' ? ('deb' as const) : ('rpm-md' as const);
    const overrides = [parseMirrorOption(`${kind}=http://mirror.example.org/`)];
    const asked = selectRepositories(target, { own: [{ ...own, kind }], list, overrides }, { contents: KERNEL });
    expect(asked[0]?.trust.allow.toSorted()).toEqual(allow);
    expect(asked.find(({ origin }) => origin === 'target')?.trust.allow.toSorted()).toEqual(allow);
  },
);

test("a target's own rpm repository is believed by the distribution's keys that come along, too", () => {
  const asked = selectRepositories(centos68, { own: [own], list, overrides: [] }, { contents: KERNEL });
  const keyrings = asked.find(({ origin }) => origin === 'target')?.trust.keyrings ?? [];
  expect(keyrings[0]).toBe('/etc/pki/rpm-gpg/X');
  expect(keyrings).toContain(join(process.cwd(), 'keys', 'C1DAC52D1664E8A4386DBA430946FCA2C105B9DE.asc'));
  expect(keyrings.join()).not.toContain('7051C470A929F454CEBE37B715AF5DAC6D745A60');
});

test('the same place twice is asked once', () => {
  const twice = { ...own, baseUrls: ['https://vault.centos.org/6.8/os/x86_64/'] };
  const asked = selectRepositories(centos68, { own: [twice, own], list, overrides: [] }, { contents: KERNEL });
  const same = asked.filter((repository) => repository.baseUrls[0] === twice.baseUrls[0]);
  expect(same).toHaveLength(1);
  expect(same[0]?.origin).toBe('target');
});

test('one repository of openEuler serves both, found under either', () => {
  const target = targetOf('openEuler', '22.03', '5.10.0-136.65.0.145.oe2203sp1.aarch64');
  const update = 'https://repo.openeuler.org/openEuler-22.03-LTS-SP1/update/aarch64/';
  expect(select(target, ['debuginfo'])).toContain(update);
  expect(select(target, ALL).filter((url) => url === update)).toHaveLength(1);
});

test.each([
  ['deb=http://mirror.example.org/debian', ['bookworm', 'bookworm-updates'], ['main']],
  ['deb=http://mirror.example.org/debian-security/', ['bookworm-security'], ['main']],
  ['deb=http://mirror.example.org/debian bookworm-backports main contrib', ['bookworm-backports'], ['main', 'contrib']],
])('%s', (option, suites, components) => {
  const target = targetOf('debian', '12', '6.1.0-56-amd64');
  const sources = { own: [], list, overrides: [parseMirrorOption(option)] };
  const asked = selectRepositories(target, sources, { contents: KERNEL }).filter(({ origin }) => origin === 'override');
  expect(asked.map(({ suite }) => suite)).toEqual(suites);
  expect(asked[0]).toMatchObject({ components, trust: { metadata: 'signed', packages: 'unsigned' } });
  expect(asked[0]?.trust.fingerprints.length).toBeGreaterThan(0);
  expect(selectRepositories(centos68, sources, { contents: KERNEL })[0]?.origin).toBe('mirrors.json');
});

test.each([
  ['http://x.example/', /kind must be one of deb, rpm-md, listing, template/],
  ['file=http://x.example/', /kind must be one of/],
  ['rpm-md=file:///etc', /http, https or ftp/],
  ['rpm-md=http://', /http, https or ftp/],
  ['rpm-md=http://x.example/{nonsense}/', /placeholder that is not known/],
  ['rpm-md=http://x.example/ bookworm', /only a deb mirror takes a suite/],
  ['deb=http://x.example/ ../../etc main', /not a plain word/],
])('--mirror %s is refused', (option, reason) => {
  expect(() => parseMirrorOption(option)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(reason) as string }),
  );
});

test('a sample of every entry: each is asked or says why not', () => {
  const contents = [...ALL, 'program-debuginfo' as const];
  const { repositories, skipped } = sampleEntries(list, {
    contents,
    includeRetired: true,
    timestamp: '20260801T000000Z',
  });
  const seen = new Set([...repositories.map(({ id }) => id.split('/')[0]), ...skipped.map(({ id }) => id)]);
  expect(list.entries.filter(({ id }) => !seen.has(id)).map(({ id }) => id)).toEqual([]);
  expect(skipped.length).toBeLessThan(list.entries.length / 4);
  for (const { baseUrls } of repositories) expect(baseUrls.join(' ')).not.toMatch(/[{}]/);
});

test.each([
  ['*', '7', true],
  ['7.*', '7', true],
  ['7.*', '7.9', true],
  ['7.*', '70', false],
  ['7.*', '17.9', false],
  ['6.8', '6.8', true],
  ['6.8', '6', false],
  ['6', '6.8', false],
  ['sid', 'sid', true],
])('version pattern %s and %s: %s', (pattern, version, expected) => {
  expect(matchesVersion(pattern, version)).toBe(expected);
});
