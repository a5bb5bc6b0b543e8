/** Makes a key that signs kernel modules and nothing else, with the certificate that firmware is asked to enrol. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { diskError } from '../files/disk-error.ts';
import { makeDirectory } from '../files/make-directory.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import { writeWhole } from '../files/write-whole.ts';
import { readTextFile } from '../host/files.ts';
import { CODE_SIGNING, type ModuleCertificate, MODULES_ONLY, parseModuleCertificate } from './certificate.ts';
import type { SigningTools } from './signing-tools.ts';

export interface KeyFiles {
  /** PEM, 0600. */
  readonly key: string;
  /** PEM, as openssl and virt-fw-vars take it. */
  readonly certificate: string;
  /** DER, as mokutil and sign-file take it. */
  readonly der: string;
}

/** The files of a key in a directory. */
export function keyFilesIn(directory: string): KeyFiles {
  const at = (name: string): string => join(directory, name);
  return { key: at('module-key.pem'), certificate: at('module-cert.pem'), der: at('module-cert.der') };
}

/** Firmware and shim take RSA of this length everywhere. */
const BITS = 2048;
const DAYS = 3650;
const PASSPHRASE_VARIABLE = 'TAPPREP_KEY_PASSPHRASE';

/** CA:FALSE and MODULES_ONLY: shim trusts such a key for modules, and for nothing that is booted. */
function requestFor(name: string): string {
  return `[req]
distinguished_name = name
prompt = no
string_mask = utf8only
x509_extensions = usage
[name]
CN = ${name}
[usage]
basicConstraints = critical,CA:FALSE
keyUsage = digitalSignature
extendedKeyUsage = ${CODE_SIGNING},${MODULES_ONLY}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;
}

/**
 * @param directory where the files go; made when it is not there
 * @param passphrase encrypts the key; null leaves it to the file's mode alone
 * @throws TapprepError USAGE where a key is there already, TOOL_MISSING, MODULE_SIGNING_FAILED, PERMISSION, NO_SPACE
 */
export async function createModuleKey(
  directory: string,
  name: string,
  passphrase: string | null,
  { local, temporaryDirectory, now, signal }: Omit<SigningTools, 'askSecret' | 'env'>,
): Promise<{ readonly files: KeyFiles; readonly certificate: ModuleCertificate }> {
  const files = keyFilesIn(directory);
  for (const path of Object.values(files))
    if ((await readTextFile(path)) !== null)
      throw new TapprepError('USAGE', `${path} is there already, and a key that is enrolled is not replaced`, {
        remedy: tapprep('module-key', 'create', '--dest', 'DIR'),
      });
  await makeDirectory(directory, 0o700).catch((error: unknown) => {
    throw diskError(error, directory);
  });
  return withTemporaryDirectory(temporaryDirectory, 'key-', async (work) => {
    const [request, key, pem] = ['request.cnf', 'key.pem', 'cert.pem'].map((file) => join(work, file)) as [
      string,
      string,
      string,
    ];
    await writeWhole(request, requestFor(name), { mode: 0o600 });
    const cipher = passphrase === null ? ['-nodes'] : ['-passout', `env:${PASSPHRASE_VARIABLE}`];
    const argv = [
      'openssl',
      'req',
      '-new',
      '-x509',
      '-newkey',
      `rsa:${BITS}`,
      '-sha256',
      '-days',
      String(DAYS),
      ...cipher,
    ];
    const run = await local.run([...argv, '-config', request, '-keyout', key, '-out', pem], {
      env: passphrase === null ? {} : { [PASSPHRASE_VARIABLE]: passphrase },
      signal,
    });
    if (run.exitCode !== 0)
      throw new TapprepError(
        'MODULE_SIGNING_FAILED',
        `openssl made no key: ${run.stderr.trim().split('\n').at(-1) ?? ''}`,
      );
    const certificate = await readFile(pem);
    // The key comes first: a certificate without its key is of no use to anybody.
    await writeWhole(files.key, await readFile(key), { mode: 0o600 });
    await writeWhole(files.der, new X509Certificate(certificate).raw, { mode: 0o644 });
    await writeWhole(files.certificate, certificate, { mode: 0o644 });
    return {
      files,
      // The clock may stand a second before what openssl has written.
      certificate: parseModuleCertificate(certificate, { path: files.certificate, now: now(), allowExpired: true }),
    };
  });
}
