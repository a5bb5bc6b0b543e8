/** Puts a report where --report asks for it. */
import { extname } from 'node:path';
import { TapprepError, toSafeJson } from '../errors.ts';
import { again } from '../make-remedy.ts';
import { checkPlace, writeWhole } from '../files/write-whole.ts';
import { type PageOptions, renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import type { Preflight } from './preflight.ts';

type Render = (preflight: Preflight, report: unknown, options: PageOptions) => string;

const FORMATS: Readonly<Record<string, Render>> = {
  '.html': (preflight, _, options) => renderHtml(preflight, options),
  '.xml': (preflight) => renderJunit(preflight),
  '.json': (_, report) => `${toSafeJson(report, 2)}\n`,
};

const WRITTEN = { what: 'the report cannot be written: ' } as const;

/** Refuses before any work is done what could not be written after it. @param path as it was given @param file the same, absolute @throws TapprepError USAGE, PERMISSION */
export async function checkReportPath(path: string, file: string): Promise<void> {
  if (FORMATS[extname(path).toLowerCase()] !== undefined) return checkPlace(file, WRITTEN);
  throw new TapprepError('USAGE', `a report ends in ${Object.keys(FORMATS).join(', ')}, but ${path} does not`, {
    facts: again('--report', `${path.slice(0, path.length - extname(path).length)}.html`, path),
  });
}

/**
 * Writes a report. What was there is replaced whole or not at all.
 * @param report what `--json` prints, for a .json file
 * @throws TapprepError USAGE, NO_SPACE, PERMISSION
 */
export async function writeReport(
  path: string,
  preflight: Preflight,
  report: unknown,
  options: PageOptions,
): Promise<void> {
  const content = FORMATS[extname(path).toLowerCase()]?.(preflight, report, options) ?? '';
  await writeWhole(path, content, { mode: 'user', ...WRITTEN });
}
