/** A key that lies in a PKCS#11 token (RFC 7512), by openssl: its provider, or on older systems its engine. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TapprepError } from '../errors.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import { readSecret } from './token-uri.ts';
import type { ModuleCertificate } from './certificate.ts';
import type { ModuleHash } from './module-signature.ts';
import type { SigningTools } from './signing-tools.ts';

const TIMEOUT_MS = 2 * 60_000;
/** Not in argv, which everybody on the machine can read. */
const PIN_VARIABLE = 'TAPPREP_TOKEN_PIN';

/** How openssl is asked to reach tokens, the newer way first, with what tells that it can. */
const WAYS = [
  {
    probe: ['openssl', 'list', '-providers', '-provider', 'pkcs11'],
    isThere: (stdout: string): boolean => stdout.includes('pkcs11'),
    options: ['-provider', 'pkcs11', '-provider', 'default'],
  },
  {
    probe: ['openssl', 'engine', '-t', 'pkcs11'],
    isThere: (stdout: string): boolean => stdout.includes('[ available ]'),
    options: ['-engine', 'pkcs11', '-keyform', 'engine'],
  },
] as const;

/** How a key in a token is reached. */
export interface Token {
  readonly uri: string;
  readonly pin: string;
  /** Options of openssl. */
  readonly way: readonly string[];
}

/** @throws TapprepError TOOL_MISSING, USAGE, MODULE_KEY_LOCKED, INTERRUPTED */
export async function openToken(given: string, tools: SigningTools): Promise<Token> {
  return { way: await findWay(tools), ...(await readSecret(given, tools)) };
}

/** @throws TapprepError MODULE_TOKEN_UNUSABLE, INTERRUPTED */
export async function signByToken(
  { uri, pin, way }: Token,
  { keyType }: ModuleCertificate,
  hash: ModuleHash,
  digest: Buffer,
  tools: SigningTools,
): Promise<Buffer> {
  const { local, env, signal, temporaryDirectory } = tools;
  return withTemporaryDirectory(temporaryDirectory, 'sign-', async (directory) => {
    const [input, output] = [join(directory, 'digest'), join(directory, 'signature')];
    await writeFile(input, digest);
    const padding = keyType === 'rsa' ? ['-pkeyopt', 'rsa_padding_mode:pkcs1', '-pkeyopt', `digest:${hash}`] : [];
    const sign = ['openssl', 'pkeyutl', '-sign', ...way, '-inkey', uri, ...padding];
    const run = await local.run([...sign, '-in', input, '-out', output, '-passin', `env:${PIN_VARIABLE}`], {
      env: { ...env, [PIN_VARIABLE]: pin },
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    if (run.exitCode === 0) return readFile(output);
    throw new TapprepError('MODULE_TOKEN_UNUSABLE', `no signature was made with ${uri}: ${lastWords(run.stderr)}`, {
      hint: 'p11tool --list-tokens',
      facts: { stderr: run.stderr.slice(-2000) },
    });
  });
}

async function findWay({ local, env, signal }: SigningTools): Promise<readonly string[]> {
  for (const { probe, isThere, options } of WAYS) {
    const { exitCode, stdout } = await local.run(probe, { env, signal, timeoutMs: TIMEOUT_MS });
    if (exitCode === 0 && isThere(stdout)) return options;
  }
  throw new TapprepError(
    'TOOL_MISSING',
    'openssl of this machine reaches no PKCS#11 token: it lacks provider and engine',
    {
      hint: 'apt-get install libengine-pkcs11-openssl, or pkcs11-provider where there is one',
    },
  );
}

/** The first line that is no backtrace of openssl's. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return (
    lines.find((line) => /not found|incorrect|PIN|token/i.test(line)) ??
    lines[0] ??
    'openssl gave no reason'
  ).slice(0, 300);
}
