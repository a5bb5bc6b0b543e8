/**
 * No line of a log keeps explain busy: each pattern that a line can meet is held against strings that are made of its own pieces.
 * V8 itself counts how often it goes back, and gives up at a limit, so that no clock is asked.
 */
import { globSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { expect, test } from 'vitest';
import { parseAst } from 'vitest/node';
import { pumpStrings } from '../helpers/pump-strings.ts';

/** Long enough to tell what grows with the square of it from what grows faster. */
const LENGTH = 512;
/** Every character with every other: a log is kept to half a megabyte, and a line of it cut at 2048. */
const MOST = LENGTH * LENGTH;

type MakeLimited = (source: string, flags: string, backtracks: number) => RegExp;

function openLimited(): MakeLimited {
  setFlagsFromString('--allow-natives-syntax');
  return runInThisContext(
    '(source, flags, limit) => %NewRegExpWithBacktrackLimit(source, flags, limit)',
  ) as MakeLimited;
}

/** A string on which the pattern goes back more often than that; null where none of those tried does it. */
function findPumped({ source, flags }: RegExp, make: MakeLimited): string | null {
  const plain = flags.replaceAll(/[gy]/g, '');
  // Matches nothing where the pattern is nowhere in the string, so that no match at all is the limit.
  const limited = make(`^(?:(?=[^]*?(?:${source}))|)`, plain, MOST);
  for (const text of pumpStrings(new RegExp(source, plain), LENGTH)) if (limited.exec(text) === null) return text;
  return null;
}

/** As they stand in the sources that read logs, and as those put them together when they are loaded: by no other test before. */
async function collectPatterns(): Promise<ReadonlyMap<string, RegExp>> {
  const found = new Map<string, RegExp>();
  const keep = (pattern: RegExp): RegExp => {
    found.set(String(pattern), pattern);
    return pattern;
  };
  for (const file of globSync(['src/diagnose/**/*.ts', 'src/detect/**/*.ts', 'src/errors.ts']))
    for (const [source, flags] of literalsIn(parseAst(readFileSync(file, 'utf8'), { lang: 'ts' })))
      keep(new RegExp(source, flags));
  const { RegExp: own } = globalThis;
  globalThis.RegExp = new Proxy(own, { construct: (_own, words: [string, string?]) => keep(new own(...words)) });
  try {
    const { RULES } = await import('../../src/diagnose/rules.ts');
    await import('../../src/diagnose/diagnose.ts');
    for (const { patterns, hints = [] } of RULES)
      for (const { regex } of [...patterns, ...hints]) if (regex) keep(regex);
  } finally {
    globalThis.RegExp = own;
  }
  return found;
}

function literalsIn(node: unknown): readonly (readonly [string, string])[] {
  if (typeof node !== 'object' || node === null) return [];
  const { regex } = node as { readonly regex?: { readonly pattern: string; readonly flags: string } };
  return regex === undefined ? Object.values(node).flatMap(literalsIn) : [[regex.pattern, regex.flags]];
}

test('the limit tells what grows with the length and its square from what grows faster', () => {
  const make = openLimited();
  expect(findPumped(/-.*?x.*-/, make)).toBeNull();
  for (const bad of [/(?:\S{1,100}, ?){0,20}kernel/, /(?:a+)+b/, /x.*y.*z.*:/, /(?<=,(?:\w|\w\w)*)!/])
    expect(findPumped(bad, make)).not.toBeNull();
});

test('no pattern that a line of a log meets takes more steps than the square of the length of that line', async () => {
  const make = openLimited();
  const patterns = await collectPatterns();
  expect(patterns.size).toBeGreaterThan(1400);
  const bad = Array.from(patterns.values(), (pattern) => [String(pattern), findPumped(pattern, make)] as const);
  expect(bad.filter(([, text]) => text !== null)).toEqual([]);
}, 120_000);
