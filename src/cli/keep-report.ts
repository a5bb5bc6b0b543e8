/** The --report option: what a command did, or why it could not, as a file. */
import { resolve } from 'node:path';
import { isTapprepError } from '../errors.ts';
import { describeFailure, type Preflight, type ReportedCommand } from '../report/preflight.ts';
import { checkReportPath, writeReport } from '../report/write-report.ts';
import type { Context } from './context.ts';
import { errorJson } from './exit-codes.ts';
import { hintOf } from './hint.ts';
import { readVersion } from './package-root.ts';

/** What writing a report needs of the process. */
export type ReportContext = Pick<Context, 'cwd' | 'now' | 'place'>;

/**
 * Does the work of a command and keeps its report at each of `paths`: also when the work ends with an error, which is then
 * thrown on. `json` makes what --json prints of the report. @throws TapprepError USAGE before any work when a path cannot be a report
 */
export async function withReport<Report>(
  context: ReportContext,
  command: ReportedCommand,
  paths: readonly string[],
  describe: (report: Report) => Preflight,
  work: () => Promise<Report>,
  json: (report: Report) => unknown = (report) => report,
): Promise<Report> {
  const files = paths.map((path) => resolve(context.cwd, path));
  for (const path of paths) await checkReportPath(path, resolve(context.cwd, path));
  const keep = async (preflight: Preflight, report: unknown): Promise<void> => {
    const options = { madeAt: context.now(), tapprepVersion: readVersion() };
    // One that cannot be written does not keep the others from it.
    const written = await Promise.allSettled(files.map((file) => writeReport(file, preflight, report, options)));
    for (const each of written) if (each.status === 'rejected') throw each.reason;
  };
  let report: Report;
  try {
    report = await work();
  } catch (error) {
    // The error of the work is the one to tell, even where its report cannot be written either.
    if (isTapprepError(error)) {
      const failure = { code: error.code, message: error.message, hint: hintOf(error, context.place) };
      await keep(describeFailure(command, failure), errorJson(error, context.place)).catch(() => undefined);
    }
    throw error;
  }
  await keep(describe(report), json(report));
  return report;
}
