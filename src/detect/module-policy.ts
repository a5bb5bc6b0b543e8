/**
 * Whether a kernel will load a module, told from its policy and the module's signature (Linux: kernel/module/signing.c,
 * module_sig_check). A good signature by a trusted key is enough under any lockdown; a bad one by a trusted key is refused
 * without any policy; everything else is a matter of sig_enforce, then of lockdown. Pure.
 */
import { assertNever } from '../errors.ts';
import type { HostFacts, TrustedKeys } from '../types.ts';

/** What a kernel makes of a signature. */
export type SignatureStanding = 'unsigned' | 'unknown-key' | 'altered' | 'trusted' | 'not-known';

export type LoadReason =
  | 'no-modules'
  | 'modules-disabled'
  | 'trusted-key'
  | 'no-policy'
  | 'altered'
  | 'unsigned'
  | 'unknown-key'
  | 'locked-down'
  | 'keys-not-known'
  | 'confidential';

export interface LoadVerdict {
  /** null: not known before it is tried. */
  readonly loads: boolean | null;
  readonly why: LoadReason;
}

/** The part of facts that decides. */
export type PolicyFacts = Pick<HostFacts, 'security' | 'config'>;

/** The key that a module is signed by. */
export interface SigningKey {
  readonly name: string;
  /** Subject key identifier, lower-case hex; null where its certificate has none. */
  readonly keyId: string | null;
}

/** The verdict on a module of some standing. */
export function judgeLoad({ security, config }: PolicyFacts, standing: SignatureStanding): LoadVerdict {
  if (config['CONFIG_MODULES'] === 'n') return { loads: false, why: 'no-modules' };
  if (security.modulesDisabled === true) return { loads: false, why: 'modules-disabled' };
  // A kernel that cannot check signatures does not ask for them, locked down or not.
  if (config['CONFIG_MODULE_SIG'] === 'n') return { loads: true, why: 'no-policy' };
  if (standing === 'altered') return { loads: false, why: 'altered' };
  if (standing === 'trusted') return { loads: true, why: 'trusted-key' };
  if (security.moduleSigEnforce === true || isLocked(security.lockdown)) {
    if (standing === 'not-known') return { loads: null, why: 'keys-not-known' };
    return { loads: false, why: security.moduleSigEnforce === true ? standing : 'locked-down' };
  }
  return { loads: true, why: 'no-policy' };
}

/**
 * The verdict on a program of the bpf runtime. No signature policy touches it; under lockdown=confidentiality no program may
 * read the kernel's memory, nor be placed at a function, as tracefs is closed (seen on 6.1, 6.12 and 7.2).
 * @param asks whether it does either
 */
export function judgeBpf(
  { security }: { readonly security: Pick<HostFacts['security'], 'lockdown'> },
  asks: boolean,
): LoadVerdict {
  return asks && security.lockdown === 'confidentiality'
    ? { loads: false, why: 'confidential' }
    : { loads: true, why: 'no-policy' };
}

function isLocked(lockdown: string | null): boolean {
  return lockdown === 'integrity' || lockdown === 'confidentiality';
}

/** Where keys count for modules on every kernel that has the keyring (Linux: certs/system_keyring.c; .machine since 5.18). */
const ALWAYS: readonly string[] = ['.builtin_trusted_keys', '.secondary_trusted_keys', '.machine'];
/**
 * Distributions whose kernels take keys of the firmware's db (.platform) for modules, which Linux itself does not. Only what
 * was seen to load stands here.
 */
const PLATFORM_COUNTS: readonly { readonly distro: string; readonly seenOn: readonly string[] }[] = [
  { distro: 'debian', seenOn: ['6.1.192', '6.12.107', '7.2.13'] },
];

/** Keyrings that count for modules on a distribution's kernels. @param distro ID of os-release */
export function countingKeyrings(distro: string | null): readonly string[] {
  return PLATFORM_COUNTS.some((row) => row.distro === distro) ? [...ALWAYS, '.platform'] : ALWAYS;
}

/** Other homes of keys that /proc/keys lists beside those. */
const SOMETIMES = '.platform';

/** What a kernel with these keys makes of a signature by this key. @param distro ID of os-release */
export function standingOfKey(
  trusted: TrustedKeys | null | undefined,
  { keyId }: SigningKey,
  distro: string | null,
): SignatureStanding {
  if (trusted == null || keyId === null) return 'not-known';
  const found = trusted.keys.filter(({ id }) => id === keyId);
  if (found.length === 0) return 'unknown-key';
  const counting = countingKeyrings(distro);
  if (found.some(({ keyring }) => keyring !== null && counting.includes(keyring))) return 'trusted';
  if (found.every(({ keyring }) => keyring !== null)) return distro === null ? 'not-known' : 'unknown-key';
  // Nobody said where it lies: it counts where every keyring with keys does.
  const filled = trusted.keyrings.filter(({ name, keys }) => keys > 0 && [...ALWAYS, SOMETIMES].includes(name));
  return filled.length > 0 && filled.every(({ name }) => counting.includes(name)) ? 'trusted' : 'not-known';
}

/** The verdict on modules that are signed by a key, or by none. */
export function foretell(facts: PolicyFacts & Pick<HostFacts, 'os'>, key: SigningKey | null): LoadVerdict {
  return judgeLoad(facts, key === null ? 'unsigned' : standingOfKey(facts.security.trustedKeys, key, facts.os.id));
}

/** Why a program of the bpf runtime is not tried, one clause. */
export const BPF_CONFIDENTIAL =
  "under lockdown=confidentiality no bpf program may read the kernel's memory or be placed at a function";

/** The verdict as one clause: "this module will not load, because …". */
export function describeLoad(verdict: LoadVerdict, { security }: PolicyFacts, key: SigningKey | null): string {
  const subject = key === null ? 'an unsigned module' : `a module signed by "${key.name}"`;
  const will = verdict.loads === null ? 'may load' : verdict.loads ? 'will load' : 'will not load';
  return `${subject} ${will}, because ${because(verdict.why, security, key)}`;
}

function because(why: LoadReason, security: HostFacts['security'], key: SigningKey | null): string {
  const policy =
    security.moduleSigEnforce === true ? 'sig_enforce is on' : `lockdown is at ${security.lockdown ?? 'none'}`;
  switch (why) {
    case 'no-modules':
      return 'the kernel was built without loadable modules (CONFIG_MODULES is off)';
    case 'modules-disabled':
      return 'kernel.modules_disabled is 1, which only a reboot takes back';
    case 'trusted-key':
      return 'its key is in a keyring that counts for modules there';
    case 'no-policy':
      return 'the kernel asks for no signature';
    case 'altered':
      return 'it was changed after it was signed';
    case 'unsigned':
      return `the kernel takes signed modules only (${policy}), and it has no signature`;
    case 'unknown-key':
      return `the kernel takes signed modules only (${policy}), and the key ${key?.keyId ?? ''} is in no keyring that counts for modules there`;
    case 'locked-down':
      return `the kernel is locked down (${security.lockdown ?? ''}) and takes signed modules only${key === null ? '' : `, and the key ${key.keyId ?? ''} is in no keyring that counts for modules there`}`;
    case 'keys-not-known':
      return `the kernel takes signed modules only (${policy}), and whether it trusts this key is not known before it is tried`;
    case 'confidential':
      return BPF_CONFIDENTIAL;
    default:
      return assertNever(why);
  }
}
