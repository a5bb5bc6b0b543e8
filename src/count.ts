/** A number and what it counts, for people. Pure. */

/** "1 package", "2 packages". @param many where it is not `one` with an "s": countOf(2, 'package is', 'packages are') */
export function countOf(number: number, one: string, many: string = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
