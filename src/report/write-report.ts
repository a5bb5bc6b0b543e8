/** Puts a report where --report asks for it. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { isErrno, TapprepError, toSafeJson } from '../errors.ts';
import { type PageOptions, renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import type { Preflight } from './preflight.ts';

type Render = (preflight: Preflight, report: unknown, options: PageOptions) => string;

const FORMATS: Readonly<Record<string, Render>> = {
  '.html': (preflight, _, options) => renderHtml(preflight, options),
  '.xml': (preflight) => renderJunit(preflight),
  '.json': (_, report) => `${toSafeJson(report, 2)}\n`,
};

/** Refuses before any work is done what could not be written after it. @throws TapprepError USAGE */
export function checkReportPath(path: string): void {
  if (FORMATS[extname(path).toLowerCase()] !== undefined) return;
  throw new TapprepError('USAGE', `a report ends in ${Object.keys(FORMATS).join(', ')}, but ${path} does not`, {
    hint: '--report preflight.html',
  });
}

/**
 * Writes a report: a temporary file beside it, fsync, rename. What was there is replaced whole or not at all.
 * @param report what `--json` prints, for a .json file
 * @throws TapprepError USAGE, NO_SPACE, PERMISSION
 */
export async function writeReport(
  path: string,
  preflight: Preflight,
  report: unknown,
  options: PageOptions,
): Promise<void> {
  checkReportPath(path);
  const content = FORMATS[extname(path).toLowerCase()]?.(preflight, report, options) ?? '';
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o644);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw explain(error, path);
  }
}

const REFUSALS: readonly (readonly [string, 'NO_SPACE' | 'PERMISSION' | 'USAGE', string])[] = [
  ['ENOSPC', 'NO_SPACE', 'has no room for it'],
  ['EACCES', 'PERMISSION', 'may not be written by this user'],
  ['EROFS', 'PERMISSION', 'is on a read-only file system'],
  ['ENOENT', 'USAGE', 'is in a directory that does not exist'],
  ['ENOTDIR', 'USAGE', 'is in something that is not a directory'],
  ['EISDIR', 'USAGE', 'is a directory'],
];

function explain(error: unknown, path: string): unknown {
  const known = REFUSALS.find(([errno]) => isErrno(error, errno));
  if (known === undefined) return error;
  return new TapprepError(known[1], `the report cannot be written: ${path} ${known[2]}`, {
    hint: '--report with another path',
    cause: error,
  });
}
