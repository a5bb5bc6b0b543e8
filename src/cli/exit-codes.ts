/** How a command's failure is told to people and to programs. */
import { ERROR_CODES, escapeControl, exitCodeOf, isTapprepError } from '../errors.ts';

/** One failure as lines for standard error: the sentence with its code, then the command to paste. */
export function renderError(error: unknown, verbose: boolean): string {
  if (isTapprepError(error)) {
    const hint = error.hint === null ? '' : `\n  try: ${escapeControl(error.hint)}`;
    const chain = verbose && error.cause instanceof Error ? `\n  cause: ${escapeControl(error.cause.message)}` : '';
    return `tapprep: ${error.code}: ${escapeControl(error.message)}${hint}${chain}\n`;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `tapprep: INTERNAL: ${escapeControl(text)}\n  this is a fault of tapprep; please report it with the lines above\n`;
}

/** The same failure as JSON: {error: {code, message, hint, facts, exit}}. */
export function errorJson(error: unknown): object {
  if (!isTapprepError(error)) {
    return {
      error: {
        code: 'INTERNAL',
        message: error instanceof Error ? error.message : String(error),
        hint: null,
        facts: {},
        exit: exitCodeOf(error),
      },
    };
  }
  const { code, message, hint, facts } = error;
  return { error: { code, message, hint, facts, doc: ERROR_CODES[code].doc, exit: exitCodeOf(error) } };
}
