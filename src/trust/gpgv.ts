/** Signatures, checked by the system's gpgv: the one verifier that still reads every form old distributions signed with. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isTapprepError, TapprepError } from '../errors.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import type { Host, RunResult } from '../host/host.ts';
import { describeAnyInstall } from '../host/tools.ts';
import type { Fingerprint, SignatureAllowance } from '../types.ts';
import { isClearsigned, splitClearsigned } from './clearsign.ts';
import { loadKeyrings, type Keyring } from './keyring.ts';
import { judgeSignatures, type SignatureVerdict } from './signature-verdict.ts';
import { parseSignatureStatus } from './signature-status.ts';

/** What is to be checked, by which keys, and which weaknesses are accepted by name. */
export interface SignatureRequest {
  /** For messages: the URL or file name. */
  readonly name: string;
  /** The signed bytes, or the path of a file that holds them (detached signatures only). */
  readonly data: string | Uint8Array;
  /** Detached signature, armored or binary; null when `data` is clearsigned. */
  readonly signature: Uint8Array | null;
  /** Key files, armored or binary. */
  readonly keyrings: readonly string[];
  /** Armored public keys, beside those of the key files. */
  readonly keyBlocks?: readonly string[];
  /** Pinned keys: when not empty, the signing key or its primary key must be among them. */
  readonly fingerprints: readonly Fingerprint[];
  readonly allow: readonly SignatureAllowance[];
}

/** A verdict, and for clearsigned data the bytes that were signed: only they may be read. */
export interface SignatureResult extends SignatureVerdict {
  /** null unless `data` was clearsigned and its signature is accepted. */
  readonly payload: Uint8Array | null;
}

const TIME_LIMIT_MS = 120_000;

/**
 * Checks a signature and says which of the outcomes it is; throws only where it could not check at all. Follow with
 * `requireGoodSignature` to turn every outcome but good into its own error.
 * @throws TapprepError TOOL_MISSING without gpgv, TIMEOUT, BAD_METADATA for clearsigned text with anything outside the
 *   signed block or a key file without keys.
 */
export async function verifySignature(request: SignatureRequest, run: Host['run']): Promise<SignatureResult> {
  const parts = takeApart(request);
  const keyring = await loadKeyrings(request.keyrings, request.keyBlocks);
  const judge = (stdout: string): SignatureVerdict =>
    judgeSignatures(parseSignatureStatus(stdout), {
      keyring,
      fingerprints: request.fingerprints,
      allow: request.allow,
    });
  if (parts === null) return { ...judge(''), payload: null };

  const status = await runGpgv(parts, keyring, run, request.name);
  const verdict = judge(status);
  const hasPayload = request.signature === null && verdict.outcome === 'good' && typeof parts.data !== 'string';
  return { ...verdict, payload: hasPayload ? parts.data : null };
}

interface Detached {
  readonly data: string | Uint8Array;
  readonly signature: Uint8Array;
}

/** Data and signature apart from each other; null when there is no signature. */
function takeApart(request: SignatureRequest): Detached | null {
  const { data, signature, name } = request;
  if (signature !== null) return signature.length === 0 ? null : { data, signature };
  if (typeof data === 'string') {
    throw new TapprepError('INTERNAL', `clearsigned data of ${name} was given as a path, not as bytes`);
  }
  if (!isClearsigned(data)) return null;
  const { payload, signature: inline } = splitClearsigned(data, name);
  return { data: payload, signature: inline };
}

/** gpgv's status lines. Its exit code and its words are not used: they say neither which key nor which weakness. */
async function runGpgv(parts: Detached, keyring: Keyring, run: Host['run'], name: string): Promise<string> {
  return withTemporaryDirectory(tmpdir(), 'tapprep-gpgv-', async (directory) => {
    const ring = join(directory, 'keyring.gpg');
    const signature = join(directory, 'signature');
    const data = typeof parts.data === 'string' ? resolve(parts.data) : join(directory, 'data');
    await writeFile(ring, keyring.packets, { mode: 0o600 });
    await writeFile(signature, parts.signature, { mode: 0o600 });
    if (typeof parts.data !== 'string') await writeFile(data, parts.data, { mode: 0o600 });
    // A clock that is behind would make every key look as if it came from the future; the date of what is signed is
    // compared with the clock where that matters, and said in words there.
    const argv = [
      'gpgv',
      '--homedir',
      directory,
      '--status-fd',
      '1',
      '--ignore-time-conflict',
      '--keyring',
      ring,
      signature,
      data,
    ];
    const result = await runOrExplain(argv, run);
    if (result.timedOut || result.exitCode === null) {
      throw new TapprepError('TIMEOUT', `gpgv did not finish with ${name} within ${TIME_LIMIT_MS / 1000} s`);
    }
    return result.stdout;
  });
}

async function runOrExplain(argv: readonly string[], run: Host['run']): Promise<RunResult> {
  try {
    return await run(argv, { timeoutMs: TIME_LIMIT_MS });
  } catch (error) {
    if (!isTapprepError(error, 'TOOL_MISSING')) throw error;
    throw new TapprepError(
      'TOOL_MISSING',
      'signatures are checked by gpgv, and gpgv is not installed on this machine',
      {
        hint: describeAnyInstall('gpgv'),
        cause: error,
      },
    );
  }
}
