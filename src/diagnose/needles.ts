/** Finds all of many fixed strings in bytes, faster than a disk delivers them. */

/** Told of each needle found and the offset behind it; answers where to go on looking. */
type NeedleVisitor = (needle: number, end: number) => number;

/** Looks through bytes [from, to). */
export type NeedleScan = (bytes: Uint8Array, from: number, to: number, visit: NeedleVisitor) => void;

/** Shortest needle that the skip table makes sense for. */
export const SHORTEST_NEEDLE = 8;

/** Bytes that are looked at together: four are one load of the processor, and rare enough in any text to jump nearly always. */
const BLOCK = 4;
const LONGEST_JUMP = SHORTEST_NEEDLE - BLOCK + 1;
/** Where the last block of a window begins. */
const LAST_BLOCK = SHORTEST_NEEDLE - BLOCK;
const HASH_BITS = 16;
/** Two to the 32nd by the golden ratio: after Knuth, spreads neighbouring numbers over the upper bits. */
const SPREAD = 0x9e_37_79_b1;

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
  const jumps = new Uint8Array(1 << HASH_BITS).fill(LONGEST_JUMP);
  const slots = new Uint16Array(1 << HASH_BITS);
  const lists: Candidate[][] = [[]];
  for (const [needle, text] of needles.entries()) {
    const bytes = Buffer.from(text, 'utf8');
    if (bytes.length < SHORTEST_NEEDLE) throw new RangeError(`needle "${text}" is shorter than ${SHORTEST_NEEDLE}`);
    const view = viewOf(bytes);
    for (let at = 0; at < LONGEST_JUMP; at += 1) {
      const hash = hashAt(view, at);
      jumps[hash] = Math.min(jumps[hash] ?? 0, LAST_BLOCK - at);
    }
    const hash = hashAt(view, LAST_BLOCK);
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
  const view = viewOf(bytes);
  const lastBlock = to - BLOCK;
  let at = from + LAST_BLOCK;
  while (at <= lastBlock) {
    // The longest jump is a number known beforehand: the processor begins the next load while it still waits for this one.
    while (at <= lastBlock && jumps[hashAt(view, at)] === LONGEST_JUMP) at += LONGEST_JUMP;
    if (at > lastBlock) return;
    const hash = hashAt(view, at);
    const jump = jumps[hash] ?? 0;
    if (jump !== 0) {
      at += jump;
      continue;
    }
    const start = at - LAST_BLOCK;
    let resume = start + 1;
    for (const candidate of lists[slots[hash] ?? 0] ?? NONE) {
      if (start + candidate.bytes.length > to || !holdsAt(bytes, start, candidate.bytes)) continue;
      resume = Math.max(resume, visit(candidate.needle, start + candidate.bytes.length));
    }
    at = resume + LAST_BLOCK;
  }
}

function holdsAt(bytes: Uint8Array, start: number, needle: Uint8Array): boolean {
  for (let index = 0; index < needle.length; index += 1) {
    if (bytes[start + index] !== needle[index]) return false;
  }
  return true;
}

/** The upper bits of the spread block at an index that lies inside with all its bytes. */
function hashAt(view: DataView, at: number): number {
  return Math.imul(view.getInt32(at, true), SPREAD) >>> (32 - HASH_BITS);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
