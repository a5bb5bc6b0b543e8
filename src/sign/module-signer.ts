/** Signs modules on this machine: by a key in a file, a key in a PKCS#11 token, or a program of the user's that holds one. */
import { createHash, createPrivateKey, sign as signBytes, verify, type KeyObject, X509Certificate } from 'node:crypto';
import { TapprepError } from '../errors.ts';
import { readKeyFile } from './key-file.ts';
import { type ModuleCertificate, parseModuleCertificate } from './certificate.ts';
import { appendSignature, type ModuleHash, readSignedModule, signerOf } from './module-signature.ts';
import { signByCommand } from './sign-by-command.ts';
import { openToken, signByToken } from './sign-by-token.ts';
import type { SigningTools } from './signing-tools.ts';
import { shellLine } from '../shell-words.ts';

/** Where the key is. The key itself goes nowhere: only signatures leave what holds it. */
export type ModuleKeyPlace =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'token'; readonly uri: string }
  | { readonly kind: 'command'; readonly path: string };

export interface ModuleKeyChoice {
  readonly key: ModuleKeyPlace;
  /** Path of its certificate, PEM or DER. */
  readonly certificate: string;
  readonly allowExpired: boolean;
}

export interface ModuleSigner {
  readonly certificate: ModuleCertificate;
  /**
   * A module with this key's signature behind it, in the place of any other.
   * @throws TapprepError MODULE_SIGNING_FAILED, MODULE_KEY_MISMATCH, MODULE_TOKEN_UNUSABLE, INTERRUPTED
   */
  sign(module: Buffer, name: string, hash: ModuleHash): Promise<Buffer>;
}

/** The signature of some content, as the key's own algorithm makes it: RSA PKCS#1 v1.5, or ECDSA as DER. */
type RawSigner = (content: Buffer, hash: ModuleHash) => Promise<Buffer>;

/**
 * Opens a key and its certificate and sees that they belong together.
 * @throws TapprepError USAGE, PERMISSION, MODULE_KEY_UNUSABLE, MODULE_KEY_LOCKED, MODULE_KEY_MISMATCH, and of
 * parseModuleCertificate
 */
export async function openModuleSigner(choice: ModuleKeyChoice, tools: SigningTools): Promise<ModuleSigner> {
  const bytes = await readKeyFile(choice.certificate, 'certificate');
  const certificate = parseModuleCertificate(bytes, {
    path: choice.certificate,
    now: tools.now(),
    allowExpired: choice.allowExpired,
  });
  const raw = await openKey(choice, certificate, tools);
  const signContent = async (content: Buffer, hash: ModuleHash): Promise<Buffer> => {
    const value = await raw(content, hash);
    if (verify(hash, content, certificate.publicKey, value)) return value;
    throw mismatch(choice);
  };
  // What is wrong with a token or a program shows before minutes go into building what it is to sign.
  await signContent(Buffer.alloc(0), 'sha256');
  return {
    certificate,
    async sign(module, name, hash) {
      const { content } = readSignedModule(module, name);
      return appendSignature(content, certificate, hash, await signContent(content, hash));
    },
  };
}

/**
 * Whether a module still is what was signed by this certificate's key.
 * @throws TapprepError MODULE_ALTERED, UNSIGNED, UNKNOWN_KEY, BAD_PACKAGE
 */
export function checkSignedModule(module: Buffer, name: string, certificate: ModuleCertificate): void {
  const { content, signature } = readSignedModule(module, name);
  if (signature === null)
    throw new TapprepError('UNSIGNED', `${name} has no signature, but one of "${certificate.name}" was expected`);
  if (signature.signer !== signerOf(certificate))
    throw new TapprepError(
      'UNKNOWN_KEY',
      `${name} is signed by another key than that of "${certificate.name}", which was expected`,
    );
  if (signature.hash !== null && verify(signature.hash, content, certificate.publicKey, signature.value)) return;
  throw new TapprepError(
    'MODULE_ALTERED',
    `${name} is signed by "${certificate.name}", but its ${content.length} bytes are not those that were signed`,
    { hint: 'build and sign it anew: whatever strips or edits a module has to run before it is signed' },
  );
}

async function openKey(
  choice: ModuleKeyChoice,
  certificate: ModuleCertificate,
  tools: SigningTools,
): Promise<RawSigner> {
  const { key } = choice;
  switch (key.kind) {
    case 'file': {
      const secret = await openKeyFile(key.path, tools);
      if (!new X509Certificate(certificate.raw).checkPrivateKey(secret)) throw mismatch(choice);
      return (content, hash) => Promise.resolve(signBytes(hash, content, secret));
    }
    case 'token': {
      const token = await openToken(key.uri, tools);
      return (content, hash) => signByToken(token, certificate, hash, digest(content, hash), tools);
    }
    case 'command':
      return (content, hash) => signByCommand(key.path, hash, digest(content, hash), tools);
  }
}

/** PKCS#8, and the older form of OpenSSL. */
const ENCRYPTED = /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/;

async function openKeyFile(path: string, tools: SigningTools): Promise<KeyObject> {
  const pem = await readKeyFile(path, 'key');
  const isEncrypted = ENCRYPTED.test(pem.toString('latin1'));
  const passphrase = isEncrypted ? await tools.askSecret(`passphrase of ${path}: `) : null;
  if (isEncrypted && passphrase === null)
    throw new TapprepError(
      'MODULE_KEY_LOCKED',
      `${path} is encrypted, and there is neither a terminal to ask for its passphrase nor a file that has it`,
      { hint: 'add --module-key-passphrase-file FILE' },
    );
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(passphrase === null ? {} : { passphrase }) });
  } catch {
    // What OpenSSL says of it is of its own parts, and may quote what it was given.
    if (isEncrypted)
      throw new TapprepError('MODULE_KEY_LOCKED', `${path} is encrypted, and not by the passphrase that was given`, {
        hint: shellLine`openssl pkey -in ${path} -noout`,
      });
    throw new TapprepError('MODULE_KEY_UNUSABLE', `${path} holds no private key in PEM form`, {
      hint: shellLine`openssl pkey -in ${path} -noout -text_pub`,
    });
  }
}

function digest(content: Buffer, hash: ModuleHash): Buffer {
  return createHash(hash).update(content).digest();
}

function mismatch({ key, certificate }: ModuleKeyChoice): TapprepError {
  const name =
    key.kind === 'token' ? 'the key of the token' : key.kind === 'command' ? `what ${key.path} signs by` : key.path;
  return new TapprepError(
    'MODULE_KEY_MISMATCH',
    `${name} is not the key of the certificate ${certificate}: its signatures do not fit the public key there`,
    { hint: shellLine`openssl x509 -in ${certificate} -noout -pubkey` },
  );
}
