/** --debuginfo-files: of a debug package the vmlinux and named modules alone, for a target that has no room for the rest. */
import { posix } from 'node:path';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import { hashFile } from '../files/hash-file.ts';
import type { Host } from '../host/host.ts';
import { placeDebugFiles } from '../install/place-debug-files.ts';
import { takeDebugFiles } from '../rehearse/debug-files.ts';
import { debuginfoPlace } from '../resolve/debuginfod/place.ts';
import { assemblePlan } from '../resolve/plan.ts';
import { packagesOf } from '../resolve/provisions.ts';
import { gradeOf } from '../trust/grade.ts';
import type { Artifact, HostFacts, PlacedFile, Plan, Role, Sha256, Target } from '../types.ts';
import type { Session } from './session.ts';

/** What belongs to a debug package and is of no use without it. */
const BESIDE: readonly Role[] = ['debuginfo-common', 'debugsource'];

/**
 * The same plan with nothing of the debug packages installed but those files.
 * @param debuginfo what is there already: a vmlinux of this very kernel is not fetched again
 */
export function keepFilesOnly(plan: Plan, names: readonly string[], debuginfo: HostFacts['debuginfo']): Plan {
  const { buildId } = plan.target;
  const isThere = names.every(
    (name) =>
      name === 'vmlinux' &&
      debuginfo.some((one) => one.hasDwarf === true && buildId !== null && one.buildId === buildId),
  );
  const items = packagesOf(plan.items)
    .filter(({ role }) => !BESIDE.includes(role) && !(isThere && role === 'debuginfo'))
    .map((item) => (item.role === 'debuginfo' ? { ...item, install: false, files: names } : item));
  return assemblePlan(plan.target, items, plan.present, plan.notes);
}

/** Takes them out of the packages that were verified and puts them where stap looks. @throws TapprepError of both */
export async function placeFilesOf(
  session: Pick<Session, 'cacheDir' | 'signal' | 'tapprepVersion' | 'now'>,
  host: Host,
  artifacts: readonly Artifact[],
  { release, buildId }: Pick<Target, 'release' | 'buildId'>,
): Promise<readonly PlacedFile[]> {
  const { cacheDir, signal, tapprepVersion, now } = session;
  const directory = posix.dirname(debuginfoPlace(release));
  const placed: PlacedFile[] = [];
  for (const artifact of artifacts.filter(({ item }) => item.files !== undefined)) {
    await withTemporaryDirectory(cacheDir, 'debug-files-', async (work) => {
      const taken = await takeDebugFiles(artifact, { release, buildId }, work, signal);
      const files = await Promise.all(
        taken.map(async ({ path, place, buildId: own }) => ({
          source: path,
          file: {
            path: posix.join(directory, place),
            url: artifact.item.fileName,
            sha256: (await hashFile(path, ['sha256'], signal)).hex.sha256 as Sha256,
            buildId: own,
            signed: gradeOf(artifact.item.trust) !== 'nobody',
          },
        })),
      );
      await placeDebugFiles({ host, path: directory, release, tapprepVersion, now }, files);
      placed.push(...files.map(({ file }) => file));
    });
  }
  return placed;
}
