/**
 * The signature behind a kernel module (Linux: include/linux/module_signature.h, scripts/sign-file.c): a PKCS#7 message
 * (RFC 5652) over everything before it, twelve bytes that tell its length, and a magic text. Pure.
 */
import { der, derInteger, derOid, oidText, readDer, TAG, type DerValue } from './der.ts';
import type { ModuleCertificate } from './certificate.ts';

const MAGIC = Buffer.from('~Module signature appended~\n');
const TRAILER_BYTES = 12;
/** Offset of struct module_signature's id_type, and the only kind that the kernel takes. */
const ID_TYPE = 2;
const PKEY_ID_PKCS7 = 2;

const OID = { data: '1.2.840.113549.1.7.1', signedData: '1.2.840.113549.1.7.2', rsa: '1.2.840.113549.1.1.1' } as const;

/**
 * What CONFIG_MODULE_SIG_HASH may name (Linux: kernel/module/Kconfig), as OpenSSL and Node call it, with the object
 * identifiers of the digest and of ECDSA with it.
 */
const HASHES = {
  sha1: { name: 'sha1', oid: '1.3.14.3.2.26', ecdsa: '1.2.840.10045.4.1' },
  sha224: { name: 'sha224', oid: '2.16.840.1.101.3.4.2.4', ecdsa: '1.2.840.10045.4.3.1' },
  sha256: { name: 'sha256', oid: '2.16.840.1.101.3.4.2.1', ecdsa: '1.2.840.10045.4.3.2' },
  sha384: { name: 'sha384', oid: '2.16.840.1.101.3.4.2.2', ecdsa: '1.2.840.10045.4.3.3' },
  sha512: { name: 'sha512', oid: '2.16.840.1.101.3.4.2.3', ecdsa: '1.2.840.10045.4.3.4' },
  'sha3-256': { name: 'sha3-256', oid: '2.16.840.1.101.3.4.2.8', ecdsa: '2.16.840.1.101.3.4.3.10' },
  'sha3-384': { name: 'sha3-384', oid: '2.16.840.1.101.3.4.2.9', ecdsa: '2.16.840.1.101.3.4.3.11' },
  'sha3-512': { name: 'sha3-512', oid: '2.16.840.1.101.3.4.2.10', ecdsa: '2.16.840.1.101.3.4.3.12' },
} as const;

export type ModuleHash = keyof typeof HASHES;

/** Every hash that tapprep can sign with. */
export const MODULE_HASHES: readonly ModuleHash[] = Object.keys(HASHES) as ModuleHash[];

/** A module taken apart. */
export interface SignedModule {
  /** What was signed. */
  readonly content: Buffer;
  /** Null where nothing stands behind it. */
  readonly signature: {
    /** Serial number and issuer of the certificate: by these the kernel finds the key. Hex of their DER. */
    readonly signer: string;
    readonly hash: ModuleHash | null;
    /** The signature itself, without the message around it. */
    readonly value: Buffer;
  } | null;
}

/**
 * Takes a module apart.
 * @param name for messages
 * @throws TapprepError BAD_PACKAGE for a signature that cannot be read
 */
export function readSignedModule(bytes: Buffer, name: string): SignedModule {
  const trailer = bytes.length - MAGIC.length - TRAILER_BYTES;
  if (trailer < 0 || !bytes.subarray(-MAGIC.length).equals(MAGIC)) return { content: bytes, signature: null };
  const start = trailer - bytes.readUInt32BE(trailer + 8);
  const what = `the signature of ${name}`;
  const message = readDer(bytes.subarray(Math.max(start, 0), trailer), what)[0];
  return { content: bytes.subarray(0, Math.max(start, 0)), signature: readMessage(message, what) };
}

function readMessage(message: DerValue | undefined, what: string): NonNullable<SignedModule['signature']> {
  const inside = (value: DerValue | undefined): readonly DerValue[] =>
    readDer(value?.content ?? Buffer.from([TAG.null]), what);
  const [, wrapped] = inside(message);
  const signerInfos = inside(inside(wrapped)[0]).findLast(({ tag }) => tag === TAG.set);
  const [, sid, digest, , value] = inside(inside(signerInfos)[0]);
  const oid = oidText(inside(digest)[0]?.content ?? Buffer.alloc(0));
  const [issuer, serial] = inside(sid);
  return {
    signer: signerOf({ issuer: issuer?.whole ?? Buffer.alloc(0), serial: serial?.whole ?? Buffer.alloc(0) }),
    hash: MODULE_HASHES.find((hash) => HASHES[hash].oid === oid) ?? null,
    value: value?.content ?? Buffer.alloc(0),
  };
}

/** By what a signature names its certificate. */
export function signerOf({ issuer, serial }: Pick<ModuleCertificate, 'issuer' | 'serial'>): string {
  return `${serial.toString('hex')}:${issuer.toString('hex')}`;
}

/** `content` with its signature behind it, byte for byte as sign-file writes it. @param value RSA PKCS#1 v1.5, or ECDSA as DER */
export function appendSignature(
  content: Buffer,
  { issuer, serial, keyType }: Pick<ModuleCertificate, 'issuer' | 'serial' | 'keyType'>,
  hash: ModuleHash,
  value: Buffer,
): Buffer {
  const { oid, ecdsa } = HASHES[hash];
  // OpenSSL leaves the parameters of digests out, as RFC 5754 wants it.
  const digest = der(TAG.sequence, derOid(oid));
  const algorithm =
    keyType === 'rsa' ? der(TAG.sequence, derOid(OID.rsa), der(TAG.null)) : der(TAG.sequence, derOid(ecdsa));
  const signerInfo = der(
    TAG.sequence,
    derInteger(1),
    der(TAG.sequence, issuer, serial),
    digest,
    algorithm,
    der(TAG.octetString, value),
  );
  const signedData = der(
    TAG.sequence,
    derInteger(1),
    der(TAG.set, digest),
    der(TAG.sequence, derOid(OID.data)),
    der(TAG.set, signerInfo),
  );
  const message = der(TAG.sequence, derOid(OID.signedData), der(TAG.context0, signedData));
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer[ID_TYPE] = PKEY_ID_PKCS7;
  trailer.writeUInt32BE(message.length, 8);
  return Buffer.concat([content, message, trailer, MAGIC]);
}
