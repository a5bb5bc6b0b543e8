/** Detached signatures of what one user hands to another, by a key of the user's own and by the user's own gpg. */
import { type ErrorDetails, isTapprepError, TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import type { Host, RunOptions, RunResult } from '../host/host.ts';
import { describeAnyInstall } from '../host/tools.ts';
import { verifySignature } from '../trust/gpgv.ts';
import { requireGoodSignature } from '../trust/signature-verdict.ts';
import type { Fingerprint } from '../types.ts';
import { armorSignature, dearmorSignature } from './signature-armor.ts';
import type { OpenBundle } from './read.ts';

/** gpg may ask for a passphrase in a window or on the terminal. */
const TIME_LIMIT_MS = 5 * 60_000;

/**
 * Signs a text: SHA256SUMS of a bundle, a list of verdicts.
 * @param key what gpg takes for --local-user: a fingerprint, a key id, a name
 * @param env GNUPGHOME, GPG_TTY and what else the user's gpg-agent needs
 * @throws TapprepError TOOL_MISSING without gpg, UNKNOWN_KEY where gpg has no such secret key or did not sign
 */
export async function signText(
  text: string,
  key: string,
  run: Host['run'],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const argv = ['gpg', '--batch', '--armor', '--local-user', key, '--detach-sign', '--output', '-'];
  const result = await runGpg(argv, run, { input: text, env, timeoutMs: TIME_LIMIT_MS });
  if (result.exitCode === 0) return armorSignature(dearmorSignature(result.stdout, 'what gpg printed'));
  throw unknownKey(`gpg did not sign with ${key}`, key, result);
}

function unknownKey(what: string, key: string, { stderr }: RunResult): TapprepError {
  const words = stderr.trim().split('\n').at(-1) ?? '';
  return new TapprepError('UNKNOWN_KEY', `${what}: ${words}`, {
    hint: 'gpg --list-secret-keys',
    facts: { key, stderr: stderr.slice(-2000) },
  });
}

function runGpg(argv: readonly string[], run: Host['run'], options: RunOptions): Promise<RunResult> {
  return run(argv, options).catch((error: unknown) => {
    if (!isTapprepError(error, 'TOOL_MISSING')) throw error;
    throw new TapprepError(
      'TOOL_MISSING',
      'it is gpg that signs with a key of yours, and gpg is not installed on this machine',
      { hint: describeAnyInstall('gpg'), cause: error },
    );
  });
}

/**
 * Whether gpg has a secret key, before anything is made that it is to sign.
 * @throws TapprepError TOOL_MISSING, UNKNOWN_KEY
 */
export async function requireSecretKey(
  key: string,
  run: Host['run'],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const result = await runGpg(['gpg', '--batch', '--list-secret-keys', '--', key], run, {
    env,
    timeoutMs: TIME_LIMIT_MS,
  });
  if (result.exitCode !== 0) throw unknownKey(`gpg has no secret key ${key}`, key, result);
}

/** What is said to be signed, and its armored signature beside it. */
export interface SignedText {
  /** For messages. */
  readonly name: string;
  readonly data: Uint8Array;
  /** null where there is none. */
  readonly signature: string | null;
  /** How a signed one is made. */
  readonly advice: ErrorDetails;
}

/**
 * The key that signed a text, out of a key file that the user names.
 * @throws TapprepError UNSIGNED, and every outcome of a signature but good
 */
export async function requireSignedText(
  { name, data, signature, advice }: SignedText,
  keyring: string,
  run: Host['run'],
): Promise<Fingerprint> {
  const subject = { name, keyrings: [keyring], fingerprints: [] };
  if (signature === null) {
    throw new TapprepError(
      'UNSIGNED',
      `${name} is not signed, but a signature by a key of ${keyring} is asked for`,
      advice,
    );
  }
  const packets = dearmorSignature(signature, name);
  const verdict = await verifySignature({ ...subject, data, signature: packets, allow: [] }, run);
  requireGoodSignature(verdict, subject);
  const signer = verdict.primary ?? verdict.signer;
  if (signer === null) throw new TapprepError('INTERNAL', `the signature of ${name} was accepted without a key`);
  return signer;
}

/**
 * The key that signed an unpacked bundle, out of a key file that the user names.
 * @throws TapprepError as requireSignedText
 */
export function verifyBundleSignature(
  { sums, signature }: Pick<OpenBundle, 'sums' | 'signature'>,
  keyring: string,
  name: string,
  run: Host['run'],
): Promise<Fingerprint> {
  const advice = { remedy: tapprep('bundle', '--sign-key', 'KEYID', '--out', 'FILE') };
  return requireSignedText({ name: `SHA256SUMS of ${name}`, data: Buffer.from(sums), signature, advice }, keyring, run);
}
