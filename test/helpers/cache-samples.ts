/** Directories that are caches of tapprep's or of others, for whatever has to tell them apart. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const HEX = '0123456789abcdef';
const DIGEST = HEX.repeat(4);

type Sample = readonly [what: string, names: readonly string[]];

/** What older versions left, without a mark. */
export const OLDER_CACHES: readonly Sample[] = [
  ['nothing', []],
  ['a new file system', ['lost+found/#12']],
  ['only tmp', ['tmp/']],
  ['a mark that was begun', ['CACHEDIR.TAG', 'tmp/']],
  ['the one file’s program', [`program/0.1.0-${HEX}/bin/tapprep.js`]],
  ['a program that was being unpacked', [`program/0.1.0-rc.1-${HEX}.4711/node`]],
  ['index and tmp', [`index/${DIGEST}.json`, 'tmp/verify-aB3dE6/']],
  ['what was cleaned', ['index/', 'locks/', 'partial/', 'sha256/ab/']],
  [
    'all folders',
    [
      `sha256/01/${DIGEST}`,
      `sha256/01/.signed-aB3dE6/`,
      `locks/sha256-${DIGEST} ->`,
      `locks/root-centos-7.9-3.10.0-1160.el7.x86_64.${HEX} ->`,
      `index/.${DIGEST}.json.tapprep-0`,
      `index/${DIGEST}.json.0123456789ab.tmp`,
      `partial/url-${DIGEST}.part`,
      `partial/url-${DIGEST}.part.json`,
      'cases/systemtap-4.8-0123456789ab.txt',
      'kernels/Debian%3A12',
      `guest/busybox-amd64-${HEX}`,
      'systemtap/5.1-x86_64-0123456789ab/bin/stap',
      'systemtap/verdicts/0123456789abcdef01234567.json',
      'systemtap/logs/build-5.1-6.1.0-18-amd64.log',
      'systemtap/.making-aB3dE6/',
      'roots/base-debian-bookworm-amd64.tar',
      'roots/base-almalinux-9.4-x86_64-0123456789ab.tar.making/',
      'roots/centos-7.9-3.10.0-1160.el7.x86_64/etc/',
      'roots/opensuse-leap-15.6-6.4.0-150600.21-default-nodebuginfo.json',
      'roots/debian-12-6.1.0-18-amd64.making.gone/',
      `images/${HEX}-${HEX}/boot/vmlinuz`,
      `images/${HEX}.making-aB3dE6/`,
      'roots.gone/debian-12-6.1.0-18-amd64/',
      'debug-files-aB3dE6/anything',
      'ansible/facts/db1.packages',
    ],
  ],
  ['a download, beside a file of its owner', [`index/${DIGEST}.json`, 'locks/', 'README']],
];

export const OTHERS: readonly Sample[] = [
  ['one file', ['notes.txt']],
  ['a hidden one', ['.git/']],
  ['only a mark that was begun beside it', ['CACHEDIR.TAG', 'notes.txt']],
  ['folders of those names', ['locks/', 'sha256/', 'program/mycode/a.c']],
  ['roots of plants', ['locks/', 'sha256/', 'roots/wheat/n.txt']],
  ['pictures', ['images/cats/c.png']],
  ['letters', ['tmp/letters/l.txt']],
  ['terms', ['index/terms.md']],
  ['a file that is called index', ['index']],
  ['a directory in the place of a record', [`index/${DIGEST}.json/x`]],
  ['a hidden file in a folder', ['tmp/.keep']],
  ['a line break in a name', ['tmp/', 'tmp\nlocks/']],
  ['a name of two lines, of which one is a record', [`tmp/x\nindex/`, `notes\nindex/${DIGEST}.json`]],
  ['a record behind a name of its own', [`x index/${DIGEST}.json`]],
];

/** Makes a file, a directory ("NAME/") or a lock ("NAME ->"), empty. */
export function putName(root: string, name: string): void {
  const path = join(root, name.replace(/ ->$/, ''));
  mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
  if (name.endsWith(' ->')) symlinkSync('{}', path);
  else if (!name.endsWith('/')) writeFileSync(path, '');
}
