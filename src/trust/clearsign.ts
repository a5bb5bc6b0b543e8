/**
 * The cleartext signature framework (RFC 9580 section 7), as InRelease uses it. The text is taken apart here and the
 * very bytes that are handed on are the ones that gpgv checks: whatever stands outside the signed block cannot be read
 * as signed by mistake. Pure.
 */
import { TapprepError } from '../errors.ts';

const BEGIN_MESSAGE = '-----BEGIN PGP SIGNED MESSAGE-----';
const BEGIN_SIGNATURE = '-----BEGIN PGP SIGNATURE-----';
const END_SIGNATURE = '-----END PGP SIGNATURE-----';

/** A clearsigned text in its two parts. */
export interface Clearsigned {
  /** What was signed: dash escapes removed, trailing blanks removed, lines joined by "\n", none after the last. */
  readonly payload: Uint8Array;
  /** The armored signature block. */
  readonly signature: Uint8Array;
}

/** Whether the bytes begin as a clearsigned text does. */
export function isClearsigned(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, BEGIN_MESSAGE.length)).toString('latin1') === BEGIN_MESSAGE;
}

/**
 * Takes a clearsigned text apart. `name` is for messages.
 * @throws TapprepError UNSIGNED when the text does not begin as a clearsigned one, BAD_METADATA when anything stands
 *   outside the signed block or the block is cut off.
 */
export function splitClearsigned(bytes: Uint8Array, name: string): Clearsigned {
  // latin1 keeps every byte as it is; the payload is turned back the same way.
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const at = { line: 0 };
  if (trimEnd(lines[0] ?? '') !== BEGIN_MESSAGE) {
    throw new TapprepError('UNSIGNED', `${name} carries no inline signature: it does not begin with ${BEGIN_MESSAGE}`);
  }
  for (at.line = 1; trimEnd(lines[at.line] ?? '', '\r') !== ''; at.line += 1) {
    if (!/^Hash: [A-Za-z0-9, -]{1,100}$/.test(trimEnd(lines[at.line] ?? ''))) throw damaged(name, 'an unknown header');
  }
  if (at.line >= lines.length) throw damaged(name, 'no text');

  const payload: string[] = [];
  for (at.line += 1; at.line < lines.length; at.line += 1) {
    const line = trimEnd(lines[at.line] ?? '');
    if (line === BEGIN_SIGNATURE) break;
    if (line.startsWith('-') && !line.startsWith('- ') && line !== '-')
      throw damaged(name, 'a line that is not escaped');
    payload.push(line.startsWith('-') ? line.slice(2) : line);
  }
  const signatureFrom = at.line;
  while (at.line < lines.length && trimEnd(lines[at.line] ?? '') !== END_SIGNATURE) at.line += 1;
  if (at.line >= lines.length) throw damaged(name, 'no complete signature block: it is cut off');
  if (lines.slice(at.line + 1).some((line) => trimEnd(line) !== '')) throw damaged(name, 'text after its signature');

  return {
    payload: Buffer.from(payload.join('\n'), 'latin1'),
    signature: Buffer.from(`${lines.slice(signatureFrom, at.line + 1).join('\n')}\n`, 'latin1'),
  };
}

function damaged(name: string, what: string): TapprepError {
  return new TapprepError('BAD_METADATA', `${name} is clearsigned but has ${what}`);
}

/** Without a loop from the end a regular expression would be quadratic on a long run of blanks. */
function trimEnd(line: string, blanks = ' \t\r'): string {
  let end = line.length;
  while (end > 0 && blanks.includes(line.charAt(end - 1))) end -= 1;
  return end === line.length ? line : line.slice(0, end);
}
