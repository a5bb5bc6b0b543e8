/** Plan in, verified files out: several downloads at once, then every file against its trust requirement. */
import { isTapprepError, TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import type { FetchRequest, FetchedFile } from '../fetch/request.ts';
import { filesOf } from '../resolve/provisions.ts';
import { verifyArtifact } from '../trust/artifact.ts';
import { findRpmPayload } from '../trust/rpm-digests.ts';
import type { Artifact, Plan, PlanItem } from '../types.ts';
import type { OpenTarget } from './open-target.ts';
import { presentSources } from './present-sources.ts';
import type { Session } from './session.ts';

/** A package whose index gives no size is not larger than this: the largest kernel debuginfo known is below 2 GB. */
const MAX_PACKAGE_BYTES = 8e9;

/**
 * Downloads and verifies, each file as soon as it is there. A file that fails its check leaves the cache, so that the
 * next run fetches it anew.
 * @param use what else is done with a verified file, while others still arrive
 * @throws TapprepError of fetch, of trust, or what `use` throws, which stops the others
 */
export async function acquireArtifacts(
  session: Session,
  items: readonly PlanItem[],
  use?: (artifact: Artifact, at: number) => Promise<void>,
): Promise<readonly Artifact[]> {
  const artifacts: Artifact[] = [];
  const check = async (file: FetchedFile, at: number): Promise<void> => {
    const item = items[at];
    if (item === undefined) return;
    const artifact = await verifyFetched(session, item, file);
    artifacts[at] = artifact;
    await use?.(artifact, at);
  };
  await session.fetcher.fetchAll(items.map(toRequest), check, session);
  return artifacts;
}

/**
 * The files of a plan; of a lock exactly those that it names or none, whatever the repositories have by now.
 * @throws TapprepError LOCK_STALE where a file of a lock is gone, DIGEST_MISMATCH where it is another; of fetch or of trust
 */
export async function acquirePlan(
  session: Session,
  open: OpenTarget,
  { items }: Plan,
  { isLock }: { readonly isLock: boolean },
): Promise<readonly Artifact[]> {
  if (isLock) await presentSources(session, open);
  try {
    return await acquireArtifacts(session, filesOf(items));
  } catch (error) {
    if (!isLock || !isTapprepError(error, 'NOT_FOUND')) throw error;
    throw new TapprepError('LOCK_STALE', `the lock can no longer be followed: ${error.message}`, {
      remedy: tapprep('plan', '--out', 'FILE'),
      hint: 'makes a new lock; a cache that still has the files is named with --cache-dir',
      facts: error.facts,
      cause: error,
    });
  }
}

/** The fetcher held the file against size and digest of the item a moment ago, so that is known. */
async function verifyFetched(session: Session, item: PlanItem, file: FetchedFile): Promise<Artifact> {
  const { sha256, sizeBytes, inner } = file;
  const known = { sha256, sizeBytes, wanted: item.trust.digest?.hex ?? null, inner };
  try {
    return await verifyArtifact(item, file.path, { ...session.reader, known, allowUnsigned: session.allowUnsigned });
  } catch (error) {
    if (isTapprepError(error)) await session.fetcher.evict(file);
    throw error;
  }
}

function toRequest({ fileName, urls, sizeBytes, trust }: PlanItem): FetchRequest {
  return {
    name: fileName,
    urls,
    sizeBytes,
    digest: trust.digest,
    maxBytes: sizeBytes ?? MAX_PACKAGE_BYTES,
    // The bytes are covered by a digest known beforehand or by a signature checked right after: any host may serve them.
    redirects: 'any',
    inner: fileName.endsWith('.rpm') ? findRpmPayload : undefined,
  };
}
