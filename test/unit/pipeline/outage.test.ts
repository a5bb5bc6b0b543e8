import { expect, test } from 'vitest';
import { TapprepError } from '../../../src/errors.ts';
import { describeOutage } from '../../../src/pipeline/outage.ts';

const failed = (...attempts: readonly (readonly [string, string])[]): TapprepError =>
  new TapprepError('NETWORK', 'x', {
    facts: { failures: attempts.map(([host, reason]) => ({ code: 'NETWORK', url: `http://${host}/x`, reason })) },
  });

test('a machine without network is told so in one sentence', () => {
  const outage = describeOutage([failed(['a', 'EAI_AGAIN'], ['b', 'ENOTFOUND']), failed(['a', 'EAI_AGAIN'])]);
  expect(outage).toMatchObject({ code: 'NETWORK', facts: { hosts: ['a', 'b'] } });
  expect(outage?.message).toBe('there is no network on this machine: all of 2 hosts could not be resolved');
  expect(describeOutage([failed(['a', 'ENETUNREACH'])])?.message).toContain('a could not be reached');
});

test.each([
  ['a host that refuses', [failed(['a', 'EAI_AGAIN']), failed(['b', 'ECONNREFUSED'])]],
  ['a file that is not there', [failed(['a', 'EAI_AGAIN']), new TapprepError('NOT_FOUND', 'x')]],
  ['a status', [new TapprepError('NETWORK', 'x', { facts: { url: 'http://a/', status: 503 } })]],
  ['nothing', []],
])('%s is no outage', (_, errors) => {
  expect(describeOutage(errors)).toBeNull();
});
