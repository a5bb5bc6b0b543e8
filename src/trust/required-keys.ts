/** Whether there is any key for the signatures of a repository: known before anything of it is read. */
import { type ErrorDetails, TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import type { Fingerprint, Repository } from '../types.ts';
import { loadKeyrings } from './keyring.ts';

/**
 * Passes a repository that signs nothing, and one of whose pinned keys (of any key, where it pins none) a key file is here.
 * @throws TapprepError UNKNOWN_KEY with the pins and the key files that are not there; BAD_METADATA, TOO_LARGE and
 *   PERMISSION as loadKeyrings
 */
export async function requireKeys({ id, trust }: Pick<Repository, 'id' | 'trust'>): Promise<void> {
  if (trust.metadata === 'unsigned' && trust.packages === 'unsigned') return;
  const { keys, missing } = await loadKeyrings(trust.keyrings, trust.keyBlocks);
  const { fingerprints } = trust;
  if (fingerprints.length === 0 ? keys.size > 0 : fingerprints.some((pin) => keys.has(pin))) return;
  const absent = missing.length === 0 ? '' : `; not there, or without a key: ${missing.join(', ')}`;
  throw new TapprepError('UNKNOWN_KEY', `what ${id} signs cannot be checked here: ${describe(fingerprints)}${absent}`, {
    ...takeKey(fingerprints[0]),
    facts: { repository: id, pinned: fingerprints, keyrings: trust.keyrings, missingKeyrings: missing },
  });
}

function describe(pins: readonly Fingerprint[]): string {
  const [first] = pins;
  if (first === undefined) return 'no key of it is known';
  return pins.length === 1
    ? `the public key ${first} is not on this machine`
    : `none of the public keys ${pins.join(', ')} is on this machine`;
}

/** The pin says whether it is the right one, wherever it came from. */
function takeKey(pin: Fingerprint | undefined): ErrorDetails {
  if (pin === undefined) return { remedy: tapprep('mirrors', 'list') };
  const folder = '~/.config/tapprep/keys';
  const hint = `mkdir -p ${folder} && gpg --keyserver hkps://keyserver.ubuntu.com --recv-keys ${pin} && gpg --armor --export ${pin} > ${folder}/${pin}.asc`;
  return { hint };
}
