import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deriveFromLocalSources } from '../../../src/mirrors/derive.ts';
import { parseHostSources } from '../../../src/mirrors/host-sources.ts';
import { loadMirrors } from '../../../src/mirrors/load.ts';
import { selectRepositories } from '../../../src/mirrors/select.ts';
import { targetOf } from '../../helpers/mirror-targets.ts';
import { ANY_CHARACTER } from '../../helpers/any-character.ts';

const list = await loadMirrors({ packageRoot: process.cwd(), files: [], configHome: null });
const bookworm = targetOf('debian', '12', '6.1.0-56-cloud-amd64');
const bullseye = targetOf('debian', '11', '5.10.0-32-cloud-amd64');
const centos7 = targetOf('centos', '7', '3.10.0-1160.el7.x86_64');
const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

function apt(text: string, path = '/etc/apt/sources.list', target = bookworm) {
  return parseHostSources([{ path, text }], target);
}

function deb822(text: string, target = bookworm) {
  return apt(text, '/etc/apt/sources.list.d/x.sources', target);
}

function yum(text: string, target = centos7, more: readonly { path: string; text: string }[] = []) {
  return parseHostSources([...more, { path: '/etc/yum.repos.d/x.repo', text }], target);
}

test('one-line: several lines, options, comments, other architectures, sources', () => {
  const { repositories, notes } = apt(
    [
      '# deb http://commented.example/debian bookworm main',
      'deb http://ftp.example.org/debian bookworm main contrib # the mirror',
      'deb [ arch=amd64,arm64 signed-by=/usr/share/keyrings/x.gpg ] https://u:p@x.example/debian/ bookworm/updates main',
      'deb [arch=armhf] http://arm.example/debian bookworm main',
      'deb-src http://ftp.example.org/debian bookworm main',
      'deb [trusted=yes] http://open.example/debian $(ARCH)-suite main',
      'deb cdrom:[Debian 12]/ bookworm main',
      'deb http://flat.example/ ./',
      'debris http://x.example bookworm main',
    ].join('\n'),
  );
  expect(repositories.map(({ baseUrls, suite, components }) => [baseUrls[0], suite, components.join(' ')])).toEqual([
    ['http://ftp.example.org/debian/', 'bookworm', 'main contrib'],
    ['https://u:p@x.example/debian/', 'bookworm/updates', 'main'],
    ['http://open.example/debian/', 'amd64-suite', 'main'],
  ]);
  expect(repositories[0]?.trust).toMatchObject({ metadata: 'signed', fingerprints: [], keyrings: [DEBIAN_KEYRING] });
  expect(repositories[1]?.trust.keyrings).toEqual(['/usr/share/keyrings/x.gpg']);
  expect(notes.join('\n')).toContain('trusted is ignored: everything is verified all the same');
  expect(notes.join('\n')).toContain('the flat repository "./" is passed over');
});

test('deb822: several addresses and suites, a disabled stanza, comments inside, an inline key', () => {
  const { repositories } = deb822(
    [
      '## a comment',
      'Types: deb deb-src',
      'URIs: http://a.example/debian',
      '# in between',
      ' http://b.example/debian/',
      'Suites: bookworm bookworm-updates',
      'Components: main',
      `Signed-By: ${DEBIAN_KEYRING}`,
      '',
      'Enabled: no',
      'Types: deb',
      'URIs: http://debug.example/debian-debug',
      'Suites: bookworm-debug',
      'Components: main',
      '',
      'types: deb',
      'uris: https://inline.example/debian',
      'suites: bookworm',
      'components: main',
      'check-valid-until: no',
      'signed-by:',
      ' -----BEGIN PGP PUBLIC KEY BLOCK-----',
      ' .',
      ' mDMEY',
      ' -----END PGP PUBLIC KEY BLOCK-----',
    ].join('\n'),
  );
  expect(repositories.map(({ suite, baseUrls, enabled }) => [suite, baseUrls.length, enabled])).toEqual([
    ['bookworm', 2, true],
    ['bookworm-updates', 2, true],
    ['bookworm-debug', 1, false],
    ['bookworm', 1, true],
  ]);
  expect(repositories[2]?.content).toEqual(['program-debuginfo']);
  expect(repositories[3]?.trust).toMatchObject({
    keyrings: [],
    keyBlocks: ['-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEY\n-----END PGP PUBLIC KEY BLOCK-----\n'],
  });
});

test('deb822: a fingerprint as Signed-By is a pin', () => {
  const { repositories } = deb822(
    'Types: deb\nURIs: http://a.example/\nSuites: bookworm\nComponents: main\nSigned-By: 4D64FEC119C2029067D6E791F8D2585B8783D481!\n',
  );
  expect(repositories[0]?.trust.fingerprints).toEqual(['4D64FEC119C2029067D6E791F8D2585B8783D481']);
  expect(repositories[0]?.trust.keyrings).toEqual([DEBIAN_KEYRING]);
});

test('yum: variables, lists, discovery, keys, switches', () => {
  const { repositories, notes } = yum(
    [
      '[main]',
      'gpgcheck=0',
      '[base]',
      'name=CentOS-$releasever - Base',
      'mirrorlist=http://mirrorlist.example.org/?release=$releasever&arch=$basearch&repo=os&infra=$infra',
      '#baseurl=http://commented.example/',
      'gpgcheck=1',
      'gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7 https://keys.example/KEY',
      '[local]',
      'name=local',
      'baseurl=http://one.example/${releasever}/$basearch',
      '        http://two.example/$contentdir/$mine/, ftp://three.example/$unknown/',
      'gpgcheck=0',
      'enabled=1',
      '[base-debuginfo]',
      'name=CentOS-7 - Debuginfo',
      'baseurl=http://debug.example/7/$basearch/',
      'enabled=0',
      '[extras]',
      'baseurl=http://extras.example/',
      'enabled = 0',
      '[base-source]',
      'baseurl=http://src.example/SRPMS/',
      '[cdn]',
      'baseurl=https://cdn.example/rhel/',
      'sslclientcert=/etc/pki/entitlement/1.pem',
      '[meta]',
      'metalink=https://m.example/metalink?repo=x-$releasever&arch=$basearch',
      'repo_gpgcheck=1',
    ].join('\n'),
    centos7,
    [{ path: '/etc/yum/vars/mine', text: 'my-value\n' }],
  );
  expect(repositories.map(({ id, baseUrls, discovery }) => [id, ...baseUrls, discovery?.url])).toEqual([
    ['target/base', 'http://mirrorlist.example.org/?release=7&arch=x86_64&repo=os&infra=stock'],
    ['target/local', 'http://one.example/7/x86_64/', 'http://two.example/centos/my-value/', undefined],
    ['target/cdn', 'https://cdn.example/rhel/', undefined],
    ['target/meta', 'https://m.example/metalink?repo=x-7&arch=x86_64'],
    ['target/base-debuginfo', 'http://debug.example/7/x86_64/', undefined],
  ]);
  expect(repositories[0]).toMatchObject({ discovery: { kind: 'mirror-list' } });
  expect(repositories[0]?.trust.keyrings).toEqual(['/etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7']);
  expect(repositories[1]?.trust.packages).toBe('signed');
  expect(repositories[4]).toMatchObject({ enabled: false, content: ['debuginfo', 'program-debuginfo'] });
  expect(repositories[2]?.auth).toBe('entitlement');
  expect(repositories[3]).toMatchObject({ discovery: { kind: 'metalink' }, trust: { metadata: 'signed' } });
  expect(notes).toEqual([
    '/etc/yum.repos.d/x.repo: [base]: the key "https://keys.example/KEY" is not fetched: only key files of the target and pinned keys are believed',
    '/etc/yum.repos.d/x.repo: [local]: "ftp://three.example/$unknown/" is passed over: $unknown has no value in /etc/yum/vars or /etc/dnf/vars',
    '/etc/yum.repos.d/x.repo: [local]: gpgcheck=0 is ignored: packages must be signed all the same',
  ]);
});

test('zypper: path, other types, plugins and registered channels', () => {
  const target = targetOf('sles', '15.5', '5.14.21-150500.55.49-default', 'x86_64');
  const { repositories, notes } = parseHostSources(
    [
      {
        path: '/etc/zypp/repos.d/x.repo',
        text: [
          '[oss]',
          'enabled=1',
          'baseurl=https://download.example/distribution/leap/$releasever',
          'path=/repo/oss/',
          'type=rpm-md',
          '[old]',
          'baseurl=https://old.example/',
          'type=yast2',
          '[cloud]',
          'baseurl=plugin:/susecloud?credentials=X&path=/repo/',
          '[scc]',
          'baseurl=https://updates.example/SUSE/Products/x/?token',
          '[dbg]',
          'name=Debuginfo-Pool',
          'enabled=0',
          'baseurl=https://debug.example/',
        ].join('\n'),
      },
    ],
    target,
  );
  expect(repositories.map(({ baseUrls }) => baseUrls[0])).toEqual([
    'https://download.example/distribution/leap/15.5/repo/oss/',
    'https://updates.example/SUSE/Products/x/',
    'https://debug.example/',
  ]);
  expect(repositories[1]).toMatchObject({ auth: 'scc', identity: { token: 'token', certificate: null } });
  expect(notes).toHaveLength(2);
});

const CDN = [
  '[cdn]',
  'baseurl=https://cdn.example/rhel/',
  'sslclientcert=/etc/pki/entitlement/1.pem',
  'sslclientkey=/etc/pki/entitlement/1-key.pem',
  'sslcacert=/etc/rhsm/ca/redhat-uep.pem',
].join('\n');

test('a registration is read where the target lies here, and stays where it is when the target is elsewhere', () => {
  const files = [{ path: '/etc/yum.repos.d/x.repo', text: CDN }];
  const here = parseHostSources(files, centos7, { clientFile: (path) => `/srv/root${path}` }).repositories[0];
  expect(here).toMatchObject({
    auth: 'entitlement',
    baseUrls: ['https://cdn.example/rhel/'],
    identity: {
      certificate: '/srv/root/etc/pki/entitlement/1.pem',
      key: '/srv/root/etc/pki/entitlement/1-key.pem',
      authorities: '/srv/root/etc/rhsm/ca/redhat-uep.pem',
      isHere: true,
    },
  });
  const elsewhere = parseHostSources(files, centos7, { clientFile: null }).repositories[0];
  expect(elsewhere).toMatchObject({ identity: { certificate: '/etc/pki/entitlement/1.pem', isHere: false } });
  const asked = parseHostSources(files, centos7, { clientFile: null, frontEnd: 'front-end:///web1/' });
  expect(asked.repositories[0]).toMatchObject({ baseUrls: ['front-end:///web1/cdn/'] });
  expect(asked.repositories[0]?.identity).toBeUndefined();
  expect(asked.notes).toEqual([
    "/etc/yum.repos.d/x.repo: [cdn]: asked by the target's own package manager: its client key stays where it is",
  ]);
});

test.each([
  ['baseurl=https://rhui.REGION.aws.example/pulp/', 'front-end:///h/x/'],
  ['mirrorlist=https://rhui3.REGION.aws.example/pulp/mirror/', 'front-end:///h/x/'],
  ['baseurl=https://u.example/p?credentials=SCC', 'front-end:///h/x/'],
  ['baseurl=https://u.example/p?aToken', 'https://u.example/p/'],
  ['baseurl=https://u.example/REGION/p', 'https://u.example/REGION/p/'],
])("%s is asked at %s where the target's own front end can be asked", (line, base) => {
  const files = [{ path: '/etc/yum.repos.d/x.repo', text: `[x]\n${line}\n` }];
  const { repositories } = parseHostSources(files, centos7, { frontEnd: 'front-end:///h/' });
  expect(repositories.map(({ baseUrls, discovery }) => [...baseUrls, discovery])).toEqual([[base, null]]);
});

test('of debug repositories that are off only those of what is on are asked, and after what is on', () => {
  const sections = [
    ['rhel-7-server-optional-debug-rpms', 0],
    ['rhel-7-server-optional-rpms', 0],
    ['rhel-7-server-debug-rpms', 0],
    ['rhel-7-server-rpms', 1],
    ['epel-debuginfo', 0],
    ['epel', 0],
    ['SLE-Module-Basesystem15-SP5-Debuginfo-Pool', 0],
    ['SLE-Module-Basesystem15-SP5-Pool', 1],
    ['debug', 0],
    ['ol9_other_debuginfo', 0],
  ] as const;
  const { repositories, notes } = yum(
    sections.map(([id, on]) => `[${id}]\nbaseurl=http://x.example/${id}/\nenabled=${on}\n`).join(''),
  );
  expect(repositories.map(({ id }) => id)).toEqual([
    'target/rhel-7-server-rpms',
    'target/SLE-Module-Basesystem15-SP5-Pool',
    'target/rhel-7-server-debug-rpms',
    'target/SLE-Module-Basesystem15-SP5-Debuginfo-Pool',
    // Nobody can say what these are the debug packages of.
    'target/debug',
    'target/ol9_other_debuginfo',
  ]);
  expect(notes.at(-1)).toBe(
    'not asked, because what they are the debug packages of is switched off too: rhel-7-server-optional-debug-rpms, epel-debuginfo',
  );
});

test('a debug repository that is switched off is asked for debuginfo, and for nothing else', () => {
  const { repositories } = yum('[d-debuginfo]\nbaseurl=http://debug.example/\nenabled=0\n');
  const sources = { own: repositories, list, overrides: [] };
  expect(selectRepositories(centos7, sources, { contents: ['debuginfo'] })[0]?.id).toBe('target/d-debuginfo');
  expect(selectRepositories(centos7, sources, { contents: ['devel'] })[0]?.origin).toBe('mirrors.json');
});

const HOSTILE = [
  'deb http://x.example/../../etc bookworm main',
  'deb http://x.example/debian ../../../etc main',
  'deb http://x.example/debian bookworm/../../x main',
  'deb http://x.example/debian bookworm ../main',
  'deb file:///etc bookworm main',
  'deb http://x.example/%0d%0aX:y bookworm main',
  'deb http://x\u001b[31m.example/ bookworm main',
  'deb [signed-by=/etc/../root/key] http://x.example/ bookworm main',
  `deb [${'a='.repeat(5000)}] http://x.example/ bookworm main`,
  'deb [ http://x.example bookworm main',
  'deb http:// bookworm main',
  'deb http://x.example:99999/ bookworm main',
  'deb http://x.example/?q=1 bookworm main',
];

test.each(HOSTILE)('nothing that climbs or is no address comes of %j', (line) => {
  const { repositories, notes } = apt(line);
  for (const { baseUrls, suite, components, trust } of repositories) {
    for (const url of baseUrls) expect(new URL(url).href).toBe(url);
    expect([...baseUrls, suite ?? '', ...components, ...trust.keyrings].join(' ')).not.toMatch(
      /\.\.|[\u0000-\u001f]|\?/u,
    );
  }
  expect(notes.join('')).not.toMatch(/[\u0000-\u001f]/u);
});

test.each([
  '[../../x]\nbaseurl=http://x.example/',
  '[x]\nbaseurl=file:///etc/',
  '[x]\nbaseurl=http://x.example/$basearch$(id)/',
  '[x]\nbaseurl=http://x.example/`id`\u001b]0;x\u0007/',
  `[x]\nbaseurl=http://x.example/\${${'a'.repeat(5000)}}/`,
  '[x]\nmirrorlist=file:///etc/passwd',
  '[x]\nbaseurl=http://x.example/\ngpgkey=file:///etc/../root/.ssh/id',
])('a hostile .repo gives no repository or a plain one: %j', (text) => {
  const { repositories, notes } = yum(text);
  for (const { baseUrls, discovery, trust } of repositories) {
    expect([...baseUrls, discovery?.url ?? ''].join(' ')).not.toMatch(/file:|\.\.|[\u0000-\u001f"<>\\]/u);
    expect(trust.keyrings).toEqual([]);
  }
  expect(notes.join('')).not.toMatch(/[\u0000-\u001f]/u);
});

test('credentials are kept for use and never said', () => {
  const { repositories } = yum('[x]\nbaseurl=https://me:secret@x.example/r/\n');
  expect(repositories[0]?.baseUrls).toEqual(['https://me:secret@x.example/r/']);
  const { notes } = yum('[x]\nbaseurl=https://me:secret@x.example/r#x\n');
  expect(notes.join()).toContain('***@x.example');
  expect(notes.join()).not.toContain('secret');
  expect(yum('[x]\nbaseurl=https://***@x.example/r/\n').repositories[0]?.baseUrls).toEqual(['https://x.example/r/']);
});

test('no text makes a parser throw', () => {
  const words = fc.constantFrom(
    'deb ',
    '[',
    ']',
    '=',
    ':',
    '\n',
    ' ',
    '$',
    '{',
    '}',
    '#',
    'URIs',
    'Suites',
    'Types',
    'http://a.b/',
    'baseurl',
    'main',
    'Signed-By',
    '..',
    '/',
    '\u0000',
  );
  const text = fc.oneof(
    fc.string({ unit: ANY_CHARACTER }),
    fc.array(words).map((parts) => parts.join('')),
  );
  const path = fc.constantFrom(
    '/etc/apt/sources.list',
    '/etc/apt/sources.list.d/x.sources',
    '/etc/yum.repos.d/x.repo',
    '/etc/zypp/repos.d/x.repo',
    '/etc/dnf/vars/x',
    '/odd',
  );
  fc.assert(
    fc.property(fc.array(fc.record({ path, text })), fc.constantFrom(bookworm, centos7), (files, target) => {
      const { repositories } = parseHostSources(files, target);
      deriveFromLocalSources(files, target, list);
      return repositories.every(({ baseUrls }) => baseUrls.every((url) => URL.canParse(url) && url.endsWith('/')));
    }),
    { numRuns: 150 },
  );
});

const LOCAL = {
  path: '/etc/apt/sources.list.d/debian.sources',
  text: [
    'Types: deb',
    'URIs: http://mirror.example.org/debian',
    'Suites: bookworm bookworm-updates',
    'Components: main',
    `Signed-By: ${DEBIAN_KEYRING}`,
    '',
    'Types: deb',
    'URIs: http://mirror.example.org/debian-security',
    'Suites: bookworm-security',
    'Components: main',
    `Signed-By: ${DEBIAN_KEYRING}`,
    '',
    'Types: deb',
    'URIs: https://vendor.example/apt',
    'Suites: bookworm-pgdg nodistro',
    'Components: main',
  ].join('\n'),
};

test.each([
  ['bullseye', bullseye, ['bullseye', 'bullseye-updates', 'bullseye-security'], [DEBIAN_KEYRING]],
  ['sid', targetOf('debian', 'sid', '7.2.13+deb14-amd64'), ['sid'], [DEBIAN_KEYRING]],
  [
    'a backported kernel',
    targetOf('debian', '12', '6.12.38+deb12-amd64'),
    ['bookworm', 'bookworm-updates', 'bookworm-backports', 'bookworm-security'],
    [DEBIAN_KEYRING],
  ],
  [
    'buster',
    targetOf('debian', '10', '4.19.0-20-amd64'),
    ['buster', 'buster-updates', 'buster/updates'],
    [DEBIAN_KEYRING, '/usr/share/keyrings/debian-archive-removed-keys.gpg'],
  ],
])('a Debian 12 host serves %s', (_name, target, suites, keyrings) => {
  const { repositories } = deriveFromLocalSources([LOCAL], target, list);
  expect(repositories.map(({ suite }) => suite)).toEqual(suites);
  expect(repositories[0]).toMatchObject({ origin: 'local', baseUrls: ['http://mirror.example.org/debian/'] });
  expect(repositories[0]?.trust.keyrings).toEqual(keyrings);
});

test('the security suite comes from the security archive', () => {
  const { repositories } = deriveFromLocalSources([LOCAL], bullseye, list);
  expect(repositories.at(-1)?.baseUrls).toEqual(['http://mirror.example.org/debian-security/']);
});

test('a host of another distribution or family serves nothing', () => {
  expect(
    deriveFromLocalSources([LOCAL], targetOf('ubuntu', '22.04', '5.15.0-67-generic', 'x86_64'), list).repositories,
  ).toEqual([]);
  expect(deriveFromLocalSources([LOCAL], centos7, list).repositories).toEqual([]);
});

test('derived sources come before the official archive, which comes before what is archived', () => {
  const own = deriveFromLocalSources([LOCAL], bullseye, list).repositories;
  const asked = selectRepositories(bullseye, { own, list, overrides: [] }, { contents: ['devel'] });
  const hosts = asked.map(({ baseUrls }) => new URL(baseUrls[0] ?? '').hostname);
  expect([...new Set(hosts)]).toEqual([
    'mirror.example.org',
    'ftp.debian.org',
    'security.debian.org',
    'archive.debian.org',
  ]);
});
