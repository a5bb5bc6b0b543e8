/** rpmdb.sqlite of Fedora 33, EL9 and later. SQLite writes beside what it opens, so it gets a copy of its own. */
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isErrno } from '../../errors.ts';
import { withTemporaryDirectory } from '../../files/temporary-directory.ts';
import { brokenDatabase } from './broken.ts';

/** Transactions that have not come into the database itself yet. */
const LOG = '-wal';

/**
 * The header blob of each package.
 * @param directory where the copy may lie for the moment
 * @throws TapprepError BAD_FACTS
 */
export async function readSqlite(path: string, directory: string): Promise<readonly Buffer[]> {
  return withTemporaryDirectory(directory, 'tapprep-rpmdb-', async (own) => {
    const copy = join(own, basename(path));
    await copyFile(path, copy);
    await copyFile(`${path}${LOG}`, `${copy}${LOG}`).catch((error: unknown) => {
      if (!isErrno(error, 'ENOENT')) throw error;
    });
    try {
      const database = new DatabaseSync(copy);
      try {
        const rows = database.prepare('SELECT blob FROM Packages ORDER BY hnum').all();
        return rows.flatMap(({ blob }) => (blob instanceof Uint8Array ? [Buffer.from(blob)] : []));
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
