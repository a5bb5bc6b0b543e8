/** A portable SystemTap in a bundle: one archive that tar and gzip put in place, and what has to lie there then. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { TapprepError } from '../errors.ts';
import { type PreparedFile, prepareData } from './files.ts';
import { encodeHeader, paddingBytes, TRAILER_BYTES } from './tar-entry.ts';
import { shellLine } from '../shell-words.ts';

const compress = promisify(gzip);

/** A file of the folder, relative to it. */
interface FolderFile {
  readonly path: string;
  readonly sha256: string;
  readonly mode: number;
}

/**
 * The archive of a folder on this machine and the list of its digests, the marker first in both.
 * @throws TapprepError DIGEST_MISMATCH where a file is no longer what it was
 */
export async function prepareFolder(
  name: string,
  directory: string,
  marker: string,
  files: readonly FolderFile[],
): Promise<{ readonly archive: PreparedFile; readonly list: PreparedFile }> {
  const blocks: Buffer[] = [];
  const rows: string[] = [];
  for (const { path, sha256, mode } of [{ path: marker, sha256: null, mode: 0o644 }, ...files]) {
    const data = await readFile(join(directory, path));
    const found = createHash('sha256').update(data).digest('hex');
    if (sha256 !== null && found !== sha256) {
      throw new TapprepError('DIGEST_MISMATCH', `${path} has sha256 ${found} but the manifest says ${sha256}`, {
        hint: shellLine`rm -r ${directory}`,
      });
    }
    const header = encodeHeader({ path, sizeBytes: data.length, mode: mode === 0o755 ? 0o755 : 0o644 });
    blocks.push(header, data, Buffer.alloc(paddingBytes(data.length)));
    rows.push(`${found}  ${path}\n`);
  }
  const tar = Buffer.concat([...blocks, Buffer.alloc(TRAILER_BYTES)]);
  return {
    archive: prepareData(`folders/${name}.tar.gz`, await compress(tar, { level: 6 })),
    list: prepareData(`folders/${name}.sums`, rows.join('')),
  };
}
