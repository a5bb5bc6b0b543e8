/** A program of the user's that signs: it is given the hash's name and the digest in hex, and prints the signature in base64. */
import { TapprepError } from '../errors.ts';
import type { ModuleHash } from './module-signature.ts';
import type { SigningTools } from './signing-tools.ts';
import { shellLine } from '../shell-words.ts';

/** A service may be far away, or ask a person. */
const TIMEOUT_MS = 10 * 60_000;

/** @throws TapprepError MODULE_SIGNING_FAILED, TOOL_MISSING, INTERRUPTED */
export async function signByCommand(
  path: string,
  hash: ModuleHash,
  digest: Buffer,
  { local, env, signal }: SigningTools,
): Promise<Buffer> {
  const run = await local.run([path, hash, digest.toString('hex')], { env, signal, timeoutMs: TIMEOUT_MS });
  const answer = run.stdout.replaceAll(/\s/g, '');
  if (run.exitCode === 0 && /^[A-Za-z0-9+/]{16,}={0,2}$/.test(answer)) return Buffer.from(answer, 'base64');
  const why =
    run.exitCode === 0
      ? 'what it printed is no signature in base64'
      : `it ended with status ${run.exitCode ?? 'none'}: ${run.stderr.trim().split('\n').at(-1) ?? ''}`;
  throw new TapprepError('MODULE_SIGNING_FAILED', `${path} did not sign a ${hash} digest: ${why}`, {
    hint: shellLine`${path} ${hash} ${digest.toString('hex')}`,
  });
}
