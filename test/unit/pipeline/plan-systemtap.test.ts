import { expect, test } from 'vitest';
import { noCandidate } from '../../../src/pipeline/plan-systemtap.ts';

type Known = Parameters<typeof noCandidate>[0];

test('of a SystemTap that nobody has, the same line with one that there is is what to try', () => {
  const known = { mirrors: { systemtap: { portable: [{ version: '5.1' }, { version: '5.6' }] } } } as unknown as Known;
  expect(noCandidate(known, { version: '9.9' })).toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('no SystemTap 9.9 is known') as string,
    facts: { again: { option: '--systemtap', value: '5.1' } },
  });
});
