/** `tapprep cache`: what is kept between runs, and making room. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { countOf } from '../../count.ts';
import { EXIT, isErrno } from '../../errors.ts';
import { clearLeft } from '../../files/clear-left.ts';
import { cleanCache, listCache } from '../../fetch/cache-admin.ts';
import { forgetKeptRoots, listKeptRoots } from '../../rehearse/kept-root.ts';
import type { Context } from '../context.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import { formatBytes } from '../render/progress-text.ts';
import { renderTable } from '../render/table.ts';

export interface CacheOptions {
  readonly olderThanDays: number | null;
  readonly maxBytes: number | null;
}

/** Removes what was not used for longest; rehearsal roots go only when everything goes. */
export async function cleanOldest(context: Context, options: CacheOptions): Promise<number> {
  const { cacheDir } = context.common;
  const report = await cleanCache(cacheDir, {
    now: context.now(),
    ...(options.olderThanDays === null ? {} : { olderThanDays: options.olderThanDays }),
    ...(options.maxBytes === null ? {} : { maxBytes: options.maxBytes }),
  });
  const everything = options.olderThanDays === null && options.maxBytes === null;
  // A root in which another process installs or compiles must not vanish under it.
  const dropRoots = everything && !report.inUse;
  const roots = await listKeptRoots(join(cacheDir, 'roots'));
  if (dropRoots) {
    await forgetKeptRoots(join(cacheDir, 'roots'));
    for (const name of ['roots', 'images', 'tmp']) await clearLeft(join(cacheDir, name));
    await removeOtherPrograms(join(cacheDir, 'program'));
  }
  if (context.common.json) context.stdout.json(report);
  else if (!existsSync(cacheDir)) context.stdout.write(`nothing to remove: there is no cache ${cacheDir}\n`);
  else
    context.stdout.write(
      `removed ${countOf(report.removedFiles, 'file')}, ${formatBytes(report.removedBytes)}${describeRoots(roots.length, everything, dropRoots)}\n`,
    );
  return EXIT.done;
}

function describeRoots(count: number, everything: boolean, dropped: boolean): string {
  if (count === 0 || !everything) return '';
  const roots = countOf(count, 'rehearsal root');
  return dropped ? `, and ${roots}` : `; ${roots} kept, as another process works with this cache`;
}

/** The one file unpacks each of its versions once; the one that runs now stays. */
async function removeOtherPrograms(directory: string): Promise<void> {
  const others = await readdir(directory).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  for (const name of others)
    if (join(directory, name) !== PACKAGE_ROOT) await rm(join(directory, name), { recursive: true, force: true });
}

/** Prints files and roots. */
export async function showCache(context: Context): Promise<number> {
  const { cacheDir } = context.common;
  const list = await listCache(cacheDir);
  const roots = await listKeptRoots(join(cacheDir, 'roots'));
  if (context.common.json) {
    context.stdout.json({ ...list, roots });
    return EXIT.done;
  }
  const rows = list.files.map(({ sizeBytes, sha256, urls }) => [
    formatBytes(sizeBytes),
    sha256.slice(0, 16),
    urls[0] ?? '',
  ]);
  context.stdout.write(`${renderTable(['size', 'sha256', 'from'], rows, context.stdout.columns)}\n`);
  context.stdout.write(`rehearsal roots: ${roots.length === 0 ? 'none' : roots.join(', ')}\n`);
  return EXIT.done;
}
