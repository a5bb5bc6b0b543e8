import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose, explainExcerpt } from '../../../src/diagnose/diagnose.ts';
import { LogExcerpt } from '../../../src/diagnose/log-excerpt.ts';
import { NEEDLES } from '../../../src/diagnose/rules.ts';

const NOISE = 'kernel: usb 1-1: new high-speed device number 4 using xhci_hcd, nothing to see in this line at all\n';
const ERROR =
  'Checking "/lib/modules/4.18.0-80.el8.x86_64/build/.config" failed with error: No such file or directory\n';

function excerptOf(bytes: Uint8Array, sizes: readonly number[]): string {
  const excerpt = new LogExcerpt(NEEDLES);
  let from = 0;
  for (const size of sizes) {
    excerpt.push(bytes.subarray(from, from + size));
    from += size;
  }
  excerpt.push(bytes.subarray(from));
  return excerpt.finish();
}

describe('log excerpt', () => {
  const middle = Buffer.from(NOISE.repeat(15_000) + ERROR + NOISE.repeat(15_000));

  it('keeps a small log whole', () => {
    expect(excerptOf(Buffer.from(ERROR + NOISE), [])).toBe(ERROR + NOISE);
  });

  it('finds one line in the middle of a log that is too large to keep', () => {
    const text = excerptOf(middle, []);
    expect(text.length).toBeLessThan(600_000);
    expect(text).toContain(ERROR.trim());
    expect(explainExcerpt(text, null, null).diagnoses[0]?.code).toBe('DEVEL_MISSING');
  });

  it('gives the same excerpt wherever the stream is cut', () => {
    const whole = excerptOf(middle, []);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700_000 }), { maxLength: 12 }), (sizes) => {
        expect(excerptOf(middle, sizes)).toBe(whole);
      }),
      { numRuns: 10 },
    );
  });

  it('gives the same excerpt for single bytes around the needle', () => {
    const small = Buffer.from(NOISE.repeat(3) + ERROR + NOISE);
    expect(
      excerptOf(
        small,
        Array.from({ length: small.length }, () => 1),
      ),
    ).toBe(small.toString());
  });

  it('does not grow with a flood of interesting lines', () => {
    const flood = Buffer.from(ERROR.repeat(60_000));
    expect(excerptOf(flood, []).length).toBeLessThan(700_000);
  });

  it('finds another message that stands once behind a flood of the first', () => {
    const other = "ERROR: Couldn't insert module '/tmp/stapXQ/hello.ko': Required key not available\n";
    const log = Buffer.from(ERROR.repeat(30_000) + NOISE.repeat(15_000) + other + NOISE.repeat(15_000));
    const text = excerptOf(log, []);
    expect(text).toContain(other.trim());
    expect(text).toContain(ERROR.trim());
  });

  it('survives a line without end, with the error in its middle', () => {
    const line = Buffer.from(`${'x'.repeat(3_000_000)} ${ERROR.trim()} ${'y'.repeat(3_000_000)}`);
    expect(explainExcerpt(excerptOf(line, []), null, null).diagnoses[0]?.code).toBe('DEVEL_MISSING');
  });

  it('reads UTF-16 and logs strewn with NULs', () => {
    expect(excerptOf(Buffer.from(`\ufeff${ERROR}`, 'utf16le'), [])).toContain(ERROR.trim());
  });

  it('never throws on garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), fc.boolean(), (bytes, withError) => {
        const log = Buffer.concat([bytes, Buffer.from(withError ? `\n${ERROR}` : ''), bytes]).toString('latin1');
        expect(diagnose({ log }).length >= (withError ? 1 : 0)).toBe(true);
      }),
    );
  });
});
