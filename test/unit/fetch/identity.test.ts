import { expect, test } from 'vitest';
import {
  createIdentities,
  type Identity,
  refusalByStatus,
  refusalByTls,
  withToken,
} from '../../../src/fetch/identity.ts';

const remedy = { kind: 'register', by: 'user' };
const nobody: Identity = { name: 'x', certificate: null, authorities: null, token: null, remedy };
const token: Identity = { ...nobody, name: 'the token in its address', token: 'aSecret' };
const certificate: Identity = { ...nobody, name: 'the certificate', certificate: { cert: 'c', key: 'k' } };

test('an identity is shown below its base and nowhere else, the nearest one first', () => {
  const identities = createIdentities();
  identities.add('https://a.example/one/', token);
  identities.add('https://a.example/one/deep/', certificate);
  identities.add('https://a.example/list?repo=1', certificate);
  expect(identities.of('https://a.example/one/repodata/repomd.xml')).toBe(token);
  expect(identities.of('https://a.example/one/deep/x.rpm')).toBe(certificate);
  expect(identities.of('https://a.example/list?repo=1')).toBe(certificate);
  for (const url of [
    'https://a.example/two/x.rpm',
    'https://a.example/list?repo=12',
    'https://a.example/one',
    'https://a.example.evil.example/one/x.rpm',
    'http://a.example/one/x.rpm',
    'https://a.example:8443/one/x.rpm',
    'https://a.example/one/../two/x.rpm',
  ])
    expect([url, identities.of(url)]).toEqual([url, null]);
});

test('a token stands behind the path, and never behind another query', () => {
  expect(withToken('https://a.example/one/x.rpm', token)).toBe('https://a.example/one/x.rpm?aSecret');
  expect(withToken('https://a.example/one/x.rpm?already', token)).toBe('https://a.example/one/x.rpm?already');
  expect(withToken('https://a.example/one/x.rpm', null)).toBe('https://a.example/one/x.rpm');
});

test.each([400, 401, 403])('%i refuses who was shown, and the secret is not in the sentence', (status) => {
  const error = refusalByStatus('https://a.example/one/x.rpm', status, token);
  expect(error).toMatchObject({ code: 'NOT_REGISTERED', retry: 'never', remedy });
  expect(error?.message).not.toContain('aSecret');
});

test.each([200, 304, 404, 500])('%i says nothing of who asks', (status) => {
  expect(refusalByStatus('https://a.example/one/x.rpm', status, token)).toBeNull();
});

test('an alert of TLS is a refusal where a certificate was shown, and a dead connection is none', () => {
  const url = 'https://a.example/one/x.rpm';
  expect(refusalByTls(url, 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', certificate)?.code).toBe('NOT_REGISTERED');
  expect(refusalByTls(url, 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', token)).toBeNull();
  expect(refusalByTls(url, 'ECONNREFUSED', certificate)).toBeNull();
});
