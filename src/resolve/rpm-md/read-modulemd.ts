/** Reads modules.yaml as it lies in the cache; nothing is returned before its digest was found to be the stated one. */
import { createHash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { TapprepError } from '../../errors.ts';
import { unpackFile } from '../../fetch/unpack.ts';
import { createModulemdReader, type ModuleIndex } from './modulemd.ts';
import type { PrimaryIndex } from './repomd.ts';

/** Several times the largest known one, of EL 8's AppStream. */
const MAX_OPEN_BYTES = 256 * 1024 * 1024;

/** @param name of the file, for messages @throws TapprepError BAD_METADATA | TOO_LARGE | TOOL_MISSING */
export async function readModulemd(path: string, index: PrimaryIndex, name: string): Promise<ModuleIndex> {
  const reader = createModulemdReader(name);
  const decoder = new StringDecoder('utf8');
  const hash = createHash(index.openDigest.algorithm);
  const limit = Math.min(index.openBytes ?? MAX_OPEN_BYTES, MAX_OPEN_BYTES);
  let bytes = 0;
  let rest = '';
  for await (const piece of unpackFile(path)) {
    bytes += piece.length;
    if (bytes > limit) throw new TapprepError('TOO_LARGE', `${name} unpacks to more than ${limit} bytes`);
    hash.update(piece);
    const lines = (rest + decoder.write(Buffer.from(piece))).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) reader.line(line);
  }
  const hex = hash.digest('hex');
  if (hex !== index.openDigest.hex) {
    throw new TapprepError(
      'BAD_METADATA',
      `${name} unpacked has the ${index.openDigest.algorithm} ${hex}, repomd.xml says ${index.openDigest.hex}`,
    );
  }
  reader.line(rest + decoder.end());
  return reader.end();
}
