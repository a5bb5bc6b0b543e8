/** `tapprep explain [FILE|-|CODE]`: what a log of any size says is wrong, or the page of a code. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readFactsFile } from '../../detect/facts.ts';
import { DIAGNOSIS_CODES, isDiagnosisCode } from '../../diagnose/codes.ts';
import { explainExcerpt } from '../../diagnose/diagnose.ts';
import { LogExcerpt } from '../../diagnose/log-excerpt.ts';
import { PAGES } from '../../diagnose/pages.ts';
import { NEEDLES } from '../../diagnose/rules.ts';
import { ERROR_CODES, EXIT, isErrno, TapprepError, type ErrorCode } from '../../errors.ts';
import type { Context } from '../context.ts';
import { renderDiagnoses } from '../render/diagnoses.ts';

export interface ExplainOptions {
  /** A file, "-" or null for standard input, or a code. */
  readonly source: string | null;
  /** A saved `tapprep detect --json`. */
  readonly facts: string | null;
}

/** Reads in pieces of this size, always into the same memory. */
const READ_BYTES = 256 * 1024;

/** @returns 0 when something was explained, 1 when nothing was recognised. @throws TapprepError USAGE | BAD_FACTS */
export async function runExplain(context: Context, options: ExplainOptions): Promise<number> {
  const { source } = options;
  if (source !== null && (isDiagnosisCode(source) || isErrorCode(source))) return printPage(context, source);
  const facts = options.facts === null ? null : await readFactsFile(resolve(context.cwd, options.facts));
  const excerpt = new LogExcerpt(NEEDLES);
  if (source === null || source === '-') await readStream(context, excerpt);
  else await readLog(context, resolve(context.cwd, source), excerpt);
  const { diagnoses, situation, log } = explainExcerpt(excerpt.finish(), facts, null);
  if (context.common.json) {
    const seen = {
      release: situation.release,
      distribution: situation.distribution,
      systemtap: log.stapVersion,
      testedKernels: log.testedKernels,
    };
    context.stdout.write(`${JSON.stringify({ diagnoses, seen }, null, 2)}\n`);
  } else {
    context.stdout.write(renderDiagnoses(diagnoses));
  }
  if (diagnoses.length > 0) return EXIT.done;
  context.stderr.write(
    'tapprep explain: nothing in this log is a failure that tapprep knows. Add --facts with the output of "tapprep detect --json", or run "tapprep doctor" on the machine.\n',
  );
  return EXIT.notReady;
}

async function readStream(context: Context, excerpt: LogExcerpt): Promise<void> {
  for await (const chunk of context.stdin) {
    context.signal.throwIfAborted();
    excerpt.push(typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : (chunk as Uint8Array));
  }
}

async function readLog(context: Context, path: string, excerpt: LogExcerpt): Promise<void> {
  const file = await open(path, 'r').catch((error: unknown) => {
    const known = isErrno(error, 'ENOENT')
      ? 'is neither a file nor a code'
      : isErrno(error, 'EACCES')
        ? 'cannot be read'
        : null;
    if (known === null) throw error;
    throw new TapprepError('USAGE', `${path} ${known}.`, { hint: 'tapprep explain --help', cause: error });
  });
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      context.signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES);
      if (bytesRead === 0) return;
      excerpt.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}

/** Some codes are both: the failure of a stage and the diagnosis of a log. Both are told. */
function printPage(context: Context, code: string): number {
  const diagnosis = isDiagnosisCode(code) ? { summary: DIAGNOSIS_CODES[code], ...PAGES[code] } : null;
  const error = isErrorCode(code) ? ERROR_CODES[code] : null;
  if (context.common.json) {
    const exit = error === null ? null : EXIT[error.exit];
    context.stdout.write(
      `${JSON.stringify({ code, ...diagnosis, error: error === null ? null : { doc: error.doc, exit } }, null, 2)}\n`,
    );
    return EXIT.done;
  }
  const parts = [code];
  if (diagnosis !== null) {
    const summary = `${diagnosis.summary.charAt(0).toUpperCase()}${diagnosis.summary.slice(1)}.`;
    parts.push(summary, diagnosis.meaning, `How to tell\n${diagnosis.tell}`, `What to do\n${diagnosis.todo}`);
  }
  if (error !== null) parts.push(`As an error of tapprep (exit code ${String(EXIT[error.exit])})\n${error.doc}`);
  context.stdout.write(`${parts.join('\n\n')}\n`);
  return EXIT.done;
}
