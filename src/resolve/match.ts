/** Near misses: what lies on either side of the thing that was not found. Pure. */

/** The nearest below and above a wanted value; an equal one counts as neither. */
export interface Neighbours<Value> {
  readonly older: Value | null;
  readonly newer: Value | null;
}

/** Finds the neighbours of `wanted` among values in any order. `compare(a, wanted)` is negative for an older `a`. */
export function findNeighbours<Value>(
  wanted: string,
  values: readonly Value[],
  versionOf: (value: Value) => string,
  compare: (a: string, b: string) => number,
): Neighbours<Value> {
  let older: Value | null = null;
  let newer: Value | null = null;
  for (const value of values) {
    const order = compare(versionOf(value), wanted);
    if (order < 0 && (older === null || compare(versionOf(value), versionOf(older)) > 0)) older = value;
    if (order > 0 && (newer === null || compare(versionOf(value), versionOf(newer)) < 0)) newer = value;
  }
  return { older, newer };
}
