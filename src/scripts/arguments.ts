/** Arguments of scripts as a user gives them, checked by their type. They reach stap as words, never as script text. */
import { TapprepError } from '../errors.ts';
import type { ScriptArgument } from './metadata-schema.ts';
import { shellLine } from '../shell-words.ts';

/** One checked argument. */
export type ArgumentValue =
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'file'; readonly path: string };

interface Described {
  readonly name: string;
  readonly arguments: readonly ScriptArgument[];
}

/** Longest text of SystemTap on 64-bit machines is 511 bytes. */
const MAX_PATH_BYTES = 500;

/**
 * Checks `KEY=VALUE` words against what the script takes.
 * @returns one value for each argument of the script, in its order
 * @throws TapprepError USAGE
 */
export function checkArguments(entry: Described, words: readonly string[]): readonly ArgumentValue[] {
  const given = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw usage(entry, `${JSON.stringify(word)} is not of the form KEY=VALUE`);
    const key = word.slice(0, at);
    if (!entry.arguments.some(({ name }) => name === key)) throw usage(entry, unknownKey(entry, key));
    if (given.has(key)) throw usage(entry, `${key} is given twice`);
    given.set(key, word.slice(at + 1));
  }
  return entry.arguments.map((argument) => checkOne(entry, argument, given.get(argument.name)));
}

function checkOne(entry: Described, argument: ScriptArgument, text: string | undefined): ArgumentValue {
  const { name } = argument;
  if (argument.type === 'file') {
    if (text === undefined) throw usage(entry, `${name} is missing: ${argument.text}`);
    return { type: 'file', path: checkPath(entry, name, text) };
  }
  if (text === undefined) return { type: 'integer', value: argument.default };
  const { min, max } = argument;
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return { type: 'integer', value };
  throw usage(entry, `${name} is a whole number from ${min} to ${max}, but ${JSON.stringify(text)} was given`);
}

function checkPath(entry: Described, name: string, path: string): string {
  if (!path.startsWith('/')) throw usage(entry, `${name} is an absolute path, but ${JSON.stringify(path)} was given`);
  if (/[\u0000-\u001f\u007f]/.test(path)) throw usage(entry, `${name} holds control characters`);
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES)
    throw usage(entry, `${name} has ${bytes} bytes, but a script can compare ${MAX_PATH_BYTES} at most`);
  return path;
}

function unknownKey({ name, arguments: known }: Described, key: string): string {
  return known.length === 0
    ? `${name} takes no arguments, but ${JSON.stringify(key)} was given`
    : `${name} takes ${known.map((argument) => argument.name).join(', ')}, not ${JSON.stringify(key)}`;
}

function usage(entry: Described, message: string): TapprepError {
  return new TapprepError('USAGE', message, { hint: shellLine`tapprep scripts show ${entry.name}` });
}
