/** rpm's order of version strings: what rpmvercmp() of librpmio does (rpm-version(7)). Pure. */

const TILDE = 0x7e;
const CARET = 0x5e;
const ZERO = 0x30;

/**
 * Compares two versions or two releases as rpm does: -1 when `a` is older, 1 when newer, 0 when rpm takes them as equal
 * ("1.0" and "1_0", "1.05" and "1.5"). A tilde sorts before the end of the string, a caret after it but before
 * anything else that could follow.
 */
export function compareRpmVersions(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    i = skipSeparators(a, i);
    j = skipSeparators(b, j);
    const left = i < a.length ? a.charCodeAt(i) : 0;
    const right = j < b.length ? b.charCodeAt(j) : 0;

    if (left === TILDE || right === TILDE) {
      if (left !== right) return left === TILDE ? -1 : 1;
      i += 1;
      j += 1;
      continue;
    }
    if (left === CARET || right === CARET) {
      if (left !== right) return orderAtCaret(left, right);
      i += 1;
      j += 1;
      continue;
    }
    if (left === 0 || right === 0) break;

    const numeric = isDigit(left);
    const inSegment = numeric ? isDigit : isLetter;
    const endA = endOfSegment(a, i, inSegment);
    const endB = endOfSegment(b, j, inSegment);
    // Segments of different kinds: a number is newer than letters.
    if (endB === j) return numeric ? 1 : -1;
    const order = numeric ? compareDigits(a, i, endA, b, j, endB) : sign(a.slice(i, endA), b.slice(j, endB));
    if (order !== 0) return order;
    i = endA;
    j = endB;
  }
  if (i >= a.length && j >= b.length) return 0;
  return i < a.length ? 1 : -1;
}

/** One side is at a caret: it is newer than a string that ends here and older than one that goes on. */
function orderAtCaret(left: number, right: number): -1 | 1 {
  if (left === 0) return -1;
  if (right === 0) return 1;
  return left === CARET ? -1 : 1;
}

function skipSeparators(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isSignificant(text.charCodeAt(at))) at += 1;
  return at;
}

function endOfSegment(text: string, from: number, inSegment: (code: number) => boolean): number {
  let at = from;
  while (at < text.length && inSegment(text.charCodeAt(at))) at += 1;
  return at;
}

/** Numbers of any length: without their leading zeros the longer one is larger, equal lengths go by digits. */
function compareDigits(a: string, fromA: number, endA: number, b: string, fromB: number, endB: number): -1 | 0 | 1 {
  const left = a.slice(skipZeros(a, fromA, endA), endA);
  const right = b.slice(skipZeros(b, fromB, endB), endB);
  if (left.length !== right.length) return left.length < right.length ? -1 : 1;
  return sign(left, right);
}

function skipZeros(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && text.charCodeAt(at) === ZERO) at += 1;
  return at;
}

function sign(left: string, right: string): -1 | 0 | 1 {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** ASCII only, whatever the locale: rpm has its own ctype. */
function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function isSignificant(code: number): boolean {
  return isDigit(code) || isLetter(code) || code === TILDE || code === CARET;
}
