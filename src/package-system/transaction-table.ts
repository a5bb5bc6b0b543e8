/**
 * The table in which yum, dnf and dnf5 say what a transaction holds (output.py of yum 3.2 and 3.4, dnf 4; libdnf5-cli's
 * transaction table of dnf5), in the C locale. Pure.
 */
import type { FrontEndTransaction, PackageChange } from './front-ends.ts';

type Effect = 'adds' | 'replaces' | 'removes';

/** Every heading that is understood. A table with another one says something that is not known here. */
const HEADINGS: Readonly<Record<string, Effect>> = {
  Installing: 'adds',
  'Installing dependencies': 'adds',
  'Installing for dependencies': 'adds',
  'Installing weak dependencies': 'adds',
  Upgrading: 'replaces',
  Updating: 'replaces',
  'Updating for dependencies': 'replaces',
  Downgrading: 'replaces',
  Reinstalling: 'replaces',
  Removing: 'removes',
  'Removing dependent packages': 'removes',
  'Removing for dependencies': 'removes',
  'Removing unused dependencies': 'removes',
};

const COLUMNS = /^\s*Package\s+Arch\b/;
const END = /^Transaction Summary/;

/** @returns null where the text has no such table, or one that is not understood */
export function readTransactionTable(text: string): FrontEndTransaction | null {
  const lines = text.split('\n').map((line) => line.replace(/^(?:> ?)+/, ''));
  const start = lines.findIndex((line) => COLUMNS.test(line));
  const end = lines.findIndex((line, at) => at > start && END.test(line));
  if (start === -1) return /^Nothing to do\.?$/m.test(text) ? { adds: [], replaces: [], removes: [] } : null;
  if (end === -1) return null;
  const found: Record<Effect, PackageChange[]> = { adds: [], replaces: [], removes: [] };
  let effect: Effect | null = null;
  for (const row of joinRows(lines.slice(start + 1, end))) {
    const heading = /^(\S.*):$/.exec(row)?.[1];
    if (heading !== undefined) {
      effect = HEADINGS[heading] ?? null;
      if (effect === null) return null;
      continue;
    }
    const words = row.trim().split(/\s+/);
    if (words[0] === 'replacing') {
      // An older version of the package itself, or another package that it takes the place of.
      const gone = readGone(words.slice(1));
      if (gone === null) return null;
      found.removes.push(gone);
      continue;
    }
    const [name, arch, version] = words;
    if (effect === null || version === undefined || name === undefined || arch === undefined) return null;
    found[effect].push({ name, arch, version: withoutZero(version) });
  }
  return found;
}

/** A row whose first cells are too wide for their columns goes on in the next line, further in. */
function joinRows(lines: readonly string[]): readonly string[] {
  const rows: string[] = [];
  for (const line of lines) {
    if (line.trim() === '' || /^=+$/.test(line.trim())) continue;
    const isContinued = /^ {2,}(?!\s*replacing\s)\S/.test(line) || (/^ {2,}/.test(line) && rows.length === 0);
    const last = rows.at(-1);
    if (isContinued && last !== undefined && !last.endsWith(':')) rows[rows.length - 1] = `${last} ${line.trim()}`;
    else rows.push(line);
  }
  return rows;
}

/** `NAME.ARCH VERSION` of yum and dnf 4, `NAME ARCH VERSION …` of dnf5. */
function readGone(words: readonly string[]): PackageChange | null {
  const [first = '', second, third] = words;
  if (second === undefined) return null;
  if (third !== undefined) return { name: first, arch: second, version: withoutZero(third) };
  const dot = first.lastIndexOf('.');
  return dot === -1 ? null : { name: first.slice(0, dot), arch: first.slice(dot + 1), version: withoutZero(second) };
}

function withoutZero(version: string): string {
  return version.replace(/^0:/, '');
}
