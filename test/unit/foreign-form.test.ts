/** Documents that a newer tapprep wrote: each says which form it has and which is read here, and nothing else is said of it. */
import { describe, expect, test } from 'vitest';
import { parseManifest as parseBundle } from '../../src/bundle/manifest.ts';
import { isTapprepError } from '../../src/errors.ts';
import { describeOtherVersion } from '../../src/foreign-form.ts';
import { checkPlan } from '../../src/resolve/plan-schema.ts';
import { parseManifest as parsePortable } from '../../src/systemtap/portable/manifest.ts';
import { parseVerdictList } from '../../src/systemtap/verdict-list.ts';

describe.each([
  ['tapprep-plan', 1, 'BAD_LOCK', checkPlan],
  ['tapprep-bundle', 1, 'BAD_BUNDLE', parseBundle],
  ['tapprep-systemtap', 1, 'BAD_PACKAGE', parsePortable],
  ['tapprep-verdict-list', 1, 'BAD_VERDICTS', parseVerdictList],
] as const)('%s', (name, known, code, parse) => {
  const failure = (value: unknown): unknown => {
    try {
      return parse(JSON.stringify(value), 'FILE');
    } catch (error) {
      return error;
    }
  };

  test('of a newer form', () => {
    const error = failure({ schema: `${name}/${known + 1}`, whatever: true });
    expect(isTapprepError(error, code)).toBe(true);
    expect(String(error)).toContain(
      `FILE has the form "${name}/${known + 1}", but this tapprep reads "${name}/${known}"`,
    );
  });

  test.each([[{}], [[]], [null], [{ schema: 7 }], [{ schema: `other-${name}/2` }]])(
    '%j is no other version',
    (value) => {
      const error = failure(value);
      expect(isTapprepError(error, code)).toBe(true);
      expect(String(error)).not.toContain('has the form');
    },
  );
});

test('a name of a form that only begins in the same way is another form', () => {
  expect(describeOtherVersion({ schema: 'tapprep-plans/2' }, 'tapprep-plan/1')).toBeNull();
  expect(describeOtherVersion({ schema: 'tapprep-plan/1' }, 'tapprep-plan/1')).toBeNull();
});
