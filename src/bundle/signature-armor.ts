/** The one text form of a detached signature that a bundle carries (RFC 9580 section 6), checked to the last character. Pure. */
import { TapprepError } from '../errors.ts';

const BEGIN = '-----BEGIN PGP SIGNATURE-----';
const END = '-----END PGP SIGNATURE-----';
const LINE_CHARS = 64;

/** Armor without any header but the checksum, so that every character follows from the signature's bytes. */
export function armorSignature(packets: Uint8Array): string {
  const base64 = Buffer.from(packets).toString('base64');
  const lines = base64.match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? [];
  return `${[BEGIN, '', ...lines, `=${crc24(packets).toString('base64')}`, END].join('\n')}\n`;
}

/**
 * The packets of an armored signature, whatever headers its maker put in.
 * @throws TapprepError BAD_METADATA when there is none, or it is not base64
 */
export function dearmorSignature(text: string, name: string): Uint8Array {
  const lines = text.split('\n').map((line) => line.trim());
  const begin = lines.indexOf(BEGIN);
  const blank = lines.indexOf('', begin);
  const end = lines.indexOf(END, begin);
  const body =
    begin === -1 || blank === -1 || end < blank
      ? ''
      : lines
          .slice(blank + 1, end)
          .filter(isData)
          .join('');
  if (!/^[A-Za-z0-9+/]{4,}={0,2}$/.test(body)) {
    throw new TapprepError('BAD_METADATA', `${name} holds no armored signature`);
  }
  return Buffer.from(body, 'base64');
}

/** The checksum is a line that begins with "=". */
function isData(line: string): boolean {
  return line !== '' && !line.startsWith('=');
}

/**
 * The checksum finds an altered byte on a machine that has no key to find it with.
 * @throws TapprepError BAD_BUNDLE
 */
export function requireCanonicalArmor(text: string, name: string): void {
  const body = text.split('\n').slice(2, -3).join('');
  if (/^[A-Za-z0-9+/]{4,}={0,2}$/.test(body) && armorSignature(Buffer.from(body, 'base64')) === text) return;
  throw new TapprepError('BAD_BUNDLE', `${name} is damaged: its checksum or its form is not what it has to be`);
}

function crc24(bytes: Uint8Array): Buffer {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
    }
  }
  return Buffer.from([(crc >> 16) & 0xff, (crc >> 8) & 0xff, crc & 0xff]);
}
