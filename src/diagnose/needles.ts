/** Finds all of many fixed strings in bytes, faster than a disk delivers them. */

/** Told of each needle found and the offset behind it; answers where to go on looking. */
export type NeedleVisitor = (needle: number, end: number) => number;

/** Looks through bytes [from, to). */
export type NeedleScan = (bytes: Uint8Array, from: number, to: number, visit: NeedleVisitor) => void;

/** Shortest needle that the skip table makes sense for. */
export const SHORTEST_NEEDLE = 8;

interface Candidate {
  readonly needle: number;
  readonly bytes: Uint8Array;
}

/**
 * Builds a scan after Wu and Manber (1994): a table over two-byte blocks says how far the window may jump,
 * so that most bytes of an ordinary log are never looked at. Needles have at least SHORTEST_NEEDLE bytes in UTF-8.
 */
export function buildNeedleScan(needles: readonly string[]): NeedleScan {
  const shifts = new Uint8Array(65_536).fill(SHORTEST_NEEDLE - 1);
  const candidates = new Map<number, Candidate[]>();
  for (const [needle, text] of needles.entries()) {
    const bytes = Buffer.from(text, 'utf8');
    if (bytes.length < SHORTEST_NEEDLE) throw new RangeError(`needle "${text}" is shorter than ${SHORTEST_NEEDLE}`);
    for (let end = 1; end < SHORTEST_NEEDLE; end += 1) {
      const block = blockAt(bytes, end);
      shifts[block] = Math.min(at(shifts, block), SHORTEST_NEEDLE - 1 - end);
      if (end === SHORTEST_NEEDLE - 1) {
        candidates.set(block, [...(candidates.get(block) ?? []), { needle, bytes }]);
      }
    }
  }
  return (bytes, from, to, visit) => scanWith(shifts, candidates, bytes, from, to, visit);
}

function scanWith(
  shifts: Uint8Array,
  candidates: ReadonlyMap<number, readonly Candidate[]>,
  bytes: Uint8Array,
  from: number,
  to: number,
  visit: NeedleVisitor,
): void {
  let end = from + SHORTEST_NEEDLE - 1;
  while (end < to) {
    const block = blockAt(bytes, end);
    const shift = at(shifts, block);
    if (shift !== 0) {
      end += shift;
      continue;
    }
    const start = end - SHORTEST_NEEDLE + 1;
    let resume = start + 1;
    for (const candidate of candidates.get(block) ?? []) {
      if (start + candidate.bytes.length > to || !holdsAt(bytes, start, candidate.bytes)) continue;
      resume = Math.max(resume, visit(candidate.needle, start + candidate.bytes.length));
    }
    end = resume + SHORTEST_NEEDLE - 1;
  }
}

function holdsAt(bytes: Uint8Array, start: number, needle: Uint8Array): boolean {
  for (let index = 0; index < needle.length; index += 1) {
    if (bytes[start + index] !== needle[index]) return false;
  }
  return true;
}

function blockAt(bytes: Uint8Array, end: number): number {
  return (at(bytes, end - 1) << 8) | at(bytes, end);
}

/** The byte at an index known to lie inside. */
function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
