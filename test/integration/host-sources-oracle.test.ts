// apt and dnf themselves say what a source file means; the parsers must agree.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseHostSources } from '../../src/mirrors/host-sources.ts';
import { readLocalAptFiles } from '../../src/mirrors/own-sources.ts';
import { targetOf } from '../helpers/mirror-targets.ts';

const dir = mkdtempSync(join(tmpdir(), 'tapprep-oracle-'));
afterAll(() => rmSync(dir, { recursive: true }));

const FILES: Readonly<Record<string, string>> = {
  'sources.list': [
    'deb http://a.example/debian bookworm main contrib # mirror',
    '#deb http://off.example/debian bookworm main',
    'deb [arch=amd64,arm64  lang=none] http://b.example/debian/ bookworm/updates main',
    'deb [ arch=armhf ] http://c.example/debian bookworm main',
    'deb-src http://a.example/debian bookworm main',
    '  deb [trusted=yes] http://d.example/$(ARCH)/x stable main',
  ].join('\n'),
  'sources.list.d/e.sources': [
    '# comment',
    'Types: deb',
    'URIs: http://e.example/debian http://f.example/debian/',
    'Suites: bookworm bookworm-updates',
    'Components: main non-free',
    '',
    'Types: deb deb-src',
    'URIs: http://g.example/debian',
    'Suites:',
    ' bookworm',
    '# in between',
    ' bookworm-backports',
    'Components: main',
    'Architectures: amd64 i386',
    '',
    'Enabled: no',
    'Types: deb',
    'URIs: http://h.example/debian',
    'Suites: bookworm',
    'Components: main',
    '',
    'types: deb',
    'uris: http://i.example/debian',
    'suites: sid',
    'components: main',
    'enabled: yes',
  ].join('\n'),
};

test('apt reads the same repositories out of the same files', async () => {
  for (const name of ['apt/sources.list.d', 'lists/partial']) mkdirSync(join(dir, name), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(dir, 'apt', name), `${text}\n`);
  const options = [
    `Dir::Etc::SourceList=${join(dir, 'apt/sources.list')}`,
    `Dir::Etc::SourceParts=${join(dir, 'apt/sources.list.d')}`,
    `Dir::State::lists=${join(dir, 'lists')}`,
    'APT::Architecture=amd64',
    'APT::Architectures::=amd64',
    'Debug::NoLocking=true',
  ];
  const apt = execFileSync('apt-get', ['update', '--print-uris', ...options.flatMap((option) => ['-o', option])], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { repositories } = parseHostSources(
    await readLocalAptFiles(join(dir, 'apt')),
    targetOf('debian', '12', '6.1.0-56-cloud-amd64'),
  );
  const ours = repositories
    .filter(({ enabled }) => enabled)
    .flatMap(({ baseUrls, suite, components }) =>
      baseUrls.flatMap((url) => components.map((component) => `${url}dists/${suite}/${component}`)),
    );
  const theirs = [...apt.matchAll(/^'([^']+)\/binary-amd64\/Packages/gm)].map((match) => match[1] ?? '');
  expect(theirs.length).toBeGreaterThan(8);
  expect([...new Set(ours)].sort()).toEqual([...new Set(theirs)].sort());
});

const REPO = [
  '[base]',
  'name=Base $releasever',
  'baseurl=http://a.example/$releasever/$basearch/os/',
  '        http://b.example/${releasever}/os/',
  'gpgkey=file:///etc/pki/rpm-gpg/KEY',
  '[mirrored]',
  'name=Mirrored',
  'mirrorlist=https://m.example/?release=$releasever&arch=$basearch',
  'enabled=true',
  '[linked]',
  'name = Linked',
  'metalink = https://m.example/metalink?repo=x-$releasever&arch=$basearch',
  '# comment',
  '[own]',
  'name=Own',
  'baseurl=https://o.example/$mine/$releasever/',
  '[x-debuginfo]',
  'name=Debug',
  'baseurl=http://d.example/debug/',
  'enabled=0',
].join('\n');

const ASK_DNF = `
import dnf, sys
base = dnf.Base()
base.conf.reposdir = [sys.argv[1]]
base.conf.cachedir = sys.argv[2]
base.conf.substitutions.update_from_etc(installroot="/", varsdir=(sys.argv[3],))
base.conf.substitutions.update({"releasever": "9", "basearch": "x86_64"})
base.read_all_repos()
for repo in base.repos.iter_enabled():
    print(repo.id, *repo.baseurl, repo.mirrorlist or repo.metalink or "")
`;

test('dnf reads the same addresses out of the same file', () => {
  for (const name of ['repos', 'vars', 'cache']) mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, 'repos/x.repo'), `${REPO}\n`);
  writeFileSync(join(dir, 'vars/mine'), 'house\n');
  const args = ['-c', ASK_DNF, join(dir, 'repos'), join(dir, 'cache'), join(dir, 'vars')];
  const theirs = execFileSync('/usr/bin/python3', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const { repositories } = parseHostSources(
    [
      { path: '/etc/dnf/vars/mine', text: 'house\n' },
      { path: '/etc/yum.repos.d/x.repo', text: REPO },
    ],
    targetOf('rocky', '9.4', '5.14.0-427.42.1.el9_4.x86_64'),
  );
  const ours = repositories
    .filter(({ enabled }) => enabled)
    .map(({ id, baseUrls, discovery }) =>
      [id.replace('target/', ''), ...baseUrls, discovery?.url ?? ''].join(' ').trim(),
    );
  expect(ours.sort()).toEqual(
    theirs
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .sort(),
  );
});
