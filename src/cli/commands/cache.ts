/** `tapprep cache`: what is kept between runs, and making room. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { countOf } from '../../count.ts';
import { EXIT } from '../../errors.ts';
import { cleanCache, cleanRest, listCache } from '../../fetch/cache-admin.ts';
import { findPrivateDirectory } from '../../files/private-directory.ts';
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
  const roots = everything ? await listKeptRoots(join(cacheDir, 'roots')) : [];
  if (dropRoots) {
    const directory = await findPrivateDirectory(cacheDir, 'roots');
    if (directory !== null) await forgetKeptRoots(directory);
    await cleanRest(cacheDir, PACKAGE_ROOT);
  }
  if (context.common.json) context.stdout.json(report);
  else if (!existsSync(cacheDir)) context.stdout.write(`nothing to remove: there is no cache ${cacheDir}\n`);
  else
    context.stdout.write(
      `removed ${countOf(report.removedFiles, 'file')}, ${formatBytes(report.removedBytes)}${describeRoots(roots.length, dropRoots)}\n`,
    );
  return EXIT.done;
}

function describeRoots(count: number, dropped: boolean): string {
  if (count === 0) return '';
  const roots = countOf(count, 'rehearsal root');
  return dropped ? `, and ${roots}` : `; ${roots} kept, as another process works with this cache`;
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
