/** Files of a bundle that are no packages: where each comes from, with its digest. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assetUrl } from '../host/asset.ts';
import { isErrno, TapprepError } from '../errors.ts';
import { hashFile } from '../files/hash-file.ts';
import type { Sha256 } from '../types.ts';
import type { BundledFile } from './manifest.ts';
import type { BundleSource } from './write.ts';

/** A file with the place its bytes come from. */
export interface PreparedFile extends BundledFile {
  readonly source: BundleSource;
}

type Mode = BundledFile['mode'];

/** A file whose text or bytes are here. */
export function prepareData(path: string, content: string | Uint8Array, mode: Mode = 0o644): PreparedFile {
  const data = typeof content === 'string' ? Buffer.from(content) : content;
  const sha256 = createHash('sha256').update(data).digest('hex') as Sha256;
  return { path, sizeBytes: data.length, sha256, mode, source: { data } };
}

/** A file of this machine. @throws Node's own errors; TapprepError INTERRUPTED */
export async function prepareFile(
  path: string,
  file: string,
  signal: AbortSignal,
  mode: Mode = 0o644,
): Promise<PreparedFile> {
  const { hex, sizeBytes } = await hashFile(file, ['sha256'], signal);
  return { path, sizeBytes, sha256: hex.sha256 as Sha256, mode, source: { file } };
}

/** A shell script that lies beside this module. */
export async function prepareScript(name: string): Promise<PreparedFile> {
  return prepareData(name, await readFile(assetUrl(`bundle/${name}`)), 0o755);
}

/** tapprep's own licence. */
export async function prepareLicence(packageRoot: string): Promise<PreparedFile> {
  return prepareData('licences/tapprep.txt', await readFile(join(packageRoot, 'LICENSE')));
}

/** Every .stp below a directory, under scripts/; none where the directory is not there. */
export async function prepareScripts(directory: string): Promise<readonly PreparedFile[]> {
  const names = await readdir(directory, { recursive: true }).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  const plain = names.filter((name) => name.endsWith('.stp')).toSorted();
  return Promise.all(
    plain.map(async (name) => {
      if (!/^[\w/.-]+$/.test(name))
        throw new TapprepError('USAGE', `${name} cannot be the name of a script in a bundle`);
      return prepareData(`scripts/${name}`, await readFile(join(directory, name)));
    }),
  );
}
