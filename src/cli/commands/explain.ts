/** `tapprep explain [FILE|-|CODE]`: what a log of any size says is wrong, or the page of a code. */
import { resolve } from 'node:path';
import { isDiagnosisCode } from '../../diagnose/codes.ts';
import { explainExcerpt } from '../../diagnose/diagnose.ts';
import { FAULTS } from '../../diagnose/faults.ts';
import { HERE, type Reach } from '../../diagnose/place.ts';
import { ERROR_CODES, EXIT, type ErrorCode, isErrno, isTapprepError, TapprepError } from '../../errors.ts';
import type { HostFacts } from '../../types.ts';
import type { Context } from '../context.ts';
import { type LogContext, readLogSource } from '../log-source.ts';
import { findCode } from '../nearest-code.ts';
import { renderDiagnoses } from '../render/diagnoses.ts';

export interface ExplainOptions {
  /** A file, "-" or null for standard input, or a code. */
  readonly source: string | null;
  /** A saved `tapprep detect --json`. */
  readonly facts: string | null;
}

/** What explain needs of its process. */
export type ExplainContext = LogContext & Pick<Context, 'stdout' | 'stderr' | 'common'>;

/** @returns 0 when something was explained or nothing is wrong, 1 when nothing was recognised. @throws TapprepError USAGE | BAD_FACTS */
export async function runExplain(context: ExplainContext, options: ExplainOptions): Promise<number> {
  const { source } = options;
  if (source !== null && (isDiagnosisCode(source) || isErrorCode(source))) return printPage(context, source);
  const reach: Reach = options.facts === null ? HERE : { via: 'facts', file: options.facts };
  const facts = options.facts === null ? null : await readFacts(resolve(context.cwd, options.facts));
  const text = await readLog(context, source);
  const isEmpty = text.trim() === '' && facts === null;
  const { diagnoses, situation, log } = explainExcerpt(text, facts, null, reach);
  const seen = {
    release: situation.release,
    distribution: situation.distribution,
    systemtap: log.stapVersion,
    testedKernels: log.testedKernels,
  };
  if (context.common.json) context.stdout.json({ diagnoses, seen });
  else if (diagnoses.length > 0)
    context.stdout.write(`${headline(seen)}${aside(situation.otherMachine)}${renderDiagnoses(diagnoses)}`);
  if (diagnoses.length > 0) return EXIT.done;
  context.stderr.write(`tapprep explain: ${isEmpty ? EMPTY : log.succeeded ? SUCCEEDED : UNKNOWN}\n`);
  return log.succeeded ? EXIT.done : EXIT.notReady;
}

/** @throws TapprepError with the page of the code that a word which is no file was likely meant to be */
async function readLog(context: ExplainContext, source: string | null): Promise<string> {
  try {
    return await readLogSource(context, source);
  } catch (error) {
    const code = isTapprepError(error, 'USAGE') && isErrno(error.cause, 'ENOENT') ? findCode(source ?? '') : null;
    if (code === null || !isTapprepError(error)) throw error;
    throw new TapprepError('USAGE', error.message, { hint: `tapprep explain ${code}`, cause: error });
  }
}

const SUCCEEDED = 'nothing is wrong in this log: a script ran to its end.';
const EMPTY =
  'there is nothing in this log. What stap says goes to its standard error: stap … 2>&1 | tapprep explain -';
const UNKNOWN =
  'nothing in this log is a failure that tapprep knows. Add --facts with the output of "tapprep detect --json", or run "tapprep doctor" on the machine.';

/** What the log says of its machine; empty where it says nothing. */
function headline(seen: Readonly<Record<'release' | 'distribution' | 'systemtap', string | null>>): string {
  const parts = [
    ...(seen.release === null ? [] : [`kernel ${seen.release}`]),
    ...(seen.distribution === null ? [] : [seen.distribution]),
    ...(seen.systemtap === null ? [] : [`SystemTap ${seen.systemtap}`]),
  ];
  return parts.length === 0 ? '' : `This is about ${parts.join(', ')}.\n\n`;
}

function aside(otherMachine: string | null): string {
  return otherMachine === null ? '' : `The facts are of another machine, ${otherMachine}, and were left aside.\n\n`;
}

/** Loaded only when asked for: the schema library is half of what explain would keep in memory. */
async function readFacts(path: string): Promise<HostFacts> {
  const { readFactsFile } = await import('../../detect/facts.ts');
  return readFactsFile(path);
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}

/** Some codes are both: the failure of a stage and the diagnosis of a log. Both are printed. */
function printPage(context: ExplainContext, code: string): number {
  const diagnosis = isDiagnosisCode(code) ? { summary: FAULTS[code].summary, ...FAULTS[code].page } : null;
  const error = isErrorCode(code) ? ERROR_CODES[code] : null;
  if (context.common.json) {
    const exit = error === null ? null : EXIT[error.exit];
    context.stdout.json({ code, ...diagnosis, error: error === null ? null : { doc: error.doc, exit } });
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
