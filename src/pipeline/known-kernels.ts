/** The kernels that the index of a distribution had when it was last read, for completion: one small file each in the cache. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findPrivateDirectory, openPrivateDirectory } from '../files/private-directory.ts';
import { writeAtomic } from '../fetch/write-atomic.ts';
import type { PackageRecord } from '../resolve/reader.ts';
import type { Target } from '../types.ts';

const PLACE = 'kernels';
/** More than any archive has; an index beyond that is none to choose from by pressing a key. */
const MAX_RELEASES = 2_000;

/** Keeps the releases that records name in the place of those of an earlier reading. Never fails: it is a convenience only. */
export async function rememberReleases(
  cacheDir: string,
  { distro, version }: Target,
  records: readonly Pick<PackageRecord, 'name' | 'provides'>[],
): Promise<void> {
  const releases = [...new Set(records.flatMap(releasesOf))].slice(0, MAX_RELEASES);
  if (releases.length === 0) return;
  try {
    const directory = await openPrivateDirectory(cacheDir, PLACE);
    await writeAtomic(join(directory, fileOf(`${distro}:${version ?? ''}`)), `${releases.join('\n')}\n`);
  } catch {
    // What needs the cache tells what is wrong with it.
  }
}

/** The kernel that a package is of: by the name of a Debian or Ubuntu image, by what an rpm provides. */
function releasesOf({ name, provides }: Pick<PackageRecord, 'name' | 'provides'>): readonly string[] {
  const image = /^linux-image-(?:unsigned-)?(\d+\.\d+\S*?)(?:-unsigned|-dbg|-dbgsym)?$/.exec(name)?.[1];
  const named = provides.flatMap((provided) => /-uname-r = (\S+)$/.exec(provided)?.[1] ?? []);
  return image === undefined ? named : [image];
}

/** The releases of a distribution (ID:VERSION), or of every one for null; none where no index was read. */
export async function recallReleases(cacheDir: string, distro: string | null): Promise<readonly string[]> {
  try {
    const directory = await findPrivateDirectory(cacheDir, PLACE);
    if (directory === null) return [];
    const files = distro === null ? await readdir(directory) : [fileOf(distro)];
    const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8').catch(() => '')));
    return texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  } catch {
    // Completion alone reads this; the command that needs the cache says when it cannot be used.
    return [];
  }
}

function fileOf(distro: string): string {
  return encodeURIComponent(distro).slice(0, 200);
}
