/** Puts verified files where the target's package manager can read them, under their own names, for the time of one command. */
import { mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { type Host, isRemote } from '../host/host.ts';
import { explainWrite, placeFile } from '../host/place-file.ts';
import type { Artifact, Emit } from '../types.ts';
import { MARKER_NAME, MARKER_TEXT } from './marks.ts';
import { withUploadedFiles } from './upload.ts';

const STAGING_PARENT = '/var/cache/tapprep';

/**
 * Runs `body` with the target-side paths of the artifacts; takes the staging directory away afterwards, whatever happened.
 * @throws TapprepError NO_SPACE, PERMISSION
 */
export async function withStagedFiles<Result>(
  host: Host,
  artifacts: readonly Artifact[],
  options: { readonly emit: Emit; readonly signal: AbortSignal },
  body: (paths: readonly string[]) => Promise<Result>,
): Promise<Result> {
  if (isRemote(host)) return withUploadedFiles(host, artifacts, options, body);
  const parent = host.localPath(STAGING_PARENT);
  if (parent === null) throw new TapprepError('INTERNAL', `${host.name} has no path on this machine to stage files in`);
  await mkdir(parent, { recursive: true, mode: 0o755 }).catch((error: unknown) => explainWrite(error, parent));
  const directory = await mkdtemp(join(parent, 'staging-')).catch((error: unknown) => explainWrite(error, parent));
  const onTarget = join(STAGING_PARENT, directory.slice(parent.length + 1));
  try {
    await writeFile(join(directory, MARKER_NAME), `${MARKER_TEXT}\n`);
    for (const { item, path } of artifacts) await placeFile(path, join(directory, item.fileName));
    return await body(artifacts.map(({ item }) => join(onTarget, item.fileName)));
  } finally {
    await rm(directory, { recursive: true, force: true });
    await rmdir(parent).catch((error: unknown) => {
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].some((code) => isErrno(error, code))) throw error;
    });
  }
}
