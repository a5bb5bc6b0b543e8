/** Who signed an rpm: the OpenPGP signatures in its signature header, checked by gpgv over the very bytes they cover. */
import { createReadStream, createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TapprepError } from '../errors.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import type { Host } from '../host/host.ts';
import type { RepositoryTrust } from '../types.ts';
import { verifySignature } from './gpgv.ts';
import { payloadDigestOf } from './rpm-digests.ts';
import type { RpmHead } from './rpm-header.ts';
import type { SignatureVerdict } from './signature-verdict.ts';

/** rpm's tags of the signature header (rpmtag.h). */
const TAG = { dsaHeader: 267, rsaHeader: 268, openPgp: 278, pgp: 1002, gpg: 1005 } as const;
const SIGNATURE_PACKET = 2;

/** What a signature covers. A header that names no digest of the payload vouches for nothing behind it. */
export type SignatureScope = 'header' | 'header and payload' | 'none';

export interface RpmSignature {
  readonly scope: SignatureScope;
  readonly verdict: SignatureVerdict;
}

/**
 * Checks the signature of a package. A signature over the header counts where the header names the payload's digest,
 * else the older kind over header and payload is needed; a package that has only the former counts as not signed.
 * @throws TapprepError TOOL_MISSING | TIMEOUT | BAD_METADATA | PERMISSION when it could not be checked
 */
export async function checkRpmSignature(
  path: string,
  head: RpmHead,
  name: string,
  trust: RepositoryTrust,
  run: Host['run'],
): Promise<RpmSignature> {
  const request = { name, keyrings: trust.keyrings, fingerprints: trust.fingerprints, allow: trust.allow };
  const overHeader = headerSignatures(head, name);
  if (payloadDigestOf(head) !== null && overHeader.length > 0) {
    const verdict = await verifySignature({ ...request, data: head.header.bytes, signature: overHeader }, run);
    return { scope: 'header', verdict };
  }
  const overAll = legacySignature(head, name);
  if (overAll !== null) return await checkLegacy(path, head, { ...request, signature: overAll }, run);
  const verdict = await verifySignature({ ...request, data: head.header.bytes, signature: new Uint8Array() }, run);
  const detail =
    overHeader.length === 0
      ? 'it carries no signature'
      : 'its signature covers the header alone, and the header names no digest of what is behind it';
  return { scope: 'none', verdict: { ...verdict, detail } };
}

/** Whether there is anything that claims to be a signature. It says nothing of whose it is, nor whether it fits. */
export function carriesSignature({ signature }: RpmHead): boolean {
  const packets = [TAG.rsaHeader, TAG.dsaHeader, TAG.pgp, TAG.gpg].some((tag) => signature.binary(tag) !== null);
  return packets || (signature.texts(TAG.openPgp) ?? []).length > 0;
}

/** All signatures over the header: RSA or DSA of rpm 4, a list in base64 of rpm 6. */
function headerSignatures(head: RpmHead, name: string): Uint8Array {
  const { signature } = head;
  const packets = [
    signature.binary(TAG.rsaHeader),
    signature.binary(TAG.dsaHeader),
    ...(signature.texts(TAG.openPgp) ?? []).map((text) => Buffer.from(text, 'base64')),
  ];
  return Buffer.concat(packets.filter((packet) => packet !== null).map((packet) => requireOnePacket(packet, name)));
}

function legacySignature(head: RpmHead, name: string): Uint8Array | null {
  const found = head.signature.binary(TAG.pgp) ?? head.signature.binary(TAG.gpg);
  return found === null ? null : requireOnePacket(found, name);
}

/**
 * A signature is one OpenPGP packet of tag 2 and nothing else (RFC 9580 section 4.2): a whole signed message in its place
 * would make gpgv speak of other bytes than the package's.
 */
function requireOnePacket(bytes: Buffer, name: string): Buffer {
  const head = bytes[0] ?? 0;
  const isNew = (head & 0x40) !== 0;
  const tag = isNew ? head & 0x3f : (head >> 2) & 0xf;
  if ((head & 0x80) !== 0 && tag === SIGNATURE_PACKET && packetBytes(bytes, isNew) === bytes.length) return bytes;
  throw new TapprepError('BAD_PACKAGE', `${name} has something else where its signature should be`);
}

/** Length of the first packet with its own head; null for forms that no signature has. */
function packetBytes(bytes: Buffer, isNew: boolean): number | null {
  const first = bytes[1] ?? 0;
  if (isNew) {
    if (first < 192) return 2 + first;
    if (first < 224 && bytes.length > 2) return 3 + ((first - 192) << 8) + (bytes[2] ?? 0) + 192;
    return first === 255 && bytes.length > 5 ? 6 + bytes.readUInt32BE(2) : null;
  }
  const width = [1, 2, 4][(bytes[0] ?? 0) & 3];
  return width === undefined || bytes.length < 1 + width ? null : 1 + width + bytes.readUIntBE(1, width);
}

/** gpgv takes whole files: header and payload are copied out, beside the package where there is room for it. */
async function checkLegacy(
  path: string,
  head: RpmHead,
  request: Omit<Parameters<typeof verifySignature>[0], 'data'>,
  run: Host['run'],
): Promise<RpmSignature> {
  return withTemporaryDirectory(dirname(path), '.signed-', async (directory) => {
    const data = join(directory, 'header-and-payload');
    await pipeline(createReadStream(path, { start: head.headerStart }), createWriteStream(data, { mode: 0o600 }));
    return { scope: 'header and payload', verdict: await verifySignature({ ...request, data }, run) };
  });
}
