import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareDebVersions } from '../../../src/version/deb-vercmp.ts';

/** One dpkg a pair, started by one shell; prints lt, gt or eq. */
const ASK = `while IFS=' ' read -r a b; do
  if dpkg --compare-versions "$a" lt "$b"; then echo -1
  elif dpkg --compare-versions "$a" gt "$b"; then echo 1
  else echo 0; fi
done`;

function askDpkg(pairs: readonly (readonly [string, string])[]): readonly number[] {
  const input = pairs.map(([a, b]) => `${a} ${b}\n`).join('');
  const out = execFileSync('sh', ['-c', ASK], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] });
  return out.trim().split('\n').map(Number);
}

test('dpkg orders 600 made-up versions the same way', () => {
  const part = fc.string({ unit: fc.constantFrom('0', '1', '2', '10', 'a', 'rc', 'B', '.', '+', '~'), maxLength: 5 });
  const version = fc
    .tuple(fc.constantFrom('', '', '0:', '1:', '12:'), fc.constantFrom('0', '1', '09'), part, part)
    .map(([epoch, digit, upstream, revision]) => `${epoch}${digit}${upstream}${revision === '' ? '' : `-${revision}`}`);
  const pairs = fc.sample(fc.tuple(version, version), { numRuns: 600, seed: 223 });
  expect(pairs.map(([a, b]) => compareDebVersions(a, b))).toEqual(askDpkg(pairs));
});
