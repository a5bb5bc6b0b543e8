/** rpm databases of every kind, as their own rpm wrote them, read without rpm and without a trace. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { collectFacts } from '../../../src/detect/facts.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { readRpmDatabase, type RpmDatabase } from '../../../src/package-system/rpm-database/read.ts';
import { isTapprepError } from '../../../src/errors.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { makeRpmRoot } from '../../helpers/fake-root.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/rpm-database');
const work = mkdtempSync(join(tmpdir(), 'rpm-database-'));
const base = join(work, 'base');
let count = 0;

afterAll(() => rmSync(work, { recursive: true, force: true }));

function fixture(name: 'Packages' | 'Packages.db'): Buffer {
  return gunzipSync(readFileSync(join(FIXTURES, `${name}.gz`)));
}

/** Reads a database of these bytes. */
async function read(name: string, bytes: Uint8Array, paths: readonly string[] = []): Promise<RpmDatabase | null> {
  count += 1;
  const directory = join(work, String(count));
  mkdirSync(directory);
  writeFileSync(join(directory, name), bytes);
  const before = readdirSync(directory);
  const find = (path: string): Promise<string | null> => {
    const file = join(directory, path.split('/').at(-1) ?? '');
    return Promise.resolve(path.startsWith('/var/') && existsSync(file) ? file : null);
  };
  try {
    return await readRpmDatabase({ find, temporary: work, paths });
  } finally {
    expect(readdirSync(directory)).toEqual(before);
  }
}

/** `rpm -qa` of the rpm that wrote it. */
const LISTED = [
  'kernel-core 5.14.0-501.el9 x86_64 AlmaLinux vm',
  'kernel-core 5.14.0-503.el9 x86_64 AlmaLinux vm',
  'kernel-devel 5.14.0-501.el9 x86_64 AlmaLinux vm',
  'kernel-devel 5.14.0-502.el9 x86_64 AlmaLinux vm',
  'kernel-devel 5.14.0-503.el9 x86_64 AlmaLinux vm',
  'tool 2:5.1-3.el9 x86_64 AlmaLinux build-1.example.org',
];

describe.each(['Packages', 'Packages.db'] as const)('%s', (name) => {
  test('every package that its own rpm lists, and whose a file is', async () => {
    const database = await read(name, fixture(name), ['/usr/bin/stap', '/usr/share/lab/502/devel', '/usr/bin/other']);
    const lines = database?.packages.map(
      ({ name: own, version, arch, vendor, buildHost }) => `${own} ${version} ${arch} ${vendor} ${buildHost}`,
    );
    expect(lines?.toSorted()).toEqual(LISTED);
    expect(Object.fromEntries(database?.owners ?? [])).toEqual({
      '/usr/bin/stap': 'tool-5.1-3.el9.x86_64',
      '/usr/share/lab/502/devel': 'kernel-devel-5.14.0-502.el9.x86_64',
    });
  });

  test('cut anywhere: an error with a code, or all that was whole; never "nothing is installed"', async () => {
    const whole = fixture(name);
    for (let part = 1; part < 12; part += 1) {
      const bytes = whole.subarray(0, Math.floor((whole.length * part) / 12));
      expect(await failureOf(read(name, bytes))).toMatchObject({ code: 'BAD_FACTS' });
    }
  });

  test('a byte changed anywhere in its structure is no crash', async () => {
    const whole = fixture(name);
    for (let at = 0; at < whole.length; at += 397) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8((bytes[at] ?? 0) ^ 0xff, at);
      const outcome = await read(name, bytes).then(
        () => 'read',
        (error: unknown) => (isTapprepError(error) ? error.code : error),
      );
      expect(['read', 'BAD_FACTS']).toContain(outcome);
    }
  });
});

test('what is none of the formats is refused by its name', async () => {
  const failure = await failureOf(read('Packages', Buffer.alloc(8192, 'x')));
  expect(failure).toMatchObject({
    code: 'BAD_FACTS',
    message: expect.stringMatching(/Packages cannot be read: it is neither/) as string,
  });
  expect(await failureOf(read('rpmdb.sqlite', Buffer.from('SQLite format 3\0, and no more')))).toMatchObject({
    code: 'BAD_FACTS',
  });
});

test('a package that stands only in the log of SQLite counts', async () => {
  const [tool = Buffer.alloc(0)] = blobsOf(fixture('Packages.db'));
  const path = join(work, 'rpmdb.sqlite');
  const database = new DatabaseSync(path);
  database.exec(
    'PRAGMA journal_mode = WAL; CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)',
  );
  database.prepare('INSERT INTO Packages (blob) VALUES (?)').run(tool);
  const directory = join(work, 'log');
  mkdirSync(directory);
  for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, join(directory, `rpmdb.sqlite${end}`));
  database.close();
  const find = (wanted: string): Promise<string | null> =>
    Promise.resolve(
      /^\/var\/lib\/rpm\/rpmdb\.sqlite(?:-wal)?$/.test(wanted) ? join(directory, basename(wanted)) : null,
    );
  const found = await readRpmDatabase({ find, temporary: work, paths: [] });
  expect(found?.packages).toHaveLength(1);
  expect(readdirSync(directory).toSorted()).toEqual(['rpmdb.sqlite', 'rpmdb.sqlite-wal']);
});

/** The first blob of an ndb: behind the slots, with 16 bytes of head. */
function blobsOf(file: Buffer): readonly Buffer[] {
  const start = file.readUInt32LE(40) * 16;
  return [file.subarray(start + 16, start + 16 + file.readUInt32LE(start + 12))];
}

/** Every file of a tree with its content, mode and times. */
function treeOf(directory: string): string {
  const list = ['-printf', '%P %M %U:%G %s %T@ %C@ %l\n', '-type', 'f', '-exec', 'sha256sum', '{}', '+'];
  return execFileSync('find', [directory, ...list], { encoding: 'utf8', maxBuffer: 1 << 28 });
}

test.each(['rpmdb.sqlite', 'Packages', 'Packages.db'] as const)(
  'facts of a root with %s leave it as it was',
  async (name) => {
    const root = join(work, `root-${name}`);
    if (!existsSync(base)) {
      mkdirSync(base);
      makeRpmRoot(base, { withRpm: true });
    }
    execFileSync('cp', ['-a', base, root]);
    if (name !== 'rpmdb.sqlite') {
      rmSync(join(root, 'var/lib/rpm'), { recursive: true });
      mkdirSync(join(root, 'var/lib/rpm'));
      writeFileSync(join(root, 'var/lib/rpm', name), fixture(name));
    }
    const before = treeOf(root);
    const facts = await collectFacts(createRootHost(root));
    expect(treeOf(root)).toBe(before);
    const names = facts.packages.map((one) => one.name).toSorted();
    expect([...new Set(names)]).toEqual(
      name === 'rpmdb.sqlite'
        ? ['gcc', 'kernel', 'kernel-devel', 'systemtap']
        : ['kernel-core', 'kernel-devel', 'tool'],
    );
    expect(facts.systemtap?.package).toMatch(name === 'rpmdb.sqlite' ? /^systemtap-/ : /^tool-5\.1-3\.el9\.x86_64$/);
  },
);
