/** Which lines hold which needle, so that a pattern only looks at lines that can match. Pure. */
import type { LogLine } from './log-line.ts';
import { buildNeedleScan } from './needles.ts';
import type { Pattern } from './rule.ts';

interface PatternMatch {
  readonly line: LogLine;
  readonly groups: readonly (string | undefined)[];
}

export interface LineIndex {
  readonly matches: (pattern: Pattern) => readonly PatternMatch[];
}

/** Narrower than this nobody wraps a log, unless the word that comes next is long: it has to fit as well. */
const SHORTEST_WRAPPED = 60;
const COLUMNS = 80;
const SHORTEST_BROKEN = 40;
/** What begins a message or a prompt is no continuation of the line above. */
const BEGINNING =
  /^(?:[$#] |\[?[\w-]{1,32}@|[A-Z]{1,12}: |(?:Error|semantic error|parse error|Pass \d|Tip): |make(?:\[\d\])?: |Checking |In file |(?:ii|Get:\d|Hit:\d) )/;
const MOST_MATCHES = 32;

interface Place {
  readonly line: LogLine;
  /** The two lines it was joined from; null for a line as it stands. */
  readonly parts: readonly [LogLine, LogLine] | null;
}

/** Indexes lines and, for long ones, what they are when joined with the next: logs get wrapped on their way. */
export function indexLines(lines: readonly LogLine[], needles: readonly string[]): LineIndex {
  const scan = buildNeedleScan(needles);
  const lengths = needles.map((needle) => Buffer.byteLength(needle));
  const places = new Map<string, Place[]>();
  const file = (place: Place): void => {
    const bytes = Buffer.from(place.line.text, 'utf8');
    scan(bytes, 0, bytes.length, (needle, end) => {
      const key = needles[needle] ?? '';
      const known = places.get(key);
      if (known === undefined) places.set(key, [place]);
      else if (known.at(-1) !== place) known.push(place);
      return end - (lengths[needle] ?? 1) + 1;
    });
  };
  for (const [position, line] of lines.entries()) {
    file({ line, parts: null });
    const next = lines[position + 1];
    if (next === undefined || !isWrapped(line.text, next.text) || BEGINNING.test(next.text)) continue;
    const raw = `${line.raw.trim()} ${next.raw.trim()}`;
    for (const glue of [' ', '']) {
      file({ line: { position, raw, text: `${line.text}${glue}${next.text}` }, parts: [line, next] });
    }
  }
  const indexed = new Set(needles);
  const cache = new Map<Pattern, readonly PatternMatch[]>();
  return {
    matches: (pattern) => {
      const known = cache.get(pattern);
      if (known !== undefined) return known;
      if (!indexed.has(pattern.needle)) throw new RangeError(`needle "${pattern.needle}" was not indexed`);
      const found = matchPlaces(pattern, places.get(pattern.needle) ?? []);
      cache.set(pattern, found);
      return found;
    },
  };
}

/** Whether a line may go on in the next. */
function isWrapped(line: string, next: string): boolean {
  if (line.length >= SHORTEST_WRAPPED) return true;
  const end = next.indexOf(' ');
  return line.length >= SHORTEST_BROKEN && line.length + (end === -1 ? next.length : end) >= COLUMNS;
}

/** The lines of a needle that the regex accepts; a joined line only where neither half is accepted alone. */
function matchPlaces(pattern: Pattern, places: readonly Place[]): readonly PatternMatch[] {
  const found: PatternMatch[] = [];
  for (const { line, parts } of places) {
    if (found.length >= MOST_MATCHES) break;
    if (parts?.some((part) => accepts(pattern, part)) === true) continue;
    const groups = pattern.regex === null ? [] : pattern.regex.exec(line.text)?.slice(1);
    if (groups !== undefined && found.at(-1)?.line.raw !== line.raw) found.push({ line, groups });
  }
  return found;
}

function accepts({ needle, regex }: Pattern, line: LogLine): boolean {
  return regex === null ? line.text.includes(needle) : regex.test(line.text);
}
