/** A root directory in which the real dpkg runs by chroot: its programs and their libraries, an empty database, no more. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What dpkg itself starts, and what a maintainer script or the probe needs. */
const PROGRAMS = [
  '/bin/sh',
  '/usr/bin/dpkg',
  '/usr/bin/dpkg-deb',
  '/usr/bin/dpkg-query',
  '/usr/bin/dpkg-split',
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
  // What --host asks of a machine.
  '/usr/bin/env',
  '/usr/bin/dd',
  '/usr/bin/chmod',
  '/usr/bin/mv',
  '/usr/bin/rmdir',
  '/usr/bin/sleep',
  '/usr/bin/sha256sum',
  '/usr/sbin/start-stop-daemon',
  '/usr/sbin/ldconfig',
];

/** Makes the root of a Debian release with its own apt source and key. */
export function makeDpkgRunRoot(
  root: string,
  source: { readonly url: string; readonly suite: string; readonly keyring: string },
): void {
  for (const directory of [
    'etc/apt/sources.list.d',
    'etc/apt/keyrings',
    'var/lib/dpkg/info',
    'var/lib/dpkg/updates',
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
  ]) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  for (const link of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${link}`, join(root, link));
  for (const path of PROGRAMS) copyWithLibraries(path, root);
  symlinkSync('mawk', join(root, 'usr/bin/awk'));
  writeFileSync(join(root, 'var/lib/dpkg/status'), '');
  writeFileSync(join(root, 'dev/null'), '');
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
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

/** Copies a program with the libraries that it needs to the same places in a root. */
export function copyWithLibraries(path: string, root: string): void {
  const libraries = execFileSync('ldd', [path], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
  for (const file of [path, ...Array.from(libraries, (match) => match[1] ?? '')]) {
    const to = join(root, file);
    if (existsSync(to)) continue;
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(realpathSync(file), to);
  }
}
