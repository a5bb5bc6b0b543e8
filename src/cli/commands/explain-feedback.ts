/** `tapprep explain --feedback FILE --expect CODE LOG`: a failed run with its right answer, as a file that somebody can send. */
import { resolve } from 'node:path';
import { formatCase } from '../../diagnose/cases/case-file.ts';
import { redactLog } from '../../diagnose/cases/redact-log.ts';
import { isDiagnosisCode } from '../../diagnose/codes.ts';
import { readFactsFile } from '../../detect/facts.ts';
import { EXIT, TapprepError } from '../../errors.ts';
import { writeWhole } from '../../files/write-whole.ts';
import { readLogSource } from '../log-source.ts';
import type { ExplainContext } from './explain.ts';

export interface FeedbackOptions {
  /** The log; null or "-" for standard input. */
  readonly source: string | null;
  readonly out: string;
  /** CODE[,CODE], or NONE. */
  readonly expect: string;
  readonly cause: string | null;
}

/** Writes a file that somebody can send. @throws TapprepError USAGE for no code, PERMISSION, NO_SPACE */
export async function runFeedback(
  context: ExplainContext,
  options: FeedbackOptions,
  factsFile: string | null,
): Promise<number> {
  if (options.expect === '') {
    throw new TapprepError('USAGE', '--feedback writes a log with its right answer, but --expect was not given', {
      hint: 'tapprep explain --feedback FILE --expect DEVEL_MISSING LOG',
    });
  }
  const expect = options.expect.split(',');
  const unknown = expect.find((word) => word !== 'NONE' && !isDiagnosisCode(word));
  if (unknown !== undefined) {
    throw new TapprepError('USAGE', `--expect takes codes of diagnoses or NONE, but "${unknown}" is none`, {
      hint: 'tapprep explain --feedback FILE --expect DEVEL_MISSING LOG',
    });
  }
  const facts = factsFile === null ? null : await readFactsFile(resolve(context.cwd, factsFile));
  const log = redactLog(await readLogSource(context, options.source));
  const path = resolve(context.cwd, options.out);
  await writeWhole(path, formatCase({ expect, cause: options.cause, facts, log }), { mode: 0o600 });
  context.stderr.write(
    `${path} is written; names, addresses and secrets that were recognised are taken out: read it before you send it\n`,
  );
  return EXIT.done;
}
