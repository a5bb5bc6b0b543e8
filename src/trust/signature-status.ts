/** What gpgv says on its status channel (doc/DETAILS of GnuPG), one record per signature. Pure. */
import type { Fingerprint } from '../types.ts';

/** How gpgv judged one signature. `expired-signature` is a signature that carries its own, passed, end. */
type SignatureState = 'good' | 'expired-key' | 'expired-signature' | 'revoked-key' | 'bad' | 'no-key' | 'unchecked';

/** One signature as gpgv reports it; numbers are the OpenPGP registry's, null where the status lines do not tell. */
export interface SignatureStatus {
  readonly state: SignatureState;
  /** Key id of 16 hex digits, or the fingerprint that a signature which was not checked claims to be of. */
  readonly keyId: string | null;
  /** Only of a key that gpgv had and checked the signature with. */
  readonly fingerprint: Fingerprint | null;
  /** Fingerprint of the primary key, the same as `fingerprint` where no subkey signed. */
  readonly primary: Fingerprint | null;
  /** Seconds since the epoch. */
  readonly signedAt: number | null;
  readonly signatureVersion: number | null;
  readonly publicKeyAlgorithm: number | null;
  readonly hashAlgorithm: number | null;
  /** 0 binary document, 1 text document. */
  readonly signatureClass: number | null;
  /** gpg's error number of an ERRSIG. */
  readonly reason: number | null;
}

const PREFIX = '[GNUPG:] ';
const NO_PUBLIC_KEY = 9;

const STATES: Readonly<Record<string, SignatureState>> = {
  GOODSIG: 'good',
  EXPSIG: 'expired-signature',
  EXPKEYSIG: 'expired-key',
  REVKEYSIG: 'revoked-key',
  BADSIG: 'bad',
};

const EMPTY: SignatureStatus = {
  state: 'unchecked',
  keyId: null,
  fingerprint: null,
  primary: null,
  signedAt: null,
  signatureVersion: null,
  publicKeyAlgorithm: null,
  hashAlgorithm: null,
  signatureClass: null,
  reason: null,
};

/** Reads gpgv's status lines; every other line is passed over. Empty when it saw no signature. */
export function parseSignatureStatus(stdout: string): readonly SignatureStatus[] {
  const found: SignatureStatus[] = [];
  for (const line of stdout.split('\n')) {
    if (!line.startsWith(PREFIX)) continue;
    const [keyword = '', ...args] = line.slice(PREFIX.length).trimEnd().split(' ');
    const state = STATES[keyword];
    if (state !== undefined) found.push({ ...EMPTY, state, keyId: args[0] ?? null });
    else if (keyword === 'ERRSIG') found.push(parseErrsig(args));
    else if (keyword === 'VALIDSIG') {
      const last = found.pop();
      // VALIDSIG follows its GOODSIG, EXPSIG or EXPKEYSIG; alone it would be out of the protocol and proves nothing.
      if (last !== undefined) found.push({ ...last, ...parseValidsig(args) });
    }
  }
  return found.map(demoteUnproven);
}

/** "Good" without a VALIDSIG that names the key is not good. */
function demoteUnproven(status: SignatureStatus): SignatureStatus {
  const claimsGood = status.state === 'good' || status.state === 'expired-key';
  return claimsGood && status.fingerprint === null ? { ...status, state: 'unchecked' } : status;
}

/** VALIDSIG fpr date timestamp expires version reserved pubkey-algo hash-algo class primary-fpr */
function parseValidsig(args: readonly string[]): Partial<SignatureStatus> {
  const fingerprint = parseFingerprint(args[0]);
  return {
    fingerprint,
    primary: parseFingerprint(args[9]) ?? fingerprint,
    signedAt: parseNumber(args[2]),
    signatureVersion: parseNumber(args[4]),
    publicKeyAlgorithm: parseNumber(args[6]),
    hashAlgorithm: parseNumber(args[7]),
    signatureClass: parseNumber(args[8], 16),
  };
}

/** ERRSIG keyid pubkey-algo hash-algo class timestamp reason [fpr] */
function parseErrsig(args: readonly string[]): SignatureStatus {
  const reason = parseNumber(args[5]);
  return {
    ...EMPTY,
    state: reason === NO_PUBLIC_KEY ? 'no-key' : 'unchecked',
    keyId: parseFingerprint(args[6]) ?? args[0] ?? null,
    publicKeyAlgorithm: parseNumber(args[1]),
    hashAlgorithm: parseNumber(args[2]),
    signatureClass: parseNumber(args[3], 16),
    signedAt: parseNumber(args[4]),
    reason,
  };
}

/** A fingerprint of 40 (v4) or 32 (v3) hex digits in upper case, or null. */
export function parseFingerprint(text: string | undefined): Fingerprint | null {
  if (text === undefined || !/^(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})$/.test(text)) return null;
  return text.toUpperCase() as Fingerprint;
}

function parseNumber(text: string | undefined, radix = 10): number | null {
  const value = Number.parseInt(text ?? '', radix);
  return Number.isNaN(value) ? null : value;
}
