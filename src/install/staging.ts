/** Puts verified files where the target's package manager can read them, under their own names, for the time of one command. */
import { constants } from 'node:fs';
import { copyFile, link, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { type Host, isRemote } from '../host/host.ts';
import type { Artifact, Emit } from '../types.ts';
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
    for (const { item, path } of artifacts) await placeFile(path, join(directory, item.fileName));
    return await body(artifacts.map(({ item }) => join(onTarget, item.fileName)));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A link where both lie on one file system, a copy (shared blocks where the file system can) elsewhere. */
async function placeFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!isErrno(error, 'EXDEV') && !isErrno(error, 'EPERM') && !isErrno(error, 'EMLINK')) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE).catch((cause: unknown) =>
      explainWrite(cause, to),
    );
  }
}

function explainWrite(error: unknown, path: string): never {
  if (isErrno(error, 'EACCES') || isErrno(error, 'EPERM') || isErrno(error, 'EROFS')) {
    throw new TapprepError('PERMISSION', `${path} cannot be written: ${error.message}`, {
      hint: 'run as root',
      cause: error,
    });
  }
  if (isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT')) {
    throw new TapprepError('NO_SPACE', `${path} does not fit: ${error.message}`, {
      hint: `df -h ${path}`,
      cause: error,
    });
  }
  throw error;
}
