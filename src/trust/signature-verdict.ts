/** From gpgv's status records to one verdict, and from a verdict to its own error. Pure. */
import { assertNever, TapprepError, type ErrorCode } from '../errors.ts';
import type { Fingerprint, SignatureAllowance } from '../types.ts';
import type { Keyring } from './keyring.ts';
import type { SignatureStatus } from './signature-status.ts';

/** md5 and other dead digests have no allowance: they are never accepted. */
type SignatureWeakness = SignatureAllowance | 'md5' | 'ripemd160';

export type SignatureOutcome =
  | 'good'
  | 'weak'
  | 'expired-key'
  | 'revoked-key'
  | 'bad-signature'
  | 'unchecked'
  | 'unknown-key'
  | 'no-signature';

/** One verdict over all signatures of a file. */
export interface SignatureVerdict {
  readonly outcome: SignatureOutcome;
  /** The key that signed, a subkey or a primary key; null where gpgv does not tell. */
  readonly signer: Fingerprint | null;
  readonly primary: Fingerprint | null;
  /** Key id, or the fingerprint claimed: all that is known of a key that is in no keyring. */
  readonly keyId: string | null;
  /** Seconds since the epoch. */
  readonly signedAt: number | null;
  /** Weaknesses of the signature; of a good one all are allowed. */
  readonly weaknesses: readonly SignatureWeakness[];
  /** What speaks against it, as the end of a sentence; null when good. */
  readonly detail: string | null;
  /** Key files that were asked for and do not exist, or hold no key. */
  readonly missingKeyrings: readonly string[];
}

export interface SignaturePolicy {
  readonly keyring: Keyring;
  readonly fingerprints: readonly Fingerprint[];
  readonly allow: readonly SignatureAllowance[];
}

/**
 * Best first: a file with several signatures is as good as its best one, for a signer may add one that a reader does not
 * know yet. Only one that does not fit the bytes is never in good company: somebody changed them, or it is of others.
 */
const ORDER: readonly SignatureOutcome[] = [
  'good',
  'weak',
  'expired-key',
  'revoked-key',
  'bad-signature',
  'unchecked',
  'unknown-key',
  'no-signature',
];

const WEAK_HASHES: Readonly<Record<number, SignatureWeakness>> = { 1: 'md5', 2: 'sha1', 3: 'ripemd160' };
const RSA_ALGORITHMS: readonly number[] = [1, 2, 3];
const DSA = 17;
const SHORTEST_RSA_BITS = 2048;

/** Judges every signature and returns the best verdict, or that of one which does not fit the bytes. */
export function judgeSignatures(statuses: readonly SignatureStatus[], policy: SignaturePolicy): SignatureVerdict {
  const misfit = statuses.find(({ state }) => state === 'bad');
  if (misfit !== undefined) return judge(misfit, policy);
  const verdicts = statuses.map((status) => judge(status, policy));
  const none: SignatureVerdict = {
    outcome: 'no-signature',
    signer: null,
    primary: null,
    keyId: null,
    signedAt: null,
    weaknesses: [],
    detail: 'no signature was found',
    missingKeyrings: policy.keyring.missing,
  };
  return verdicts.reduce((best, next) => (rank(next) < rank(best) ? next : best), none);
}

function rank(verdict: SignatureVerdict): number {
  return ORDER.indexOf(verdict.outcome);
}

function judge(status: SignatureStatus, policy: SignaturePolicy): SignatureVerdict {
  const weaknesses = listWeaknesses(status, policy.keyring);
  const [outcome, detail] = decide(status, weaknesses, policy);
  return {
    outcome,
    signer: status.fingerprint,
    primary: status.primary,
    keyId: status.keyId,
    signedAt: status.signedAt,
    weaknesses,
    detail,
    missingKeyrings: policy.keyring.missing,
  };
}

function decide(
  status: SignatureStatus,
  weaknesses: readonly SignatureWeakness[],
  policy: SignaturePolicy,
): readonly [SignatureOutcome, string | null] {
  const key = status.fingerprint ?? status.keyId ?? 'an unnamed key';
  switch (status.state) {
    case 'bad':
      return ['bad-signature', `the signature by key ${key} does not fit the bytes`];
    case 'expired-signature':
      return ['bad-signature', `the signature by key ${key} carries an end of its own, which has passed`];
    case 'revoked-key':
      return ['revoked-key', `key ${key} was revoked by its owner`];
    case 'no-key':
      return ['unknown-key', `it is signed by key ${key}`];
    case 'unchecked':
      return ['unchecked', describeUnchecked(status, key)];
    case 'good':
    case 'expired-key':
      return decideValid(status, weaknesses, policy, key);
    default:
      return assertNever(status.state);
  }
}

function decideValid(
  status: SignatureStatus,
  weaknesses: readonly SignatureWeakness[],
  policy: SignaturePolicy,
  key: string,
): readonly [SignatureOutcome, string | null] {
  if (status.signatureClass !== 0 && status.signatureClass !== 1) {
    return [
      'bad-signature',
      `the signature by key ${key} is of class ${status.signatureClass}, which signs no document`,
    ];
  }
  if (!isPinned(status, policy.fingerprints)) {
    return ['unknown-key', `it is signed by key ${status.primary ?? key}, pinned is ${policy.fingerprints.join(', ')}`];
  }
  const refused = weaknesses.filter((weakness) => !(policy.allow as readonly string[]).includes(weakness));
  if (refused.length === 0) return ['good', null];
  if (refused.length === 1 && refused[0] === 'expired-key') return ['expired-key', `key ${key} has expired`];
  return ['weak', `the signature by key ${key} is weak (${refused.join(', ')})`];
}

function isPinned(status: SignatureStatus, pinned: readonly Fingerprint[]): boolean {
  if (pinned.length === 0) return true;
  return pinned.some((fingerprint) => fingerprint === status.fingerprint || fingerprint === status.primary);
}

function listWeaknesses(status: SignatureStatus, keyring: Keyring): readonly SignatureWeakness[] {
  const found: SignatureWeakness[] = [];
  const hash = status.hashAlgorithm === null ? undefined : WEAK_HASHES[status.hashAlgorithm];
  if (hash !== undefined) found.push(hash);
  if (status.publicKeyAlgorithm === DSA) found.push('dsa');
  if (status.signatureVersion !== null && status.signatureVersion < 4) found.push('v3');
  if (status.fingerprint !== null && isShortRsa(status, keyring)) found.push('short-rsa');
  if (status.state === 'expired-key') found.push('expired-key');
  return found;
}

/** gpgv does not tell the size of the key; a key that the ring's own walk did not see is taken as short. */
function isShortRsa(status: SignatureStatus, keyring: Keyring): boolean {
  if (!RSA_ALGORITHMS.includes(status.publicKeyAlgorithm ?? 0) || status.fingerprint === null) return false;
  return (keyring.keys.get(status.fingerprint)?.rsaBits ?? 0) < SHORTEST_RSA_BITS;
}

function describeUnchecked(status: SignatureStatus, key: string): string {
  const algorithms = `public key algorithm ${status.publicKeyAlgorithm ?? 'unknown'}, digest ${status.hashAlgorithm ?? 'unknown'}`;
  return `gpgv of this machine refuses to check the signature by key ${key} (${algorithms}, reason ${status.reason ?? 'not given'})`;
}

const CODES: Readonly<Record<Exclude<SignatureOutcome, 'good'>, ErrorCode>> = {
  weak: 'WEAK_SIGNATURE',
  'expired-key': 'EXPIRED_KEY',
  'revoked-key': 'REVOKED_KEY',
  'bad-signature': 'BAD_SIGNATURE',
  unchecked: 'SIGNATURE_UNCHECKED',
  'unknown-key': 'UNKNOWN_KEY',
  'no-signature': 'UNSIGNED',
};

/** What the caller knows and the error has to say. */
export interface SignatureSubject {
  /** The URL or file name. */
  readonly name: string;
  readonly keyrings: readonly string[];
  readonly fingerprints: readonly Fingerprint[];
  /** A command to paste, by outcome. */
  readonly hints?: Partial<Readonly<Record<SignatureOutcome, string>>>;
}

/**
 * Passes a good verdict and throws the error of every other.
 * @throws TapprepError WEAK_SIGNATURE | EXPIRED_KEY | REVOKED_KEY | BAD_SIGNATURE | SIGNATURE_UNCHECKED | UNKNOWN_KEY |
 *   UNSIGNED
 */
export function requireGoodSignature(verdict: SignatureVerdict, subject: SignatureSubject): void {
  if (verdict.outcome === 'good') return;
  const hint = subject.hints?.[verdict.outcome];
  throw new TapprepError(CODES[verdict.outcome], `${subject.name} is not accepted: ${complete(verdict, subject)}`, {
    ...(hint === undefined ? {} : { hint }),
    facts: {
      name: subject.name,
      outcome: verdict.outcome,
      signer: verdict.signer,
      primary: verdict.primary,
      keyId: verdict.keyId,
      weaknesses: verdict.weaknesses,
      keyrings: subject.keyrings,
      missingKeyrings: verdict.missingKeyrings,
      pinned: subject.fingerprints,
    },
  });
}

function complete(verdict: SignatureVerdict, subject: SignatureSubject): string {
  const detail = verdict.detail ?? verdict.outcome;
  if (verdict.outcome !== 'unknown-key' || verdict.signer !== null) return detail;
  const there = subject.keyrings.filter((path) => !verdict.missingKeyrings.includes(path));
  const looked = there.length === 0 ? 'no keyring is there to look in' : `which is not in ${there.join(', ')}`;
  const absent =
    verdict.missingKeyrings.length === 0 ? '' : ` (not there, or without a key: ${verdict.missingKeyrings.join(', ')})`;
  return `${detail}, ${looked}${absent}`;
}
