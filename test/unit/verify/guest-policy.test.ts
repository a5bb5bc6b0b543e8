import { expect, test } from 'vitest';
import { foretell, type SigningKey } from '../../../src/detect/module-policy.ts';
import type { GuestPolicy, HostFacts } from '../../../src/types.ts';
import { findPolicyFault, foreseePolicy, policyArguments, type PolicyWish } from '../../../src/verify/guest-policy.ts';
import { DEBIAN12 } from '../diagnose/sample-facts.ts';

const KEY: SigningKey = { name: 'lab', keyId: 'd07f848646060b6a4f8b8c39d082fead49cda1bc' };
const LOCKS = { CONFIG_MODULE_SIG: 'y', CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT: 'y' };
const wish = (given: Partial<PolicyWish>): PolicyWish => ({
  secureBoot: null,
  lockdown: null,
  sigEnforce: false,
  ...given,
});
const debian = (config: HostFacts['config']): HostFacts => ({ ...DEBIAN12, config });

/** Unsigned, then signed by the enrolled key. */
test.each([
  ['nothing asked for', {}, LOCKS, [true, true]],
  ['Secure Boot by db on a kernel that locks itself', { secureBoot: 'db' }, LOCKS, [false, true]],
  ['Secure Boot by MOK', { secureBoot: 'mok' }, LOCKS, [false, true]],
  ['Secure Boot on a kernel that does not', { secureBoot: 'db' }, { CONFIG_MODULE_SIG: 'y' }, [true, true]],
  ['sig_enforce with firmware', { secureBoot: 'off', sigEnforce: true }, LOCKS, [false, true]],
  ['sig_enforce without firmware: no key can count', { sigEnforce: true }, LOCKS, [false, false]],
  ['lockdown without firmware', { lockdown: 'integrity' }, LOCKS, [false, false]],
] as const)('%s', (_name, given, config, expected) => {
  const facts = debian(config);
  const loads = [null, KEY].map((key) => {
    const foreseen = foreseePolicy(wish(given), facts, KEY);
    return foretell({ ...foreseen, os: facts.os }, key).loads;
  });
  expect(loads).toEqual(expected);
});

test('a guest that is not what was asked for is told by both sides', () => {
  const policy: GuestPolicy = {
    efi: true,
    secureBoot: true,
    lockdown: 'integrity',
    sigEnforce: true,
    trustedKeys: { keyrings: [], keys: [] },
  };
  expect(findPolicyFault(wish({ secureBoot: 'db', sigEnforce: true }), policy)).toBeNull();
  expect(findPolicyFault(wish({ secureBoot: 'db' }), { ...policy, secureBoot: false })).toBe(
    'Secure Boot was to be on, but its kernel says off',
  );
  expect(findPolicyFault(wish({ secureBoot: 'off' }), policy)).toBe(
    'Secure Boot was to be off, but its kernel says on',
  );
  expect(findPolicyFault(wish({ secureBoot: 'db' }), { ...policy, efi: false })).toBe(
    'it was to have UEFI firmware, but its kernel saw none',
  );
  expect(findPolicyFault(wish({ secureBoot: 'db', lockdown: 'confidentiality' }), policy)).toBe(
    'lockdown was to be confidentiality, but its kernel says integrity',
  );
  expect(findPolicyFault(wish({ sigEnforce: true }), { ...policy, secureBoot: false, sigEnforce: false })).toBe(
    'sig_enforce was to be on, but its kernel has it off',
  );
});

test('the words of the command line', () => {
  expect(policyArguments(wish({ lockdown: 'integrity', sigEnforce: true }))).toEqual([
    'module.sig_enforce=1',
    'lockdown=integrity',
  ]);
  expect(policyArguments(wish({ secureBoot: 'db' }))).toEqual([]);
});
