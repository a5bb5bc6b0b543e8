/** Finds all of many fixed strings in bytes, faster than a disk delivers them. */

/** Told of each needle found and the offset behind it; answers where to go on looking. */
type NeedleVisitor = (needle: number, end: number) => number;

/** Looks through bytes [from, to). */
export type NeedleScan = (bytes: Uint8Array, from: number, to: number, visit: NeedleVisitor) => void;

/** Shortest needle that the skip table makes sense for. */
export const SHORTEST_NEEDLE = 8;

/** Bytes that are looked at together; three are rare enough in ordinary text to jump nearly always. */
const BLOCK = 3;
const LONGEST_JUMP = SHORTEST_NEEDLE - BLOCK + 1;

interface Candidate {
  readonly needle: number;
  readonly bytes: Uint8Array;
}

interface Tables {
  /** By hash of a block: how far the window may jump when it ends in that block. */
  readonly jumps: Uint8Array;
  /** By hash of a block: which of the lists holds the needles whose window ends in it. */
  readonly slots: Uint16Array;
  readonly lists: readonly (readonly Candidate[])[];
}

/**
 * Builds a scan after Wu and Manber (1994): a table over short blocks says how far the window may jump,
 * so that most bytes of an ordinary log are never looked at. Needles have at least SHORTEST_NEEDLE bytes in UTF-8.
 */
export function buildNeedleScan(needles: readonly string[]): NeedleScan {
  const jumps = new Uint8Array(65_536).fill(LONGEST_JUMP);
  const slots = new Uint16Array(65_536);
  const lists: Candidate[][] = [[]];
  for (const [needle, text] of needles.entries()) {
    const bytes = Buffer.from(text, 'utf8');
    if (bytes.length < SHORTEST_NEEDLE) throw new RangeError(`needle "${text}" is shorter than ${SHORTEST_NEEDLE}`);
    for (let last = BLOCK - 1; last < SHORTEST_NEEDLE; last += 1) {
      const hash = hashAt(bytes, last);
      jumps[hash] = Math.min(jumps[hash] ?? 0, SHORTEST_NEEDLE - 1 - last);
    }
    const hash = hashAt(bytes, SHORTEST_NEEDLE - 1);
    if (slots[hash] === 0) slots[hash] = lists.push([]) - 1;
    lists[slots[hash] ?? 0]?.push({ needle, bytes });
  }
  const tables: Tables = { jumps, slots, lists };
  return (bytes, from, to, visit) => scanWith(tables, bytes, from, to, visit);
}

const NONE: readonly Candidate[] = [];

function scanWith(
  { jumps, slots, lists }: Tables,
  bytes: Uint8Array,
  from: number,
  to: number,
  visit: NeedleVisitor,
): void {
  let last = from + SHORTEST_NEEDLE - 1;
  while (last < to) {
    const hash = hashAt(bytes, last);
    const jump = jumps[hash] ?? 0;
    if (jump !== 0) {
      last += jump;
      continue;
    }
    const start = last - SHORTEST_NEEDLE + 1;
    let resume = start + 1;
    for (const candidate of lists[slots[hash] ?? 0] ?? NONE) {
      if (start + candidate.bytes.length > to || !holdsAt(bytes, start, candidate.bytes)) continue;
      resume = Math.max(resume, visit(candidate.needle, start + candidate.bytes.length));
    }
    last = resume + SHORTEST_NEEDLE - 1;
  }
}

function holdsAt(bytes: Uint8Array, start: number, needle: Uint8Array): boolean {
  for (let index = 0; index < needle.length; index += 1) {
    if (bytes[start + index] !== needle[index]) return false;
  }
  return true;
}

/** Sixteen bits from the three bytes that end at an index known to lie inside; letters of ASCII differ in their lower five. */
function hashAt(bytes: Uint8Array, last: number): number {
  return (((bytes[last - 2] ?? 0) << 9) ^ ((bytes[last - 1] ?? 0) << 5) ^ (bytes[last] ?? 0)) & 0xff_ff;
}
