/**
 * Which package names can be reached from some by Depends, Pre-Depends and Provides. An index has up to 80,000 packages
 * of which a plan needs some two hundred: this graph finds them at 2 to 3 MB, names standing in it as 32-bit hashes. Two
 * names with one hash only make a few records too many be read. Pure.
 */

/** What the graph reads of one paragraph of a Packages index. */
const DEPENDS: readonly string[] = ['\nDepends: ', '\nPre-Depends: '];
const PROVIDES = '\nProvides: ';

export interface NameGraph {
  /** Adds a paragraph that begins with its "Package: name" field; any other is passed over. */
  add(paragraph: string): void;
  /** Every name that can be reached from the roots, the roots among them. */
  reach(roots: Iterable<string>): { has(name: string): boolean };
}

/** An empty graph. */
export function createNameGraph(): NameGraph {
  // One run of numbers a package: name, count, names it depends on, count, names it provides.
  let nodes = new Int32Array(1 << 16);
  let used = 0;
  const push = (value: number): void => {
    if (used === nodes.length) {
      const larger = new Int32Array(nodes.length * 2);
      larger.set(nodes);
      nodes = larger;
    }
    nodes[used] = value;
    used += 1;
  };
  const pushNames = (paragraph: string, fields: readonly string[]): void => {
    const at = used;
    push(0);
    for (const field of fields) forEachName(paragraph, field, push);
    nodes[at] = used - at - 1;
  };
  return {
    add(paragraph) {
      const end = paragraph.indexOf('\n');
      if (!paragraph.startsWith('Package: ') || end === -1) return;
      push(hashName(paragraph, 'Package: '.length, end));
      pushNames(paragraph, DEPENDS);
      pushNames(paragraph, [PROVIDES]);
    },
    reach(roots) {
      const reached = new Set<number>();
      for (const name of roots) reached.add(hashName(name, 0, name.length));
      const list = nodes.subarray(0, used);
      while (grow(list, reached));
      return { has: (name) => reached.has(hashName(name, 0, name.length)) };
    },
  };
}

/** One walk over all packages: a reached one reaches what it depends on; whoever provides a reached name is reached. */
function grow(nodes: Int32Array, reached: Set<number>): boolean {
  const before = reached.size;
  for (let at = 0; at < nodes.length;) {
    const depends = at + 2;
    const provides = depends + at1(nodes, at + 1) + 1;
    const next = provides + at1(nodes, provides - 1);
    for (let i = provides; i < next; i += 1) if (reached.has(at1(nodes, i))) reached.add(at1(nodes, at));
    if (reached.has(at1(nodes, at))) for (let i = depends; i < provides - 1; i += 1) reached.add(at1(nodes, i));
    at = next;
  }
  return reached.size > before;
}

function at1(nodes: Int32Array, at: number): number {
  return nodes[at] ?? 0;
}

const COMMA = 0x2c;
const BAR = 0x7c;
/** blank, tab, "(", ":", "[": the end of a name within its group. */
const ENDS: readonly number[] = [0x20, 0x09, 0x28, 0x3a, 0x5b];

/** The hash of each package name in a relation field; versions and qualifiers are passed over. */
function forEachName(paragraph: string, field: string, visit: (hash: number) => void): void {
  const found = paragraph.indexOf(field);
  if (found === -1) return;
  const from = found + field.length;
  const line = paragraph.indexOf('\n', from);
  const end = line === -1 ? paragraph.length : line;
  let start = -1;
  let named = false;
  for (let at = from; at <= end; at += 1) {
    const code = at === end ? COMMA : paragraph.charCodeAt(at);
    const isSeparator = code === COMMA || code === BAR;
    if (start !== -1 && !named && (isSeparator || ENDS.includes(code))) {
      visit(hashName(paragraph, start, at));
      named = true;
    }
    if (isSeparator) [start, named] = [-1, false];
    else if (start === -1 && !ENDS.includes(code)) start = at;
  }
}

/** FNV-1a, 32 bits, over a part of a text. */
function hashName(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash | 0;
}
