import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareDebVersions } from '../../../src/version/deb-vercmp.ts';

/** One dpkg a line "A RELATION B", all started by one shell; prints the lines that do not hold. */
const ASK = `while IFS=' ' read -r a relation b; do
  dpkg --compare-versions "$a" "$relation" "$b" || echo "$a $relation $b"
done`;

const RELATIONS = { '-1': 'lt', '0': 'eq', '1': 'gt' } as const;

function listWrong(lines: readonly string[]): string {
  const input = lines.map((line) => `${line}\n`).join('');
  return execFileSync('sh', ['-c', ASK], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] });
}

test('dpkg orders 600 made-up versions the same way', () => {
  const part = fc.string({ unit: fc.constantFrom('0', '1', '2', '10', 'a', 'rc', 'B', '.', '+', '~'), maxLength: 5 });
  const version = fc
    .tuple(fc.constantFrom('', '', '0:', '1:', '12:'), fc.constantFrom('0', '1', '09'), part, part)
    .map(([epoch, digit, upstream, revision]) => `${epoch}${digit}${upstream}${revision === '' ? '' : `-${revision}`}`);
  const pairs = fc.sample(fc.tuple(version, version), { numRuns: 600, seed: 223 });
  const claims = pairs.map(([a, b]) => `${a} ${RELATIONS[compareDebVersions(a, b)]} ${b}`);
  expect(listWrong(claims)).toBe('');
  // What dpkg refuses is seen.
  expect(listWrong(['1 lt 2', '1 gt 2'])).toBe('1 gt 2\n');
});
