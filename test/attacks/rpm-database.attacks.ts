/** The package database of a root is somebody else's: reading it ends, takes the memory that its size allows, and nothing outside. */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { type Attack, type GuardEdit, held, type Outcome, refusalOf, succeeded, type Tree } from './attack.ts';

const FOLDER = 'src/package-system/rpm-database';
const PLACE = 'var/lib/rpm';
const TABLE = 'CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)';

/** More rows than the file has bytes. */
const VIEW =
  'CREATE VIEW Packages AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 99999) SELECT x AS hnum, zeroblob(1) AS blob FROM n';

const COUNT: GuardEdit = {
  file: `${FOLDER}/broken.ts`,
  text: 'if (left < 0) throw',
  replacement: 'if (bytes < 0) throw',
};
const STORED: GuardEdit = {
  file: `${FOLDER}/sqlite.ts`,
  text: "?.['stored'] !== 1) throw",
  replacement: "?.['stored'] === -1) throw",
};

function openRoot(tree: Tree): { readonly root: string; readonly database: string } {
  const root = join(tree.scratch(), 'root');
  mkdirSync(join(root, PLACE), { recursive: true });
  return { root, database: join(root, PLACE, 'rpmdb.sqlite') };
}

/** What readSqlite() makes of a database that these statements wrote. */
async function readSqlite(tree: Tree, statements: string, change: (path: string) => void = () => undefined) {
  const { readSqlite: read } = await tree.load<typeof import('../../src/package-system/rpm-database/sqlite.ts')>(
    `${FOLDER}/sqlite.ts`,
  );
  const { database: path } = openRoot(tree);
  const database = new DatabaseSync(path);
  database.exec(statements);
  database.close();
  change(path);
  return refusalOf(read(path, null, tree.scratch()), (blobs) => `${blobs.length} packages that nobody wrote down`);
}

/** Every page below an inner page of the b-tree becomes the first of them (SQLite: fileformat2.html, "B-tree Pages"). */
function repeatFirstPage(path: string): void {
  const file = readFileSync(path);
  const size = file.readUInt16BE(16);
  for (let page = size; page < file.length; page += size) {
    if (file[page] !== 5) continue;
    const cells = Array.from(
      { length: file.readUInt16BE(page + 3) },
      (_, at) => page + file.readUInt16BE(page + 12 + at * 2),
    );
    const first = file.readUInt32BE(cells[0] ?? 0);
    for (const cell of [...cells, page + 8]) file.writeUInt32BE(first, cell);
  }
  writeFileSync(path, file);
}

/** What a reader makes of one of the fixtures, of which every item names what the first one does. */
async function readRepeated(
  tree: Tree,
  name: 'Packages.db' | 'Packages',
  repeat: (file: Buffer) => Buffer,
): Promise<Outcome> {
  const { readRpmDatabase } = await tree.load<typeof import('../../src/package-system/rpm-database/read.ts')>(
    `${FOLDER}/read.ts`,
  );
  const fixture = join(import.meta.dirname, '../fixtures/rpm-database', `${name}.gz`);
  const path = join(tree.scratch(), name);
  writeFileSync(path, repeat(gunzipSync(readFileSync(fixture))));
  const find = (wanted: string): Promise<string | null> =>
    Promise.resolve(wanted === `/${PLACE}/${name}` ? path : null);
  return refusalOf(
    readRpmDatabase({ find, temporary: tree.scratch(), paths: [] }),
    (found) => `${found?.packages.length} packages out of one place`,
  );
}

/** An ndb whose slots all name the largest blob, and as many of them as fit. */
function repeatSlot(file: Buffer): Buffer {
  const slots = file.subarray(0, file.readUInt32LE(12) * 4096);
  let largest = 32;
  for (let at = 32; at < slots.length; at += 16)
    if (file.readUInt32LE(at + 4) !== 0 && file.readUInt32LE(at + 12) > file.readUInt32LE(largest + 12)) largest = at;
  const slot = Buffer.from(file.subarray(largest, largest + 16));
  for (let at = 32; at < slots.length; at += 16) slot.copy(file, at);
  return file;
}

/** A hash whose items all name the chain of the first large one. */
function repeatChain(file: Buffer): Buffer {
  const size = file.readUInt32LE(20);
  let chain: Buffer | null = null;
  for (let round = 0; round < 2; round += 1)
    for (let page = size; page < file.length; page += size) {
      if (file[page + 25] !== 13 && file[page + 25] !== 2) continue;
      for (let index = 1; index < file.readUInt16LE(page + 20); index += 2) {
        const at = page + file.readUInt16LE(page + 26 + index * 2);
        if (file[at] !== 3) continue;
        if (chain === null || file.readUInt32LE(at + 8) > chain.readUInt32LE(8))
          chain = Buffer.from(file.subarray(at, at + 12));
        else if (round === 1) chain.copy(file, at);
      }
    }
  return file;
}

export const attacks: readonly Attack[] = [
  {
    name: 'a view in the place of the table of packages counts for as long as it likes',
    guard: [STORED, COUNT],
    attempt: (tree) => readSqlite(tree, VIEW),
  },
  {
    name: 'a column of the table of packages is reckoned, and has as many megabytes as it likes',
    guard: [STORED, COUNT],
    attempt: (tree) =>
      readSqlite(
        tree,
        `CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB GENERATED ALWAYS AS (zeroblob(20000000)));
         INSERT INTO Packages VALUES (1)`,
      ),
  },
  {
    name: 'one page of a database stands in many places of its tree',
    guard: [COUNT],
    attempt: (tree) =>
      readSqlite(
        tree,
        `${TABLE}; WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 500)
           INSERT INTO Packages (blob) SELECT zeroblob(CASE WHEN x < 5 THEN 100000 ELSE 500 END) FROM n`,
        repeatFirstPage,
      ),
  },
  {
    name: 'the slots of an ndb all name one package',
    guard: [COUNT],
    attempt: (tree) => readRepeated(tree, 'Packages.db', repeatSlot),
  },
  {
    name: 'the items of a Berkeley database all name one chain of pages',
    guard: [COUNT],
    attempt: (tree) => readRepeated(tree, 'Packages', repeatChain),
  },
  {
    name: 'the log beside a database is a link to a file of this machine',
    guard: [
      { file: `${FOLDER}/read.ts`, text: 'await find(`${path}${LOG}`) : null', replacement: '`${file}${LOG}` : null' },
    ],
    attempt: async (tree) => {
      const [{ readRpmDatabase }, { createRootHost }] = await Promise.all([
        tree.load<typeof import('../../src/package-system/rpm-database/read.ts')>(`${FOLDER}/read.ts`),
        tree.load<typeof import('../../src/host/root.ts')>('src/host/root.ts'),
      ]);
      const { root, database: path } = openRoot(tree);
      const outside = join(tree.scratch(), 'outside');
      const database = new DatabaseSync(path);
      database.exec(`PRAGMA journal_mode = WAL; ${TABLE}; PRAGMA wal_checkpoint(TRUNCATE)`);
      // Told apart by what is wrong with it.
      database.exec("INSERT INTO Packages (blob) VALUES (x'00')");
      copyFileSync(`${path}-wal`, outside);
      const alone = readFileSync(path);
      database.close();
      writeFileSync(path, alone);
      symlinkSync(outside, `${path}-wal`);
      const host = createRootHost(root);
      const find = (wanted: string): Promise<string | null> => host.fetchFile(wanted);
      const read = await refusalOf(readRpmDatabase({ find, temporary: tree.scratch(), paths: [] }));
      return read.result === 'succeeded' ? held('nothing outside is reached') : succeeded('a package of that file');
    },
  },
];
