/** Root directories in which the real dpkg or rpm runs by chroot: programs and their libraries, a database, no more. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const DPKG = [
  '/usr/bin/dpkg',
  '/usr/bin/dpkg-deb',
  '/usr/bin/dpkg-query',
  '/usr/bin/dpkg-split',
  '/usr/sbin/start-stop-daemon',
];

/** What dpkg itself starts, and what a maintainer script, the probe, --host or install.sh needs. */
const PROGRAMS = [
  '/bin/sh',
  '/usr/bin/tar',
  '/usr/bin/rm',
  '/usr/bin/diff',
  '/usr/bin/cat',
  '/usr/bin/sed',
  '/usr/bin/uname',
  '/usr/bin/mktemp',
  '/usr/bin/mkdir',
  '/usr/bin/ln',
  '/usr/bin/id',
  '/usr/bin/ls',
  '/usr/bin/readlink',
  '/usr/bin/head',
  '/usr/bin/df',
  '/usr/bin/stat',
  '/usr/bin/grep',
  '/usr/bin/tr',
  '/usr/bin/sort',
  '/usr/bin/od',
  '/usr/bin/wc',
  '/usr/bin/find',
  '/usr/bin/mawk',
  '/usr/bin/cut',
  '/usr/bin/basename',
  '/usr/bin/dirname',
  '/usr/bin/env',
  '/usr/bin/dd',
  '/usr/bin/chmod',
  '/usr/bin/mv',
  '/usr/bin/rmdir',
  '/usr/bin/sleep',
  '/usr/bin/setsid',
  '/usr/bin/sha256sum',
  '/usr/bin/date',
  '/usr/bin/sync',
  '/usr/bin/tail',
  '/usr/bin/timeout',
  '/usr/sbin/ldconfig',
];

/** Makes the root of a Debian release with its own apt source and key. */
export function makeDpkgRunRoot(
  root: string,
  source: { readonly url: string; readonly suite: string; readonly keyring: string },
): void {
  makeProgramRoot(root);
  for (const directory of ['etc/apt/sources.list.d', 'etc/apt/keyrings', 'var/lib/dpkg/info', 'var/lib/dpkg/updates'])
    mkdirSync(join(root, directory), { recursive: true });
  for (const path of DPKG) copyWithLibraries(path, root);
  writeFileSync(join(root, 'var/lib/dpkg/status'), '');
  writeFileSync(
    join(root, 'etc/os-release'),
    'ID=debian\nVERSION_ID="11"\nVERSION_CODENAME=bullseye\nPRETTY_NAME="Debian test root"\n',
  );
  writeFileSync(join(root, 'etc/apt/keyrings/test.gpg'), readFileSync(source.keyring));
  writeFileSync(
    join(root, 'etc/apt/sources.list.d/test.sources'),
    `Types: deb\nURIs: ${source.url}\nSuites: ${source.suite}\nComponents: main\nSigned-By: /etc/apt/keyrings/test.gpg\n`,
  );
}

/** Makes the root of an AlmaLinux 8 in which the real rpm runs, with one repository; `base` is installed in it already. */
export function makeRpmRunRoot(root: string, url: string, base: readonly string[]): void {
  makeProgramRoot(root);
  for (const directory of ['etc/yum.repos.d', 'usr/lib/rpm']) mkdirSync(join(root, directory), { recursive: true });
  copyWithLibraries('/usr/bin/rpm', root);
  writeFileSync(
    join(root, 'usr/lib/rpm/macros'),
    '%_dbpath /var/lib/rpm\n%_db_backend sqlite\n%_rpmlock_path /var/lib/rpm/.rpm.lock\n%_pkgverify_level digest\n',
  );
  writeFileSync(join(root, 'usr/lib/rpm/rpmrc'), readFileSync('/usr/lib/rpm/rpmrc'));
  const into = ['--root', root, '--dbpath', '/var/lib/rpm', '--nodeps', '--install'];
  execFileSync(
    'rpm',
    base.length === 0 ? ['--root', root, '--dbpath', '/var/lib/rpm', '--initdb'] : [...into, ...base],
    {
      stdio: 'pipe',
    },
  );
  writeFileSync(
    join(root, 'etc/os-release'),
    'ID="almalinux"\nVERSION_ID="8.10"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="AlmaLinux test root"\n',
  );
  writeFileSync(join(root, 'etc/yum.repos.d/test.repo'), `[test]\nname=test\nbaseurl=${url}\nenabled=1\ngpgcheck=1\n`);
}

/** Makes a root with a shell and the usual programs, and no package manager. */
export function makeProgramRoot(root: string): void {
  for (const directory of [
    'tmp',
    'var/tmp',
    'usr/bin',
    'usr/sbin',
    'usr/lib',
    'usr/lib64',
    'root',
    'dev',
    'proc',
    'var/cache',
  ])
    mkdirSync(join(root, directory), { recursive: true });
  for (const link of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${link}`, join(root, link));
  for (const path of PROGRAMS) copyWithLibraries(path, root);
  symlinkSync('mawk', join(root, 'usr/bin/awk'));
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'dev/null'), '');
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
}

/** Libraries by program: every ldd starts two more programs, and many roots are made in one process. */
const known = new Map<string, readonly string[]>();

function librariesOf(path: string): readonly string[] {
  const found =
    known.get(path) ??
    Array.from(
      execFileSync('ldd', [path], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g),
      ([, library = '']) => library,
    );
  known.set(path, found);
  return found;
}

/** Copies a program with the libraries that it needs to the same places in a root. */
export function copyWithLibraries(path: string, root: string): void {
  for (const file of [path, ...librariesOf(path)]) {
    const to = join(root, file);
    if (existsSync(to)) continue;
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(realpathSync(file), to);
  }
}
