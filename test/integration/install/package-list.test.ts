/** What the real dpkg-query says of a database with packages in every state. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Host } from '../../../src/host/host.ts';
import { createLocalHost } from '../../../src/host/local.ts';
import { listHalfUnpacked, listPackages, listRemains, listTraces } from '../../../src/install/package-list.ts';
import { DPKG } from '../../../src/package-system/dpkg.ts';

const database = mkdtempSync(join(tmpdir(), 'package-list-'));
afterAll(() => rmSync(database, { recursive: true }));

const STATES = {
  whole: 'install ok installed',
  held: 'hold ok installed',
  broken: 'install reinstreq half-installed',
  unpacked: 'install ok unpacked',
  failed: 'install ok half-configured',
  purged: 'deinstall ok config-files',
};
mkdirSync(join(database, 'updates'));
writeFileSync(
  join(database, 'status'),
  Object.entries(STATES)
    .map(([name, status]) => {
      return `Package: ${name}\nStatus: ${status}\nMaintainer: A <a@b.c>\nArchitecture: all\nVersion: 1\nDescription: x\n`;
    })
    .join('\n'),
);

const local = createLocalHost();
const host: Host = Object.assign(Object.create(local) as Host, {
  run: ([program = '', ...words]: readonly string[], options: Parameters<Host['run']>[1]) =>
    local.run([program, `--admindir=${database}`, ...words], options),
});
const names = (rows: readonly { readonly name: string }[]): readonly string[] => rows.map(({ name }) => name).sort();

test('every state is what it is to dpkg', async () => {
  expect(names(await listPackages(host, DPKG))).toEqual(['held', 'whole']);
  expect(names(await listTraces(host, DPKG))).toEqual(['broken', 'failed', 'held', 'unpacked', 'whole']);
  expect(names(await listRemains(host, DPKG))).toEqual(names(Object.keys(STATES).map((name) => ({ name }))));
  expect(names(await listHalfUnpacked(host, DPKG))).toEqual(['broken']);
});

test('no field is asked for that came after dpkg 1.15', () => {
  // The names of fields with a colon are younger: db:Status-Status is of 1.17.11, binary:Package of 1.16.2.
  const fields = DPKG.listArgv.join(' ').match(/\$\{[^}]+\}/g);
  expect(fields).toEqual(['${Status}', '${Package}', '${Version}', '${Architecture}']);
});
