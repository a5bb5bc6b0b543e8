import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { findBuildTreeFault } from '../../../src/verify/build-tree.ts';
import { findSymbolTableFault } from '../../../src/verify/symbol-table.ts';
import { createRecordedHost } from '../../helpers/recorded-host.ts';

const R = '5.10.0-32-cloud-amd64';
const TREE = `/lib/modules/${R}/build`;
const UNAME_V = '#1 SMP Debian 5.10.223-1 (2024-08-10)';
const directories: string[] = [];
afterEach(() => directories.splice(0).forEach((directory) => rmSync(directory, { recursive: true })));

/** As the headers package of Debian 11 has it. */
const COMPLETE: Readonly<Record<string, string>> = {
  '.config': 'CONFIG_MODULES=y\n',
  'Module.symvers': '0x1\tprintk\tvmlinux\tEXPORT_SYMBOL\n',
  Makefile: 'include /usr/src/common/Makefile\n',
  'include/config/kernel.release': '5.10.223\n',
  'include/generated/utsrelease.h': `#define UTS_RELEASE "${R}"\n`,
  'include/generated/compile.h': `/* auto */\n#define UTS_MACHINE "x86_64"\n#define UTS_VERSION "${UNAME_V}"\n`,
};

function hostWith(files: Readonly<Record<string, string>>): ReturnType<typeof createRecordedHost> {
  const directory = mkdtempSync(join(tmpdir(), 'tapprep-tree-'));
  directories.push(directory);
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name.startsWith('/') ? name : join(TREE, name));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return createRecordedHost(directory, {});
}

const without = (...names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(COMPLETE).filter(([name]) => !names.includes(name)));

test.each<readonly [what: string, files: Readonly<Record<string, string>>, fault: string | null]>([
  ['complete', COMPLETE, null],
  ['absent', {}, `${TREE} is not there: the kernel's headers (devel) package is missing`],
  ['incomplete', without('Module.symvers'), `${TREE} lacks Module.symvers`],
  [
    'of another kernel',
    { ...COMPLETE, 'include/generated/utsrelease.h': '#define UTS_RELEASE "5.10.0-33-cloud-amd64"\n' },
    `${TREE} is for 5.10.0-33-cloud-amd64, but the kernel is ${R}`,
  ],
  [
    'of another build',
    { ...COMPLETE, 'include/generated/compile.h': '#define UTS_VERSION "#1 SMP Tue CDT 2017"\n' },
    `${TREE} is of the build "#1 SMP Tue CDT 2017", but the kernel is "${UNAME_V}"`,
  ],
  [
    'without its release',
    without('include/generated/utsrelease.h', 'include/config/kernel.release'),
    `${TREE} does not say which kernel it is for: include/generated/utsrelease.h is missing`,
  ],
])('a build tree that is %s', async (_, files, fault) => {
  expect(await findBuildTreeFault(hostWith(files), { release: R, unameV: UNAME_V })).toBe(fault);
});

test('the build is not compared where uname -v is not known', async () => {
  const files = { ...COMPLETE, 'include/generated/compile.h': '#define UTS_VERSION "#1 SMP other"\n' };
  expect(await findBuildTreeFault(hostWith(files), { release: R, unameV: null })).toBeNull();
});

const STUB = 'ffffffffffffffff B The real System.map is in the debug package\n';
const TABLE = 'ffffffff81000000 T _stext\n';

test.each<readonly [what: string, files: Readonly<Record<string, string>>, fault: string | null]>([
  ['in /boot', { [`/boot/System.map-${R}`]: TABLE }, null],
  [
    'in the build tree alone, where not every stap looks',
    { 'System.map': TABLE, [`/boot/System.map-${R}`]: STUB },
    `needs the kernel's symbol table, but /boot/System.map-${R} is a stub without functions; cp /lib/modules/${R}/build/System.map /boot/System.map-${R}`,
  ],
  ['nowhere', {}, `needs the kernel's symbol table, but /boot/System.map-${R} is not there`],
  [
    'in the debug package only',
    { [`/boot/System.map-${R}`]: STUB, [`/usr/lib/debug/boot/System.map-${R}`]: TABLE },
    `needs the kernel's symbol table, but /boot/System.map-${R} is a stub without functions; cp /usr/lib/debug/boot/System.map-${R} /boot/System.map-${R}`,
  ],
])('a symbol table %s', async (_, files, fault) => {
  expect(await findSymbolTableFault(hostWith(files), { release: R })).toBe(fault);
});
