/** The portable SystemTaps that the cache keeps. */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, isTapprepError, TapprepError } from '../../errors.ts';
import type { Emit, PlanItem } from '../../types.ts';
import { isOpen } from '../../files/ancestors.ts';
import { isOwnFile, ownUid } from '../../files/own-user.ts';
import { compareDebVersions } from '../../version/deb-vercmp.ts';
import { MANIFEST_NAME, parseManifest, type PortableManifest } from './manifest.ts';
import { shellLine } from '../../shell-words.ts';

/** A complete folder on this machine. */
export interface PortableSystemtap {
  readonly directory: string;
  readonly manifest: PortableManifest;
}

/** Files read at once while checking: enough to keep two cores and a disk busy. */
const AT_ONCE = 16;

/** Which folder is meant. */
export interface KeptRequest {
  readonly distro: string;
  readonly suite: string;
  readonly arch: string;
  /** Upstream, "5.1". */
  readonly version: string;
  /** Digest of the script that starts its programs. */
  readonly starter: string;
  /** What it is made of, and nothing else; where left out, whatever the suite had. */
  readonly packages?: readonly PlanItem[];
}

/**
 * The newest whole folder for a request, or null. One that was altered is taken away, with a warning; one with another
 * starter was made by another version of tapprep and is left to it.
 */
export async function findKept(parent: string, request: KeptRequest, emit: Emit): Promise<PortableSystemtap | null> {
  const { distro, suite, arch, version, starter, packages } = request;
  const digests = packages === undefined ? null : new Set(packages.map(({ trust }) => trust.digest?.hex));
  const fitting = (await listKept(parent))
    .filter(({ manifest }) => manifest.files.every((file) => file.package !== null || file.sha256 === starter))
    .filter(
      ({ manifest }) =>
        manifest.distro === distro &&
        manifest.suite === suite &&
        manifest.arch === arch &&
        manifest.version === version &&
        (digests === null || manifest.packages.every(({ sha256 }) => digests.has(sha256))),
    )
    .toSorted((a, b) => compareDebVersions(b.manifest.packageVersion, a.manifest.packageVersion));
  for (const portable of fitting) {
    try {
      await verifyPortable(portable);
      return portable;
    } catch (error) {
      if (!isTapprepError(error, 'DIGEST_MISMATCH')) throw error;
      emit({ type: 'note', level: 'warning', text: `${error.message}; it is made anew` });
      await rm(portable.directory, { recursive: true, force: true });
    }
  }
  return null;
}

/** All folders of a directory that have a manifest; what is no such folder is passed over. */
async function listKept(parent: string): Promise<readonly PortableSystemtap[]> {
  const names = await readdir(parent).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  const found: PortableSystemtap[] = [];
  for (const name of names.filter((entry) => !entry.startsWith('.')).toSorted()) {
    const directory = join(parent, name);
    try {
      const path = join(directory, MANIFEST_NAME);
      found.push({ directory, manifest: parseManifest(await readFile(path, 'utf8'), path) });
    } catch (error) {
      const isOther = ['ENOENT', 'ENOTDIR'].some((code) => isErrno(error, code)) || isTapprepError(error);
      if (!isOther) throw error;
    }
  }
  return found;
}

/**
 * Checks every file of a folder against its manifest, and that nothing else is there. A manifest beside the files proves
 * nothing against somebody who could write both, so all of it has to be this user's alone, too.
 * @throws TapprepError DIGEST_MISMATCH naming the first that is not what it was
 */
export async function verifyPortable({ directory, manifest }: PortableSystemtap): Promise<void> {
  await requireOwnTree(directory, new Set([MANIFEST_NAME, ...manifest.files.map(({ path }) => path)]));
  const files = manifest.files.values();
  const work = async (): Promise<void> => {
    for (const file of files) {
      const path = join(directory, file.path);
      const data = await readFile(path).catch((error: unknown) => {
        if (isErrno(error, 'ENOENT') || isErrno(error, 'EISDIR')) return null;
        throw error;
      });
      const sha256 = data === null ? 'absent' : createHash('sha256').update(data).digest('hex');
      const isRunnable = file.mode !== 0o755 || ((await stat(path)).mode & 0o111) !== 0;
      if (sha256 === file.sha256 && isRunnable) continue;
      throw new TapprepError(
        'DIGEST_MISMATCH',
        `${path} has sha256 ${sha256} but the manifest says ${file.sha256}${isRunnable ? '' : ', and it may not be executed'}`,
        { hint: shellLine`rm -r ${directory}`, facts: { path, expected: file.sha256, actual: sha256 } },
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function requireOwnTree(directory: string, named: ReadonlySet<string>): Promise<void> {
  const uid = ownUid();
  for (const name of ['', ...(await readdir(directory, { recursive: true }))]) {
    const path = join(directory, name);
    const info = await lstat(path);
    const isOwn = info.isDirectory() ? info.uid === uid && !isOpen(info) : isOwnFile(info, uid);
    if (isOwn && (info.isDirectory() || named.has(name))) continue;
    const why = isOwn ? 'is in no manifest' : `can be changed by others than user ${uid}`;
    throw new TapprepError('DIGEST_MISMATCH', `${path} ${why}, so that the folder is not what tapprep left there`, {
      hint: shellLine`rm -r ${directory}`,
      facts: { path, owner: info.uid, uid },
    });
  }
}
