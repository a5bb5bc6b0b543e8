/** How a command reports its failure to people and to programs. */
import { diagnose } from '../diagnose/diagnose.ts';
import { ERROR_CODES, exitCodeOf, isTapprepError, messageOf, type TapprepError } from '../errors.ts';
import type { Place } from '../diagnose/place.ts';
import type { Diagnosis } from '../types.ts';
import { hintOf } from './hint.ts';
import { renderDiagnoses } from './render/diagnoses.ts';

/** One failure as lines for standard error: the sentence with its code, the command to paste, and what a tool's words mean. */
export function renderError(error: unknown, verbose: boolean, place?: Place): string {
  if (isTapprepError(error)) {
    const told = hintOf(error, place);
    const hint = told === null ? '' : `\n  try: ${told}`;
    const chain = verbose && error.cause instanceof Error ? `\n  cause: ${error.cause.message}` : '';
    const diagnoses = explainTool(error);
    const meaning = diagnoses.length === 0 ? '' : `\nWhat its words mean:\n${renderDiagnoses(diagnoses)}`;
    return `tapprep: ${error.code}: ${error.message}${hint}${chain}\n${meaning}`;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `tapprep: INTERNAL: ${text}\n  this is a fault of tapprep; please report it with the lines above\n`;
}

/** The same failure as JSON: {error: {code, message, hint, facts, doc, diagnoses, exit}}. */
export function errorJson(error: unknown, place?: Place): object {
  if (!isTapprepError(error)) {
    return {
      error: {
        code: 'INTERNAL',
        message: messageOf(error),
        hint: null,
        facts: {},
        diagnoses: [],
        exit: exitCodeOf(error),
      },
    };
  }
  const { code, message, facts } = error;
  const { doc } = ERROR_CODES[code];
  const hint = hintOf(error, place);
  return { error: { code, message, hint, facts, doc, diagnoses: explainTool(error), exit: exitCodeOf(error) } };
}

/** The diagnosis of a tool that failed, by the rules of explain; none where tapprep itself found what is wrong. */
function explainTool({ facts }: TapprepError): readonly Diagnosis[] {
  const words = [facts['output'], facts['stderr']].filter((text) => typeof text === 'string').join('\n');
  return words === '' ? [] : diagnose({ log: words });
}
