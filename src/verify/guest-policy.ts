/** The policy on modules that a guest is to have: asked for, foretold, and compared with what its kernel says. Pure. */
import type { PolicyFacts, SigningKey } from '../detect/module-policy.ts';
import type { GuestPolicy, HostFacts, SecureBootMode, TrustedKeys } from '../types.ts';

export interface PolicyWish {
  /** null: no firmware at all. */
  readonly secureBoot: SecureBootMode | null;
  readonly lockdown: 'integrity' | 'confidentiality' | null;
  readonly sigEnforce: boolean;
}

/** Words of the kernel's command line. */
export function policyArguments({ lockdown, sigEnforce }: PolicyWish): readonly string[] {
  return [...(sigEnforce ? ['module.sig_enforce=1'] : []), ...(lockdown === null ? [] : [`lockdown=${lockdown}`])];
}

/**
 * What the guest will be, before it is: a kernel with LOCK_DOWN_IN_EFI_SECURE_BOOT locks itself down where Secure Boot is on,
 * and enforces signatures there (Debian's patches; seen on 6.1, 6.12 and 7.2).
 */
export function foreseePolicy(wish: PolicyWish, facts: HostFacts, key: SigningKey | null): PolicyFacts {
  const isSecure = wish.secureBoot === 'db' || wish.secureBoot === 'mok';
  const locksItself = isSecure && facts.config['CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT'] === 'y';
  return {
    config: facts.config,
    security: {
      ...facts.security,
      secureBoot: isSecure,
      lockdown: wish.lockdown ?? (locksItself ? 'integrity' : 'none'),
      moduleSigEnforce: wish.sigEnforce || locksItself || facts.config['CONFIG_MODULE_SIG_FORCE'] === 'y',
      modulesDisabled: false,
      trustedKeys: foreseeKeys(wish, key),
    },
  };
}

function foreseeKeys({ secureBoot }: PolicyWish, key: SigningKey | null): TrustedKeys {
  if (secureBoot === null || key === null) return { keyrings: [], keys: [] };
  const keyring = secureBoot === 'mok' ? '.machine' : '.platform';
  return { keyrings: [{ name: keyring, keys: 1 }], keys: [{ name: key.name, id: key.keyId, keyring }] };
}

/** How the guest differs from what was asked for, one clause; null where it does not. */
export function findPolicyFault(wish: PolicyWish, policy: GuestPolicy): string | null {
  const isSecure = wish.secureBoot === 'db' || wish.secureBoot === 'mok';
  if (wish.secureBoot !== null && !policy.efi) return 'it was to have UEFI firmware, but its kernel saw none';
  if (isSecure !== (policy.secureBoot === true))
    return `Secure Boot was to be ${isSecure ? 'on' : 'off'}, but its kernel says ${policy.secureBoot === null ? 'nothing of it' : policy.secureBoot ? 'on' : 'off'}`;
  if (wish.lockdown !== null && policy.lockdown !== wish.lockdown)
    return `lockdown was to be ${wish.lockdown}, but its kernel says ${policy.lockdown ?? 'nothing of it'}`;
  return wish.sigEnforce && policy.sigEnforce !== true ? 'sig_enforce was to be on, but its kernel has it off' : null;
}
