/** Aligns columns of text; the last column is not padded. */
import { indent, wrap } from './wrap.ts';

/** Narrower than this a column is no place for sentences. */
const NARROWEST = 24;
const INDENT = 4;

/**
 * Lines of a table; a cell that is a number of bytes or seconds comes formatted already. Where a line would be longer than
 * `columns`, its last cell goes on below: beside the others, or under them where they leave no room. Words are never cut.
 * @param columns of the terminal; null for none
 */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | null,
): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const start = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  return all
    .flatMap((row) => {
      const others = row.slice(0, -1).map((cell, column) => `${cell.padEnd(widths[column] ?? 0)}  `);
      return placeLast(others.join(''), row.at(-1) ?? '', start, columns ?? Infinity);
    })
    .join('\n');
}

function placeLast(others: string, last: string, start: number, columns: number): readonly string[] {
  const room = columns - start;
  if (last === '' || last.length <= room) return [`${others}${last}`.trimEnd()];
  const [first = '', ...more] = wrap(last, room);
  if (room >= NARROWEST && [first, ...more].every((line) => line.length <= room))
    return [`${others}${first}`, ...indent(more, start)];
  return [others.trimEnd(), ...indent(wrap(last, columns - INDENT), INDENT)];
}
