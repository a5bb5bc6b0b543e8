/** Words for a POSIX shell. */
import type { ShellText } from './types.ts';

/** Text that is safe as a command: a literal, also one put together of literals, or what was quoted; never for any other string. */
export type Written<Text extends string> = Text extends ShellText
  ? Text
  : { readonly [Any in never]: 1 } extends Record<Text, 1>
    ? never
    : Text;

/** One word that any POSIX shell reads as exactly this text. A tilde within a version is none that a shell expands. */
export function quoteWord(text: string): ShellText {
  const word = /^(?:[A-Za-z0-9_@%+:,./-]|(?<=[A-Za-z0-9.])~)+$/.test(text)
    ? text
    : `'${text.replaceAll("'", String.raw`'\''`)}'`;
  return word as ShellText;
}

/** A simple command, every word quoted. */
export function quoteCommand(argv: readonly string[]): ShellText {
  return argv.map(quoteWord).join(' ') as ShellText;
}

/** A command line as text, in which every inserted word is quoted: for hints, which people paste. */
export function shellLine(text: TemplateStringsArray, ...words: readonly string[]): ShellText {
  return String.raw({ raw: text }, ...words.map(quoteWord)) as ShellText;
}

/** The same of parts that the shell itself is to read: what was quoted before, or is written in the sources. */
export function shellText<const Parts extends readonly string[]>(
  text: TemplateStringsArray,
  ...parts: { readonly [Part in keyof Parts]: Written<Parts[Part]> }
): ShellText {
  return String.raw({ raw: text }, ...parts) as ShellText;
}
