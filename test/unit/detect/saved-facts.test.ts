import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { declareFacts, withRelease } from '../../../src/detect/declared-facts.ts';
import { parseSavedFacts } from '../../../src/detect/facts.ts';
import { checkFacts, factsJsonSchema } from '../../../src/detect/facts-schema.ts';
import { parseProbeOutput } from '../../../src/detect/probe-output.ts';

const PROBE = readFileSync('test/fixtures/probe/centos-6.txt', 'utf8');
const FACTS = parseProbeOutput(PROBE);

function refusal(reason: RegExp): unknown {
  return expect.objectContaining({ code: 'BAD_FACTS', message: expect.stringMatching(reason) as unknown });
}

describe('parseSavedFacts', () => {
  test.each([
    ['what detect --json prints', JSON.stringify({ facts: FACTS, target: null, error: {} })],
    ['the facts alone', JSON.stringify(FACTS, null, 2)],
    ['what probe.sh prints', PROBE],
  ])('takes %s', (_, text) => {
    expect(parseSavedFacts(text, 'f')).toEqual(FACTS);
  });

  test.each([
    ['cut JSON', JSON.stringify(FACTS).slice(0, -5), /^f is no JSON: /],
    ['an empty file', '', /no line "tapprep-probe 1"/],
    ['another JSON', '{}', /^f is not what "tapprep detect --json" prints: schema: /],
    ['another version', JSON.stringify({ ...FACTS, schema: 'tapprep-facts/2' }), /schema: /],
    [
      'a number for a text',
      JSON.stringify({ ...FACTS, kernel: { ...FACTS.kernel, arch: 1 } }),
      /kernel\.arch: .*string/,
    ],
    ['a missing field', JSON.stringify({ ...FACTS, packages: undefined }), /packages: /],
    ['a field too many', JSON.stringify({ ...FACTS, hidden: 1 }), /the whole: .*hidden/],
    [
      'a build-id that is none',
      JSON.stringify({ ...FACTS, kernel: { ...FACTS.kernel, buildId: 'x' } }),
      /kernel\.buildId: /,
    ],
    ['facts that are a list', '{"facts":[]}', /the whole: /],
  ])('refuses %s', (_, text, reason) => {
    expect(() => parseSavedFacts(text, 'f')).toThrow(refusal(reason));
  });

  test('names the first faults and counts the others', () => {
    expect(() => checkFacts({}, 'f')).toThrow(refusal(/ \(and \d+ more\)$/));
  });
});

describe('declareFacts', () => {
  test.each([
    ['debian:12', '6.1.0-28-arm64', null, 'aarch64', '12'],
    ['centos', '3.10.0-1160.el7.x86_64', null, 'x86_64', null],
    ['ubuntu:24.04', '6.8.0-45-generic', 'arm64', 'aarch64', '24.04'],
  ])('%s %s', (distro, release, arch, machine, versionId) => {
    const facts = declareFacts({ distro, release, arch, unameV: null });
    expect(facts).toMatchObject({
      source: 'declared',
      os: { versionId },
      kernel: { release, arch: machine, running: false },
    });
    expect(checkFacts(facts, 'declared')).toEqual(facts);
  });

  test.each([
    ['Debian 12', '6.1.0-28-amd64', null],
    ['debian:', '6.1.0-28-amd64', null],
    ['debian:12', '6.1.0-28-amd64', 'vax'],
    ['debian:12', '', null],
    ['ubuntu:24.04', '6.8.0-45-generic', null],
  ])('refuses %s %s %s', (distro, release, arch) => {
    expect(() => declareFacts({ distro, release, arch, unameV: null })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});

describe('withRelease', () => {
  test('the same release is the same facts', () => {
    expect(withRelease(FACTS, '2.6.32-754.el6.x86_64')).toBe(FACTS);
  });

  test('what was observed of one kernel is not claimed of another', () => {
    const other = withRelease(FACTS, '2.6.32-642.el6.x86_64');
    expect(other.kernel).toMatchObject({ running: false, unameV: null, buildId: null, vermagic: null, compiler: null });
    expect(other).toMatchObject({ buildTree: null, systemMap: null, configFrom: null, packages: FACTS.packages });
    expect(new Set(Object.values(other.config))).toEqual(new Set([null]));
    expect(checkFacts(other, 'other')).toEqual(other);
  });
});

test('the JSON schema asks for every field and allows no other', () => {
  expect(factsJsonSchema()).toMatchObject({
    $schema: expect.stringContaining('json-schema.org') as unknown,
    type: 'object',
    additionalProperties: false,
    required: Object.keys(FACTS),
    properties: { kernel: { additionalProperties: false, required: Object.keys(FACTS.kernel) } },
  });
});
