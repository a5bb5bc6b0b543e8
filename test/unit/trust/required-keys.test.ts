import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { requireKeys } from '../../../src/trust/required-keys.ts';
import type { Fingerprint, RepositoryTrust } from '../../../src/types.ts';
import { failureOf } from '../../helpers/failure-of.ts';

const CENTOS_6 = 'C1DAC52D1664E8A4386DBA430946FCA2C105B9DE' as Fingerprint;
const CENTOS_7 = '6341AB2753D78A78A7C27BB124C6A8A7F4A80EB5' as Fingerprint;
const fileOf = (key: string): string => resolve('keys', `${key}.asc`);

function check(fingerprints: readonly Fingerprint[], keyrings: readonly string[]): Promise<void> {
  const trust: RepositoryTrust = { metadata: 'unsigned', packages: 'signed', fingerprints, keyrings, allow: [] };
  return requireKeys({ id: 'base', trust });
}

test('one pinned key of several is enough, and where none is pinned any key', async () => {
  await expect(check([CENTOS_6, CENTOS_7], [fileOf(CENTOS_7)])).resolves.toBeUndefined();
  await expect(check([], [fileOf(CENTOS_7)])).resolves.toBeUndefined();
});

test('what signs nothing needs no key', async () => {
  const trust = { metadata: 'unsigned', packages: 'unsigned', fingerprints: [], keyrings: [], allow: [] } as const;
  await expect(requireKeys({ id: 'base', trust })).resolves.toBeUndefined();
});

test.each([
  ['another key than the pinned one', [CENTOS_6], [fileOf(CENTOS_7)], `the public key ${CENTOS_6} is not on`],
  ['no key file', [CENTOS_6], [], `the public key ${CENTOS_6} is not on`],
  [
    'a key file that is not there',
    [],
    ['/nonexistent/KEY'],
    'no key of it is known; not there, or without a key: /nonexistent/KEY',
  ],
  [
    'a page in the place of a key',
    [],
    [resolve('README.md')],
    `no key of it is known; not there, or without a key: ${resolve('README.md')}`,
  ],
])('%s is no key for it', async (_, pins, keyrings, words) => {
  const error = await failureOf(check(pins, keyrings));
  expect(error).toMatchObject({ code: 'UNKNOWN_KEY' });
  expect(error.message).toContain(`what base signs cannot be checked here: ${words}`);
});
