/** Which of known names a misspelt one was likely meant to be. Pure. */

const MOST_LETTERS = 3;

/** The one that fewest letters part from a word, at most three and fewer than half of it; null for none. Of equals the first. */
export function findNearest(word: string, names: readonly string[]): string | null {
  const [best] = names
    .map((name) => ({ name, away: lettersApart(word, name) }))
    .filter(({ name, away }) => away <= MOST_LETTERS && away * 2 < Math.max(word.length, name.length))
    .toSorted((a, b) => a.away - b.away);
  return best?.name ?? null;
}

/** How many letters have to be put in, taken out or changed. */
export function lettersApart(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const change = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
