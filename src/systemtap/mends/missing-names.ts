/** Names that a SystemTap asked of a kernel in vain, by the words of compiler, modpost and staprun. Pure. */
import { lettersApart } from '../../nearest-name.ts';

/** How a name was asked for. */
export type MissingKind = 'function' | 'member' | 'header' | 'export' | 'changed';

export interface MissingName {
  readonly name: string;
  readonly kind: MissingKind;
  /** File of SystemTap's runtime that asks for it, relative to the runtime; null where no line of the log tells. */
  readonly askedIn: string | null;
  /** The structure that was expected to have it as a member; null where none was. */
  readonly of: string | null;
}

/** A name of the kernel, and the file that has it. */
export interface KnownName {
  readonly name: string;
  readonly file: string;
  /** Whether the file defines it as a macro; many others only use it. */
  readonly isMacro?: boolean;
}

const NAME = String.raw`['"‘’]([A-Za-z_]\w{2,80})['"‘’]`;

/** GCC's words (gcc/c/c-decl.cc, c-typeck.cc), modpost's (scripts/mod/modpost.c) and those of SystemTap's own look-up at load. */
const PATTERNS: readonly (readonly [RegExp, MissingKind])[] = [
  [new RegExp(`implicit declaration of function ${NAME}`, 'g'), 'function'],
  [new RegExp(`${NAME} undeclared`, 'g'), 'function'],
  [new RegExp(`unknown type name ${NAME}`, 'g'), 'function'],
  [new RegExp(String.raw`(?:struct (?<of>\w{1,80})['"‘’] )?has no member named ${NAME}`, 'g'), 'member'],
  [/modpost: "([A-Za-z_]\w{2,80})" \[.{1,200}?\] undefined/g, 'export'],
  [/Can't resolve ([A-Za-z_]\w{2,80})!/g, 'export'],
  // With a directory: SystemTap's own headers have none.
  [/fatal error: ([\w.-]{1,30}\/[\w./-]{3,100}\.h): No such file or directory/g, 'header'],
  [new RegExp(`too (?:many|few) arguments to function ${NAME}`, 'g'), 'changed'],
  [new RegExp(`(?:incompatible type for argument|passing argument) \\d{1,2} of ${NAME}`, 'g'), 'changed'],
  [/"([A-Za-z_]\w{2,80})" redefined/g, 'changed'],
  // The compiler marks the word that it means in the line below.
  [/error: incompatible types when [^\n]{1,300}\n[ \d|]+[^\n]*?\b([a-z_]\w{2,80}) ?\(/g, 'changed'],
];

/** SystemTap's own macros and what every message has. */
const OWN = /^_?stp_|^_?stap|^STP_|^STAPCONF_/;
const MOST = 5;

/** In the order of the log, each once. */
export function findMissingNames(log: string): readonly MissingName[] {
  const found = PATTERNS.flatMap(([pattern, kind]) =>
    [...log.matchAll(pattern)].map((match) => {
      const of = match.groups?.['of'] ?? null;
      return { name: match.at(-1) ?? '', kind, of, at: match.index };
    }),
  );
  const names = new Map<string, MissingName>();
  for (const { name, kind, of } of found.toSorted((a, b) => a.at - b.at))
    if (!OWN.test(name) && !names.has(name)) names.set(name, { name, kind, of, askedIn: findAsking(log, name) });
  return [...names.values()].slice(0, MOST);
}

/** "/usr/share/systemtap/runtime/linux/task_finder2.c:1017:35: error: … 'task_euid'"; or in the line that the compiler shows below. */
function findAsking(log: string, name: string): string | null {
  const place = String.raw`/runtime/((?:[\w-]{1,60}/){0,4}[\w-]{1,60}\.[ch]):\d`;
  const line = new RegExp(
    `${place}[^\\n]{1,500}(?:\\n[ \\d]{1,20}[|][^\\n]{0,300})?\\b${name.replaceAll('.', '[.]')}\\b`,
  );
  return line.exec(log)?.[1] ?? null;
}

/**
 * The names of a kernel that are most like one that it does not have: those that share its rarest parts come first, or, where
 * it is one word, those that differ by a letter or two.
 * @param known identifiers of the kernel's headers, with the file of each
 */
export function findAlike(name: string, known: readonly KnownName[]): readonly KnownName[] {
  const words = countWords(name);
  const candidates = known.filter((other) => {
    if (other.name === name || (other.name.startsWith('_') && !name.startsWith('_'))) return false;
    return words === 1 || countWords(other.name) > 1;
  });
  return words === 1 ? findRespelt(name, candidates) : findRelated(name, candidates);
}

const MOST_ALIKE = 2;
const MOST_BESIDE = 3;
const MOST_LETTERS = 2;

function findRespelt(name: string, known: readonly KnownName[]): readonly KnownName[] {
  const near = [...byName(known).values()]
    .map((other) => ({ other, away: lettersApart(name, other.name) }))
    .filter(({ away }) => away <= MOST_LETTERS);
  const lengthOff = ({ other }: (typeof near)[number]): number => Math.abs(other.name.length - name.length);
  return near
    .toSorted((a, b) => a.away - b.away || lengthOff(a) - lengthOff(b) || (a.other.name < b.other.name ? -1 : 1))
    .slice(0, MOST_ALIKE)
    .map(({ other }) => other);
}

/** Each once, with the file that defines it where one does. */
function byName(known: readonly KnownName[]): ReadonlyMap<string, KnownName> {
  const found = new Map<string, KnownName>();
  for (const each of known) {
    const before = found.get(each.name);
    if (before === undefined || (each.isMacro === true && before.isMacro !== true)) found.set(each.name, each);
  }
  return found;
}

function findRelated(name: string, known: readonly KnownName[]): readonly KnownName[] {
  const parts = partsOf(name);
  const related = [...byName(known).values()]
    .map((other) => ({ other, shared: [...new Set(partsOf(other.name))].filter((part) => parts.includes(part)) }))
    .filter(({ shared }) => shared.length > 0);
  const frequency = new Map<string, number>();
  for (const part of related.flatMap(({ shared }) => shared)) frequency.set(part, (frequency.get(part) ?? 0) + 1);
  const weigh = (other: string, shared: readonly string[]): number => {
    const rarity = shared.reduce((sum, part) => sum + 1 / (frequency.get(part) ?? 1), 0);
    // A name that goes on where this one ends is its heir more often than not.
    return (other.startsWith(`${name}_`) ? 10 : 0) + rarity / Math.sqrt(partsOf(other).length);
  };
  const ranked = related
    .map((each) => ({ ...each, weight: weigh(each.other.name, each.shared) }))
    .toSorted(
      (a, b) =>
        b.weight - a.weight || a.other.name.length - b.other.name.length || (a.other.name < b.other.name ? -1 : 1),
    );
  const [best] = ranked;
  if (best === undefined) return [];
  // What stands beside it in the same header and shares another part of the name.
  const beside = ranked.filter(
    ({ other, shared }) => other.file === best.other.file && shared.some((part) => !best.shared.includes(part)),
  );
  const chosen = new Set([...ranked.slice(0, MOST_ALIKE), ...beside.slice(0, MOST_BESIDE)]);
  return [...chosen].map(({ other }) => other);
}

function countWords(name: string): number {
  return name.split('_').filter((word) => word !== '').length;
}

function partsOf(name: string): readonly string[] {
  return name
    .toLowerCase()
    .split('_')
    .filter((part) => part.length > 2);
}

/** What an identifier has to hold to be like a name, as a regular expression; null where nothing can be told from it. */
export function patternOfAlike(name: string): string | null {
  // One word, as rdmsrl: what begins like it.
  if (countWords(name) === 1) return name.length < 5 ? null : name.slice(0, Math.max(4, name.length - MOST_LETTERS));
  const parts = name.split('_').filter((part) => part.length > 2);
  return parts.length === 0 ? null : `(${parts.join('|')})`;
}
