import { expect, test } from 'vitest';
import { TransferError } from '../../../src/fetch/failure.ts';
import { createKnownHosts } from '../../../src/fetch/known-hosts.ts';

const LIMITS = { attempts: 5, contactAttempts: 3 };
const refused = new TransferError('NETWORK', 'refused', 'later', {
  unreached: true,
  facts: { reason: 'ECONNREFUSED' },
  hint: 'look',
});
const unresolved = new TransferError('NETWORK', 'no', 'later', { unreached: true, facts: { reason: 'EAI_AGAIN' } });
const silent = new TransferError('TIMEOUT', 'silent', 'later', { facts: { reason: 'ETIMEDOUT' } });
const missing = new TransferError('NOT_FOUND', 'not there', 'never', { facts: { status: 404 } });

test.each([
  ['refuses connections', refused, 3],
  ['is silent', silent, 5],
])('a host that %s is not asked again, whichever file is wanted of it next', (_, error, times) => {
  const hosts = createKnownHosts(LIMITS);
  for (let i = 1; i < times; i += 1) hosts.failed(`http://h/${i}`, error);
  expect(hosts.refusal('http://h/next')).toBeNull();
  hosts.failed('http://h/last', error);
  expect(hosts.refusal('http://h/next')).toMatchObject({ code: error.code, retry: 'never' });
  expect(hosts.refusal('http://other/next')).toBeNull();
});

test('what is told of a host that is not asked again still says what to do', () => {
  const hosts = createKnownHosts(LIMITS);
  for (let i = 0; i < 3; i += 1) hosts.failed('http://h/x', refused);
  expect(hosts.refusal('http://h/y')).toMatchObject({ hint: 'look' });
});

test('a host that lacks a file is a host that answers', () => {
  const hosts = createKnownHosts(LIMITS);
  for (let i = 0; i < 20; i += 1) hosts.failed('http://h/x', missing);
  expect(hosts.refusal('http://h/y')).toBeNull();
});

test('bytes that came make earlier failures forgotten', () => {
  const hosts = createKnownHosts(LIMITS);
  hosts.failed('http://h/x', refused);
  hosts.failed('http://h/x', refused);
  hosts.answered('http://h/x');
  hosts.failed('http://h/x', refused);
  expect(hosts.refusal('http://h/x')).toBeNull();
});

test('without a network only the first host is tried as often as bad luck needs', () => {
  const hosts = createKnownHosts(LIMITS);
  for (let i = 0; i < 3; i += 1) hosts.failed('http://first/x', unresolved);
  hosts.failed('http://second/x', unresolved);
  expect(hosts.refusal('http://second/x')).not.toBeNull();
});

test('where another host answered, a name that does not resolve may still be bad luck', () => {
  const hosts = createKnownHosts(LIMITS);
  hosts.answered('http://good/x');
  for (let i = 0; i < 3; i += 1) hosts.failed('http://first/x', unresolved);
  hosts.failed('http://second/x', unresolved);
  expect(hosts.refusal('http://second/x')).toBeNull();
});

test('one reason of one host is told once', () => {
  const hosts = createKnownHosts(LIMITS);
  expect([refused, refused, silent, silent].map((error, i) => hosts.wasTold(`http://h/${i}`, error))).toEqual([
    false,
    true,
    false,
    true,
  ]);
});
