import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { compareEvr } from '../../../src/version/evr.ts';
import { compareRpmVersions } from '../../../src/version/rpm-vercmp.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-vercmp-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** rpm's own verdicts, one process for all pairs; its vercmp takes whole EVRs. */
function askRpm(pairs: readonly (readonly [string, string])[]): readonly number[] {
  const file = join(directory, 'pairs');
  writeFileSync(file, pairs.map(([a, b]) => `${a}\t${b}\n`).join(''));
  const lua = `for l in io.lines("${file}") do local a,b = l:match("^([^\\t]*)\\t([^\\t]*)$") print(rpm.vercmp(a,b) .. " ") end`;
  const out = execFileSync('rpm', ['--eval', `%{lua:${lua}}`], { encoding: 'utf8', maxBuffer: 1 << 24 });
  return out.trim().split(' ').map(Number);
}

const version = fc.string({
  unit: fc.constantFrom('0', '1', '2', '10', 'a', 'rc', 'B', '.', '_', '+', '~', '^'),
  minLength: 1,
  maxLength: 8,
});

test('rpm orders 4000 made-up versions the same way', () => {
  const pairs = fc.sample(fc.tuple(version, version), { numRuns: 4000, seed: 642 });
  expect(pairs.map(([a, b]) => compareRpmVersions(a, b))).toEqual(askRpm(pairs));
});

test('rpm orders 2000 made-up epoch-version-release texts the same way', () => {
  const evr = fc
    .tuple(fc.constantFrom('', '', '0:', '1:', '12:'), version, version)
    .map(([e, v, r]) => `${e}${v}-${r}`);
  const pairs = fc.sample(fc.tuple(evr, evr), { numRuns: 2000, seed: 642 });
  expect(pairs.map(([a, b]) => compareEvr(a, b))).toEqual(askRpm(pairs));
});
