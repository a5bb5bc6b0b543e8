/** Packs Debian packages as a small rpm distribution, EL 9 in its names and layout: one spec, a package each. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { BY_HAND, LEFT_OUT, NAMES, OWN_FILES, OWN_LINKS, SYSTEMTAP, WANTED } from './distribution-packages.ts';

const RELEASE = '1.el9';
const DIRECTORIES =
  'boot dev etc home lib/modules opt proc root run srv sys tmp usr/src var/cache var/lib/rpm var/log var/tmp';
const UNREAD = ['doc', 'man', 'locale', 'lintian', 'bug', 'info', 'doc-base'].map((name) => `./usr/share/${name}/*`);

interface Packed {
  /** Upstream version of its first Debian package. */
  readonly version: string;
  readonly paths: Set<string>;
}

/** Builds every package into DIRECTORY/rpms, unsigned; about a minute. */
export function makeDistribution(directory: string): string {
  const stage = join(directory, 'stage');
  const packages = new Map<string, Packed>();
  for (const path of `usr/bin usr/sbin usr/lib usr/lib64 ${DIRECTORIES}`.split(' '))
    mkdirSync(join(stage, path), { recursive: true });
  for (const link of ['bin', 'sbin', 'lib64']) symlinkSync(`usr/${link}`, join(stage, link));
  rmSync(join(stage, 'lib'), { recursive: true });
  symlinkSync('usr/lib', join(stage, 'lib'));
  mkdirSync(join(stage, 'usr/lib/modules'));

  for (const deb of download(directory)) unpack(deb, stage, packages);
  addOwn(stage, packages);
  mend(stage);
  const spec = join(directory, 'distribution.spec');
  writeFileSync(spec, formatSpec(directory, packages));
  const macros = {
    _topdir: join(directory, 'build'),
    _rpmdir: join(directory, 'rpms'),
    _rpmfilename: '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
    debug_package: '%{nil}',
    __os_install_post: '%{nil}',
    __arch_install_post: '%{nil}',
    _build_id_links: 'none',
    _binary_payload: 'w1.zstdio',
    _unpackaged_files_terminate_build: '0',
    _buildhost: 'build.lab.example',
    // Nobody asks for a module of Perl or Python by its name, and the generators take most of the time.
    ...Object.fromEntries(
      ['perl', 'perllib', 'python']
        .flatMap((kind) => [`__${kind}_requires`, `__${kind}_provides`])
        .map((name) => [name, '%{nil}']),
    ),
    __requires_exclude: String.raw`^perl\\(|^python|^/usr/local/|^/bin/dash|^/usr/bin/dtrace`,
    __provides_exclude: String.raw`^perl\\(`,
  };
  const defines = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  execFileSync('rpmbuild', ['-bb', '--quiet', '--target', 'x86_64', ...defines, spec], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for (const path of ['stage', 'build', 'archives']) rmSync(join(directory, path), { recursive: true, force: true });
  return join(directory, 'rpms');
}

/** By apt, which checks their signatures; for a machine on which nothing is installed. */
function download(directory: string): readonly string[] {
  const archives = join(directory, 'archives');
  mkdirSync(join(archives, 'partial'), { recursive: true });
  writeFileSync(join(directory, 'status'), '');
  const options = [
    `Dir::State::status=${directory}/status`,
    `Dir::Cache::archives=${archives}`,
    'Debug::NoLocking=true',
  ];
  execFileSync(
    'apt-get',
    [
      '-q',
      '-y',
      '--no-install-recommends',
      '--download-only',
      ...options.flatMap((option) => ['-o', option]),
      'install',
      ...WANTED,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const debs = readdirSync(archives).filter((name) => name.endsWith('.deb'));
  return debs.filter((name) => !LEFT_OUT.test(name.split('_')[0] ?? '')).map((name) => join(archives, name));
}

function unpack(deb: string, stage: string, packages: Map<string, Packed>): void {
  const [own = '', escaped = ''] = (deb.split('/').at(-1) ?? '').split('_');
  // apt writes the colon of an epoch as %3a.
  const version = decodeURIComponent(escaped)
    .replace(/^\d+:/, '')
    .replace(/-[^-]*$/, '')
    .replaceAll(/[^\w.+~]/g, '_');
  const script = `dpkg-deb --fsys-tarfile "$1" | tar -xv --keep-directory-symlink -C "$2" ${UNREAD.map((path) => `--exclude='${path}'`).join(' ')}`;
  const listed = execFileSync('sh', ['-c', script, 'sh', deb, stage], { encoding: 'utf8', maxBuffer: 1 << 26 });
  for (const line of listed.split('\n')) {
    if (line === '' || line.endsWith('/')) continue;
    const path = line.replace(/^\./, '').replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/');
    if (path.endsWith('/[')) continue;
    claim(packages, nameOf(own, path), version, path);
  }
}

function nameOf(deb: string, path: string): string {
  if (deb.startsWith('systemtap')) return SYSTEMTAP.find(([pattern]) => pattern.test(path))?.[1] ?? '';
  return NAMES.find(([pattern]) => pattern.test(deb))?.[1] ?? deb;
}

function claim(packages: Map<string, Packed>, name: string, version: string, path: string): void {
  for (const [other, { paths }] of packages) if (other !== name && paths.has(path)) return;
  const found = packages.get(name) ?? { version, paths: new Set<string>() };
  found.paths.add(path);
  packages.set(name, found);
}

function addOwn(stage: string, packages: Map<string, Packed>): void {
  for (const [name, files] of Object.entries(OWN_FILES)) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(stage, dirname(path)), { recursive: true });
      rmSync(join(stage, path), { force: true });
      writeFileSync(join(stage, path), text);
      for (const { paths } of packages.values()) paths.delete(path);
      claim(packages, name, '9.4', path);
    }
  }
  for (const [name, links] of Object.entries(OWN_LINKS)) {
    for (const [path, to] of Object.entries(links)) {
      rmSync(join(stage, path), { force: true });
      symlinkSync(to, join(stage, path));
      claim(packages, name, '9.4', path);
    }
  }
  packages.set('filesystem', { version: '3.16', paths: new Set(['/bin', '/sbin', '/lib', '/lib64']) });
  packages.set('systemtap', { version: packages.get('systemtap-client')?.version ?? '', paths: new Set() });
}

/** Debian's rpm keeps its database in the home directory; EL's libraries are executable, and the generator looks at that. */
function mend(stage: string): void {
  const macros = join(stage, 'usr/lib/rpm/macros');
  writeFileSync(macros, readFileSync(macros, 'utf8').replaceAll(/^%_dbpath.*$/gm, '%_dbpath %{_var}/lib/rpm'));
  execFileSync('find', [join(stage, 'usr/lib'), '-type', 'f', '-name', '*.so*', '-exec', 'chmod', '755', '{}', '+']);
  execFileSync('find', [stage, '-type', 'f', '-perm', '/6000', '-exec', 'chmod', 'u-s,g-s', '{}', '+']);
  chmodSync(join(stage, 'tmp'), 0o1777);
  chmodSync(join(stage, 'var/tmp'), 0o1777);
}

function formatSpec(directory: string, packages: ReadonlyMap<string, Packed>): string {
  const parts = Array.from(packages, ([name, { version, paths }]) => {
    const there = [...paths].filter(
      (path) => existsSync(join(directory, 'stage', path)) || isLink(join(directory, 'stage', path)),
    );
    const list = join(directory, `${name}.files`);
    const directories =
      name === 'filesystem'
        ? DIRECTORIES.split(' ').map((path) => `%dir "/${path.replace(/^lib\//, 'usr/lib/')}"`)
        : [];
    writeFileSync(list, [...directories, ...there.map((path) => `"${path}"`), ''].join('\n'));
    const lines = (BY_HAND[name] ?? []).map((line) => line.replace(/ V$/, ` ${version}-${RELEASE}`));
    return [
      `%package -n ${name}`,
      `Version: ${version}`,
      `Release: ${RELEASE}`,
      'Summary: Of the lab',
      ...lines,
      `%description -n ${name}`,
      'Of the lab.',
      `%files -n ${name}${there.length === 0 ? '' : ` -f ${list}`}`,
    ].join('\n');
  });
  return `Name: distribution
Version: 9.4
Release: ${RELEASE}
Summary: Of the lab
License: GPL
Vendor: Lab Linux
%description
Of the lab.
%install
mkdir -p %{buildroot}
cp -al ${directory}/stage/. %{buildroot}/
${parts.join('\n')}
`;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
