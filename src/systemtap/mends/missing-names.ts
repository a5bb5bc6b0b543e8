/** Names that a SystemTap asked of a kernel in vain, by the words of compiler, modpost and staprun. Pure. */

/** How a name was asked for. */
export type MissingKind = 'function' | 'member' | 'header' | 'export' | 'changed';

export interface MissingName {
  readonly name: string;
  readonly kind: MissingKind;
}

const NAME = String.raw`['"‘’]([A-Za-z_]\w{2,80})['"‘’]`;

/** GCC's words (gcc/c/c-decl.cc, c-typeck.cc), modpost's (scripts/mod/modpost.c) and those of SystemTap's own look-up at load. */
const PATTERNS: readonly (readonly [RegExp, MissingKind])[] = [
  [new RegExp(`implicit declaration of function ${NAME}`, 'g'), 'function'],
  [new RegExp(`${NAME} undeclared`, 'g'), 'function'],
  [new RegExp(`unknown type name ${NAME}`, 'g'), 'function'],
  [new RegExp(`has no member named ${NAME}`, 'g'), 'member'],
  [/modpost: "([A-Za-z_]\w{2,80})" \[.{1,200}?\] undefined/g, 'export'],
  [/Can't resolve ([A-Za-z_]\w{2,80})!/g, 'export'],
  // With a directory: SystemTap's own headers have none.
  [/fatal error: ([\w.-]{1,30}\/[\w./-]{3,100}\.h): No such file or directory/g, 'header'],
  [new RegExp(`too (?:many|few) arguments to function ${NAME}`, 'g'), 'changed'],
  [new RegExp(`(?:incompatible type for argument|passing argument) \\d{1,2} of ${NAME}`, 'g'), 'changed'],
  // The compiler marks the word that it means in the line below.
  [/error: incompatible types when [^\n]{1,300}\n[ \d|]+[^\n]*?\b([a-z_]\w{2,80}) ?\(/g, 'changed'],
];

/** SystemTap's own macros and what every message has. */
const OWN = /^_?stp_|^_?stap|^STP_|^STAPCONF_/;
const MOST = 5;

/** In the order of the log, each once. */
export function findMissingNames(log: string): readonly MissingName[] {
  const found = PATTERNS.flatMap(([pattern, kind]) =>
    [...log.matchAll(pattern)].map((match) => ({ name: match[1] ?? '', kind, at: match.index })),
  );
  const names = new Map<string, MissingName>();
  for (const { name, kind } of found.toSorted((a, b) => a.at - b.at))
    if (!OWN.test(name) && !names.has(name)) names.set(name, { name, kind });
  return [...names.values()].slice(0, MOST);
}

/**
 * The names of a kernel that are most like one that it does not have: those that share its rarest parts come first.
 * @param known identifiers of the kernel's headers, with the file of each
 */
export function findAlike(
  name: string,
  known: readonly { readonly name: string; readonly file: string }[],
): readonly string[] {
  const parts = partsOf(name);
  const frequency = new Map<string, number>();
  const seen = new Map<string, { readonly file: string; readonly shared: readonly string[] }>();
  for (const { name: other, file } of known) {
    if (other === name || seen.has(other)) continue;
    const shared = partsOf(other).filter((part) => parts.includes(part));
    if (shared.length === 0) continue;
    seen.set(other, { file, shared });
    for (const part of new Set(shared)) frequency.set(part, (frequency.get(part) ?? 0) + 1);
  }
  const weigh = (other: string, shared: readonly string[]): number => {
    const rarity = [...new Set(shared)].reduce((sum, part) => sum + 1 / (frequency.get(part) ?? 1), 0);
    // A name that goes on where this one ends is its heir more often than not.
    return (other.startsWith(`${name}_`) ? 10 : 0) + rarity / Math.sqrt(partsOf(other).length);
  };
  const ranked = [...seen]
    .map(([other, { file, shared }]) => ({ other, file, shared, weight: weigh(other, shared) }))
    .toSorted((a, b) => b.weight - a.weight || a.other.length - b.other.length || (a.other < b.other ? -1 : 1));
  const [best] = ranked;
  if (best === undefined) return [];
  // What stands beside it in the same header and shares another part of the name.
  const beside = ranked.filter(
    ({ file, shared }) => file === best.file && shared.some((part) => !best.shared.includes(part)),
  );
  return [...new Set([...ranked.slice(0, 2), ...beside.slice(0, 2)].map(({ other }) => other))];
}

function partsOf(name: string): readonly string[] {
  return name
    .toLowerCase()
    .split('_')
    .filter((part) => part.length > 2);
}
