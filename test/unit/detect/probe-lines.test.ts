import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isProbeOutput, parseProbeLines } from '../../../src/detect/probe-lines.ts';
import { parseProbeOutput } from '../../../src/detect/probe-output.ts';
import { isTapprepError } from '../../../src/errors.ts';

const WHOLE = readFileSync('test/fixtures/probe/centos-6.txt', 'utf8');

function refusal(reason: RegExp): unknown {
  return expect.objectContaining({ code: 'BAD_FACTS', message: expect.stringMatching(reason) as unknown });
}

function outcomeOf(text: string): string {
  try {
    parseProbeOutput(text);
    return 'facts';
  } catch (error) {
    return isTapprepError(error) ? error.code : String(error);
  }
}

test.each([
  ['a banner before it', `Last login: today\n*** Authorized use only ***\n${WHOLE}`],
  ['a banner without a final newline', `motd${WHOLE}`],
  ['lines that end in CR LF', WHOLE.replaceAll('\n', '\r\n')],
  ['a farewell after it', `${WHOLE}logout\n`],
])('%s changes nothing', (_, text) => {
  expect(parseProbeOutput(text)).toEqual(parseProbeOutput(WHOLE));
  expect(isProbeOutput(text)).toBe(true);
});

test('a value keeps its tabs only where it is the last one', () => {
  const records = parseProbeLines('tapprep-probe\t1\nrepo\t/x\t[a]\tb\nuname-v\t#1\tSMP\nend\t1\n', 'x');
  expect(records.all('repo')).toEqual([['/x', '[a]\tb']]);
  expect(records.one('uname-v')).toBe('#1\tSMP');
});

describe('refused', () => {
  test('cut anywhere, it is BAD_FACTS and never half a machine', () => {
    fc.assert(
      fc.property(fc.nat(WHOLE.length - 3), (length) => {
        expect(() => parseProbeOutput(WHOLE.slice(0, length))).toThrow(refusal(/missing|no line/));
      }),
    );
  });

  test.each([
    ['an unknown key', 'surprise\t1', /^f, line 2: unknown key "surprise"$/],
    ['a name of Object.prototype', 'constructor\t1', /unknown key "constructor"/],
    ['an empty line', '', /unknown key ""/],
    ['too few values', 'config\tCONFIG_X', /"config" has 1 value but needs 2/],
    ['a long line', `uname-v\t${'x'.repeat(20_000)}`, /longer than/],
    ['the same fact twice', 'uid\t0\nuid\t1', /"uid" stands more than 1 times/],
    ['too many of one kind', 'space\t/\t1\t1\tyes\n'.repeat(31).trimEnd(), /"space" stands more than 30 times/],
  ])('%s', (_, line, reason) => {
    expect(() => parseProbeLines(`tapprep-probe\t1\n${line}\nend\t1\n`, 'f')).toThrow(refusal(reason));
  });

  test('a text without end', () => {
    expect(() => parseProbeLines('x'.repeat(17 * 1024 * 1024), 'f')).toThrow(refusal(/more than/));
  });

  test('a first line of another version', () => {
    expect(() => parseProbeLines(WHOLE.replace('tapprep-probe\t1', 'tapprep-probe\t2'), 'f')).toThrow(
      refusal(/no line/),
    );
  });

  test('whatever the text, only BAD_FACTS', () => {
    const line = fc.tuple(
      fc.constantFrom('pkg', 'uid', 'release', 'space', 'notes', 'debuginfo', 'x'),
      fc.array(fc.string()),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.map(([key, values]) => [key, ...values].join('\t')).join('\n');
        expect(outcomeOf(`tapprep-probe\t1\n${text}\nend\t1\n`)).toMatch(/^(facts|BAD_FACTS)$/);
      }),
    );
  });
});
