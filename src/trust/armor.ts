/** ASCII armor (RFC 9580 section 6): the text form of keys and signatures. Pure. */
import { TapprepError } from '../errors.ts';

const BEGIN = '-----BEGIN PGP PUBLIC KEY BLOCK-----';
const END = '-----END PGP PUBLIC KEY BLOCK-----';

/** Whether a key file is armored; binary OpenPGP packets start with the high bit set. */
export function isArmored(bytes: Uint8Array): boolean {
  return bytes.length > 0 && (bytes[0] ?? 0) < 0x80;
}

/**
 * The packets of every public key block in an armored key file. Text between the blocks is passed over; the CRC is not
 * looked at, because it detects accidents only and a damaged key verifies nothing.
 * @throws TapprepError BAD_METADATA when a block is cut off or is not base64.
 */
export function dearmorKeys(text: string, name: string): Uint8Array {
  const blocks: Uint8Array[] = [];
  let body: string[] | null = null;
  let inHeaders = false;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (body === null) {
      if (line === BEGIN) [body, inHeaders] = [[], true];
    } else if (line === END) {
      blocks.push(decodeBase64(body.join(''), name));
      body = null;
    } else if (inHeaders && (line === '' || /^[A-Za-z-]+:/.test(line))) {
      inHeaders = line !== '';
    } else {
      inHeaders = false;
      if (!line.startsWith('=')) body.push(line);
    }
  }
  if (body !== null) throw new TapprepError('BAD_METADATA', `${name} begins a public key block but does not end it`);
  return Buffer.concat(blocks);
}

function decodeBase64(text: string, name: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new TapprepError('BAD_METADATA', `${name} has a public key block that is not base64`);
  }
  return Buffer.from(text, 'base64');
}
