import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scanFrames } from '../../../../src/resolve/rpm-md/frames.ts';

const ROOT = (count: number | string): string =>
  `<?xml version="1.0"?>\n<metadata xmlns="http://linux.duke.edu/metadata/common" packages="${count}">\n`;
const frame = (name: string, inside = ''): string =>
  `<package type="rpm">\n  <name>${name}</name>${inside}\n</package>\n`;
const NAMES = ['kernel-core', 'bash', 'kernel6.12-devel', 'zlib', 'kernel-devel'];
const DOCUMENT = Buffer.from(
  `${ROOT(5)}${NAMES.map((name) => frame(name, name === 'kernel6.12-devel' ? '<p n="kernel-devel-uname-r"/>' : '')).join('')}</metadata>\n`,
);

function scan(pieces: readonly Uint8Array[], needles: readonly string[] = ['kernel-devel-uname-r']): string[] {
  const frames: string[] = [];
  const scanner = scanFrames({
    name: 'primary.xml',
    wantsName: (name) => name === 'kernel-devel' || name === 'kernel-core',
    needles,
    onFrame: (bytes) => frames.push(bytes.toString()),
  });
  for (const piece of pieces) scanner.push(piece);
  scanner.end();
  return frames;
}

function refusal(text: string): unknown {
  try {
    scan([Buffer.from(text)]);
    return 'accepted';
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

const WANTED = [
  frame('kernel-core'),
  frame('kernel6.12-devel', '<p n="kernel-devel-uname-r"/>'),
  frame('kernel-devel'),
].map((text) => text.trim());

function reasons(every: boolean): string[] {
  const told: string[] = [];
  const scanner = scanFrames({
    name: 'primary.xml',
    wantsName: (name) => name === 'kernel-core',
    // The longer one is found by the shorter.
    needles: ['kernel-devel-uname-r', '-uname-r', '-uname-r'],
    every,
    onFrame: (_bytes, because) => told.push(because),
  });
  scanner.push(DOCUMENT);
  scanner.end();
  return told;
}

describe('scanFrames', () => {
  test('hands out frames by name and by what they hold', () => {
    expect(scan([DOCUMENT])).toEqual(WANTED);
    expect(scan([DOCUMENT], [])).toEqual([WANTED[0], WANTED[2]]);
  });

  test('tells why each is handed out, and hands out all where all are wanted', () => {
    expect(reasons(false)).toEqual(['name', 'needle']);
    expect(reasons(true)).toEqual(['name', 'none', 'needle', 'none', 'none']);
  });

  test('gives the same frames wherever the document is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: DOCUMENT.length }), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), DOCUMENT.length];
        expect(scan(at.slice(1).map((to, index) => DOCUMENT.subarray(at[index], to)))).toEqual(WANTED);
      }),
    );
    expect(scan(Array.from(DOCUMENT, (byte) => Uint8Array.of(byte)))).toEqual(WANTED);
  });

  test('a frame larger than the first buffer comes out whole', () => {
    const large = frame('kernel-core', `<x>${'y'.repeat(3_000_000)}</x>`);
    const text = Buffer.from(`${ROOT(1)}${large}</metadata>`);
    const pieces = Array.from({ length: Math.ceil(text.length / 131_072) }, (_, at) =>
      text.subarray(at * 131_072, (at + 1) * 131_072),
    );
    expect(scan(pieces)).toEqual([large.trim()]);
  });

  test('an empty repository is empty', () => {
    expect(scan([Buffer.from('<metadata packages="0"/>')])).toEqual([]);
    expect(scan([Buffer.from(`${ROOT(0)}</metadata>`)])).toEqual([]);
  });

  test('a frame without a plain name is left to the parser', () => {
    const odd = frame('kernel&#45;devel').trim();
    expect(scan([Buffer.from(`${ROOT(1)}${odd}</metadata>`)])).toEqual([odd]);
  });

  test.each([
    ['fewer packages than stated', `${ROOT(2)}${frame('a')}</metadata>`],
    ['more packages than stated', `${ROOT(1)}${frame('a')}${frame('b')}</metadata>`],
    ['a package end inside text', `${ROOT(1)}${frame('a', '<![CDATA[</package>]]>')}</metadata>`],
    ['no end', `${ROOT(1)}${frame('a')}`],
    ['no count', `<metadata>${frame('a')}</metadata>`],
    ['a count that is no number', `${ROOT('1e9')}${frame('a')}</metadata>`],
    ['another root element', '<html><body>not found</body></html>'],
    ['nothing', ''],
    ['an end without a start', `${ROOT(1)}<name>kernel-core</name></package></metadata>`],
    ['a document type', `<!DOCTYPE metadata [<!ENTITY a "b">]>${ROOT(1)}${frame('a')}</metadata>`],
    [
      'a document type that encloses a root element',
      `<!DOCTYPE x [<!ENTITY a '<metadata packages="1">'>]>${frame('a')}</metadata>`,
    ],
    ['a start that never comes', ' '.repeat(100_000)],
  ])('%s is BAD_METADATA', (_, text) => {
    expect(refusal(text)).toBe('BAD_METADATA');
  });

  test('a frame without end is TOO_LARGE, not all of memory', () => {
    const scanner = scanFrames({ name: 'x', wantsName: () => true, needles: [], onFrame: () => {} });
    scanner.push(Buffer.from(`${ROOT(1)}<package><name>`));
    const piece = Buffer.alloc(1 << 20, 'a');
    expect(() => {
      for (let times = 0; times < 32; times += 1) scanner.push(piece);
    }).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
  });

  test('a count beyond any repository is TOO_LARGE', () => {
    expect(refusal(`${ROOT(999_999_999)}</metadata>`)).toBe('TOO_LARGE');
  });
});
