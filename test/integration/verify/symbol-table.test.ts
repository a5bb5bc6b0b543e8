import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const R = '5.14.0-427.el9.x86_64';
const TABLE = 'ffffffff81000000 T _stext\nffffffff82000000 D sys_call_table\n';
const NOBODY = 65_534;

const root = mkdtempSync(join(tmpdir(), 'tapprep-symbols-'));
beforeAll(() => {
  chmodSync(root, 0o755);
  for (const name of ['boot', 'var/lib/rpm', `lib/modules/${R}/build`])
    mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'var/lib/rpm/rpmdb.sqlite'), '');
  // As the kernel's package brings it on Enterprise Linux, and on Ubuntu.
  writeFileSync(join(root, `boot/System.map-${R}`), TABLE, { mode: 0o600 });
});
afterAll(() => rmSync(root, { recursive: true }));

const from = (path: string): string => JSON.stringify(join(process.cwd(), 'src', path));

/** What a user finds: why there is no table, where else one lies, and the lines of a symbol. */
function lookAs(uid: number): unknown {
  const script = `
    import { createRootHost } from ${from('host/root.ts')};
    import { findSymbolTableFault, findTableElsewhere, readSymbols } from ${from('verify/symbol-table.ts')};
    const [host, target] = [createRootHost(${JSON.stringify(root)}), { release: ${JSON.stringify(R)} }];
    const found = [await findSymbolTableFault(host, target), await findTableElsewhere(host, target)];
    console.log(JSON.stringify([...found, await readSymbols(host, target, ['sys_call_table'])]));`;
  const words = ['--input-type=module', '--eval', script];
  return JSON.parse(execFileSync(process.execPath, words, { uid, gid: uid, encoding: 'utf8' }));
}

test('for a user who is not root the table in /boot is not known; verify ended with PERMISSION', () => {
  const why = `needs the kernel's symbol table, but /boot/System.map-${R} cannot be read by this user: run the same command with sudo`;
  expect(lookAs(NOBODY)).toEqual([why, null, []]);
});

test('root reads it', () => {
  expect(lookAs(0)).toEqual([null, null, TABLE.trim().split('\n')]);
});

test('one that a package brings elsewhere, and everybody may read, serves that user', () => {
  const place = `lib/modules/${R}/System.map`;
  writeFileSync(join(root, place), TABLE, { mode: 0o644 });
  expect(lookAs(NOBODY)).toEqual([expect.any(String), `/${place}`, TABLE.trim().split('\n')]);
});
