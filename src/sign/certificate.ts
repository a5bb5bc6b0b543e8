/** The certificate of a key that signs modules (X.509, RFC 5280): what the kernel knows it by, and whether it may sign them. */
import { X509Certificate, type KeyObject } from 'node:crypto';
import { isTapprepError, TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { oidText, readDer, TAG, type DerValue } from './der.ts';
import { shellLine } from '../shell-words.ts';

export interface ModuleCertificate {
  /** Subject's common name, or the whole subject where it has none. */
  readonly name: string;
  /** Lower-case hex of the subject key identifier, as /proc/keys shows it; null where the certificate has none. */
  readonly keyId: string | null;
  /** DER, as they stand in the certificate. */
  readonly issuer: Buffer;
  readonly serial: Buffer;
  readonly keyType: 'rsa' | 'ec';
  readonly publicKey: KeyObject;
  /** The whole certificate, DER. */
  readonly raw: Buffer;
}

const EXTENSION = { keyUsage: '2.5.29.15', keyId: '2.5.29.14', extendedUsage: '2.5.29.37' } as const;
/** Bit 0 of KeyUsage. */
const DIGITAL_SIGNATURE = 0x80;
/** id-kp-codeSigning, and what shim reads as "kernel modules only". */
export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
export const MODULES_ONLY = '1.3.6.1.4.1.2312.16.1.2';
const ANY_USAGE = '2.5.29.37.0';

export interface CertificateChoice {
  /** For messages. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The kernel does not look at the dates, firmware and people may. */
  readonly allowExpired: boolean;
}

/**
 * Reads a certificate, PEM or DER, and checks that it may sign modules.
 * @throws TapprepError MODULE_CERT_UNUSABLE, MODULE_CERT_EXPIRED, MODULE_CERT_USAGE
 */
export function parseModuleCertificate(bytes: Uint8Array, choice: CertificateChoice): ModuleCertificate {
  const { path } = choice;
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(bytes);
  } catch (cause) {
    throw unusable(path, 'is no X.509 certificate, neither PEM nor DER', cause);
  }
  refuseOutOfTime(parsed, choice);
  const { asymmetricKeyType } = parsed.publicKey;
  const keyType = asymmetricKeyType === 'rsa' || asymmetricKeyType === 'ec' ? asymmetricKeyType : null;
  if (keyType === null)
    throw unusable(path, `has a key of type ${asymmetricKeyType ?? 'unknown'}, but kernels check RSA and ECDSA`);
  try {
    const fields = readFields(parsed.raw, path);
    refuseOtherUsage(fields.extensions, path);
    return {
      name: nameOf(parsed.subject),
      keyId: keyIdOf(fields.extensions, path),
      issuer: fields.issuer,
      serial: fields.serial,
      keyType,
      publicKey: parsed.publicKey,
      raw: parsed.raw,
    };
  } catch (error) {
    if (isTapprepError(error, 'BAD_PACKAGE')) throw unusable(path, 'is not as RFC 5280 lays one out', error);
    throw error;
  }
}

function refuseOutOfTime({ validFromDate, validToDate }: X509Certificate, choice: CertificateChoice): void {
  const { path, now, allowExpired } = choice;
  if (allowExpired || (now >= validFromDate.getTime() && now <= validToDate.getTime())) return;
  const [from, to, today] = [validFromDate, validToDate, new Date(now)].map((date) => date.toISOString().slice(0, 10));
  throw new TapprepError(
    'MODULE_CERT_EXPIRED',
    `the certificate ${path} is valid from ${from} to ${to}, and this machine's clock says ${today}`,
    { hint: 'add --allow-expired-module-cert where the kernel has its key already: it does not look at the dates' },
  );
}

type Extensions = ReadonlyMap<string, Buffer>;

/** TBSCertificate: [0] version, serial, algorithm, issuer, validity, subject, key, … [3] extensions. */
function readFields(
  raw: Buffer,
  path: string,
): { readonly issuer: Buffer; readonly serial: Buffer; readonly extensions: Extensions } {
  const what = `the certificate ${path}`;
  const inside = (value: DerValue | undefined): readonly DerValue[] =>
    readDer(value?.content ?? Buffer.from([TAG.null]), what);
  const fields = inside(inside(readDer(raw, what)[0])[0]);
  const [serial, , issuer] = fields.filter(({ tag }) => tag !== TAG.context0);
  if (serial === undefined || issuer === undefined) throw unusable(path, 'names no issuer');
  const list = fields.find(({ tag }) => tag === TAG.context3);
  const extensions = list === undefined ? [] : inside(inside(list)[0]);
  return {
    serial: serial.whole,
    issuer: issuer.whole,
    extensions: new Map(
      extensions.map((extension) => {
        const parts = inside(extension);
        return [oidText(parts[0]?.content ?? Buffer.alloc(0)), parts.at(-1)?.content ?? Buffer.alloc(0)];
      }),
    ),
  };
}

/** A certificate without these extensions may be used for everything. */
function refuseOtherUsage(extensions: Extensions, path: string): void {
  const usage = extensions.get(EXTENSION.keyUsage);
  const bits = usage === undefined ? null : (readDer(usage, path)[0]?.content[1] ?? 0);
  if (bits !== null && (bits & DIGITAL_SIGNATURE) === 0)
    throw wrongUsage(path, 'has a key usage without digitalSignature');
  const extended = extensions.get(EXTENSION.extendedUsage);
  if (extended === undefined) return;
  const purposes = readDer(readDer(extended, path)[0]?.content ?? Buffer.alloc(0), path).map(({ content }) =>
    oidText(content),
  );
  if (![CODE_SIGNING, MODULES_ONLY, ANY_USAGE].some((purpose) => purposes.includes(purpose)))
    throw wrongUsage(path, `has the extended key usage ${purposes.join(', ')}, and codeSigning is not in it`);
}

function keyIdOf(extensions: Extensions, path: string): string | null {
  const value = extensions.get(EXTENSION.keyId);
  return value === undefined ? null : (readDer(value, path)[0]?.content.toString('hex') ?? null);
}

function nameOf(subject: string): string {
  const common = subject.split('\n').find((line) => line.startsWith('CN='));
  return (common?.slice(3) ?? subject.replaceAll('\n', ', ')).slice(0, 200);
}

function wrongUsage(path: string, what: string): TapprepError {
  return new TapprepError('MODULE_CERT_USAGE', `the certificate ${path} ${what}, so it is not for signing modules`, {
    remedy: tapprep('module-key', 'create', '--dest', 'DIR'),
  });
}

function unusable(path: string, what: string, cause?: unknown): TapprepError {
  return new TapprepError('MODULE_CERT_UNUSABLE', `${path} ${what}`, {
    hint: shellLine`openssl x509 -in ${path} -noout -subject`,
    ...(cause === undefined ? {} : { cause }),
  });
}
