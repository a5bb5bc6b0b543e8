import { expect, test } from 'vitest';
import { TapprepError } from '../../../src/errors.ts';
import { describeOutage } from '../../../src/pipeline/outage.ts';

const failed = (...attempts: readonly (readonly [string, string])[]): TapprepError =>
  new TapprepError('NETWORK', 'x', {
    facts: { failures: attempts.map(([host, reason]) => ({ code: 'NETWORK', url: `http://${host}/x`, reason })) },
  });

test('hosts that all cannot be resolved are told in one sentence, which says nothing of others', () => {
  const outage = describeOutage([failed(['a', 'EAI_AGAIN'], ['b', 'ENOTFOUND']), failed(['a', 'EAI_AGAIN'])]);
  expect(outage).toMatchObject({ code: 'NETWORK', facts: { hosts: ['a', 'b'] } });
  expect(outage?.message).toBe('none of 2 hosts could be resolved');
  expect(describeOutage([failed(['a', 'ENETUNREACH'])])?.message).toBe(
    'a could not be reached, and no other host was asked',
  );
});

test.each([
  ['a host that refuses', [failed(['a', 'EAI_AGAIN']), failed(['b', 'ECONNREFUSED'])]],
  ['a file that is not there', [failed(['a', 'EAI_AGAIN']), new TapprepError('NOT_FOUND', 'x')]],
  ['a status', [new TapprepError('NETWORK', 'x', { facts: { url: 'http://a/', status: 503 } })]],
  [
    'a proxy that is not there',
    [new TapprepError('NETWORK', 'x', { facts: { url: 'http://a/', reason: 'ENOTFOUND', proxy: 'p:3128' } })],
  ],
  ['nothing', []],
])('%s is no outage', (_, errors) => {
  expect(describeOutage(errors)).toBeNull();
});
