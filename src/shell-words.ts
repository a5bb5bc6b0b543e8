/** Words for a POSIX shell. */

/** One word that any POSIX shell reads as exactly this text. A tilde within a version is none that a shell expands. */
export function quoteWord(text: string): string {
  return /^(?:[A-Za-z0-9_@%+:,./-]|(?<=[A-Za-z0-9.])~)+$/.test(text)
    ? text
    : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A simple command, every word quoted. */
export function quoteCommand(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ');
}

/** A command line as text, in which every inserted word is quoted: for hints, which people paste. */
export function shellLine(text: TemplateStringsArray, ...words: readonly string[]): string {
  return String.raw({ raw: text }, ...words.map(quoteWord));
}
