/** rpmdb.sqlite of Fedora 33, EL9 and later. SQLite writes beside what it opens, so it gets a copy of its own. */
import { copyFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { withTemporaryDirectory } from '../../files/temporary-directory.ts';
import { brokenDatabase, countBlobs } from './broken.ts';

/** Transactions that have not come into the database itself yet. */
export const LOG = '-wal';

/** What SQLite itself takes it for, whatever its schema calls it: rows that lie in the file, and nothing that is reckoned. */
const STORED = `SELECT count(*) AS stored FROM pragma_table_list('Packages')
  WHERE type = 'table' AND NOT EXISTS (SELECT * FROM pragma_table_xinfo('Packages') WHERE hidden <> 0)`;

/**
 * The header blob of each package. A database may hold a program as well: a view in the place of the table counts for ever, and
 * nothing in this process could end that.
 * @param log its file, null where there is none
 * @param directory where the copy may lie for the moment
 * @throws TapprepError BAD_FACTS
 */
export async function readSqlite(path: string, log: string | null, directory: string): Promise<readonly Buffer[]> {
  return withTemporaryDirectory(directory, 'tapprep-rpmdb-', async (own) => {
    const copy = join(own, basename(path));
    await copyFile(path, copy);
    if (log !== null) await copyFile(log, `${copy}${LOG}`);
    const { size } = await stat(copy);
    const count = countBlobs(path, size + (log === null ? 0 : (await stat(`${copy}${LOG}`)).size));
    try {
      const database = new DatabaseSync(copy);
      try {
        if (database.prepare(STORED).get()?.['stored'] !== 1) throw brokenDatabase(path, 'has no table of packages');
        const blobs: Buffer[] = [];
        // As they lie there: sorting would read everything before the first.
        for (const { blob } of database.prepare('SELECT blob FROM Packages NOT INDEXED').iterate()) {
          count(blob instanceof Uint8Array ? blob.length : 0);
          if (blob instanceof Uint8Array) blobs.push(Buffer.from(blob));
        }
        return blobs;
      } finally {
        database.close();
      }
    } catch (error) {
      if (error instanceof Error && 'errcode' in error)
        throw brokenDatabase(path, `is not whole (${error.message})`, error);
      throw error;
    }
  });
}
