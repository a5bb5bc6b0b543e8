/** Puts verified files where the target's package manager can read them, under their own names, for the time of one command. */
import { rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { copyVerified } from '../files/private-copy.ts';
import { openOwnDirectory } from '../files/private-directory.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import { type Host, isRemote } from '../host/host.ts';
import type { Artifact, Emit } from '../types.ts';
import { MARKER_NAME, MARKER_TEXT } from './marks.ts';
import { withUploadedFiles } from './upload.ts';

const STAGING_PARENT = '/var/cache/tapprep';

/**
 * Runs `body` with the target-side paths of the artifacts; takes the staging directory away afterwards, whatever happened.
 * @throws TapprepError NO_SPACE, PERMISSION, CACHE_UNUSABLE where another user could replace them, DIGEST_MISMATCH
 */
export async function withStagedFiles<Result>(
  host: Host,
  artifacts: readonly Artifact[],
  options: { readonly emit: Emit; readonly signal: AbortSignal },
  body: (paths: readonly string[]) => Promise<Result>,
): Promise<Result> {
  if (isRemote(host)) return withUploadedFiles(host, artifacts, options, body);
  const local = host.localPath(STAGING_PARENT);
  if (local === null) throw new TapprepError('INTERNAL', `${host.name} has no path on this machine to stage files in`);
  const parent = await openOwnDirectory(local);
  try {
    return await withTemporaryDirectory(parent, 'staging-', async (directory) => {
      await writeFile(join(directory, MARKER_NAME), `${MARKER_TEXT}\n`);
      // What the package manager reads is nobody else's, and is what was verified: the copies are digested, not the originals.
      for (const { item, path, evidence } of artifacts)
        await copyVerified(path, join(directory, item.fileName), evidence.sha256, options.signal);
      return body(artifacts.map(({ item }) => join(STAGING_PARENT, basename(directory), item.fileName)));
    });
  } finally {
    await rmdir(parent).catch((error: unknown) => {
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].some((code) => isErrno(error, code))) throw error;
    });
  }
}
