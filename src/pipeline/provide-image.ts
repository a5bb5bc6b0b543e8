/** The kernel of a target for the virtual machine, where the target itself has none: what is kept here, else fetched. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, isTapprepError, type TapprepError } from '../errors.ts';
import { kernelPlaces, unpackImage } from '../rehearse/unpack-image.ts';
import { imagesOf } from '../resolve/provisions.ts';
import { acquireArtifacts } from './acquire.ts';
import type { OpenTarget } from './open-target.ts';
import { planTarget } from './plan-target.ts';
import type { Session } from './session.ts';

/** vmlinuz of a release that an install, a rehearsal or a bundle left in the cache; the newest, or null. */
export async function findKeptImage({ cacheDir }: Pick<Session, 'cacheDir'>, release: string): Promise<string | null> {
  const parent = imagesDirectory(cacheDir);
  const names = await readdir(parent).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  const found: { readonly path: string; readonly at: number }[] = [];
  for (const name of names.filter((each) => !each.includes('.making-'))) {
    for (const place of kernelPlaces(release)) {
      const path = join(parent, name, place);
      const status = await stat(path).catch(() => null);
      if (status?.isFile() === true) found.push({ path, at: status.ctimeMs });
    }
  }
  return found.toSorted((a, b) => b.at - a.at)[0]?.path ?? null;
}

/** vmlinuz, or what kept it from being had. */
export type ProvidedImage =
  | { readonly path: string; readonly problem: null }
  | { readonly path: null; readonly problem: TapprepError };

/** The same, fetched from the target's repositories where it is not kept. @throws TapprepError INTERRUPTED */
export async function provideImage(session: Session, open: OpenTarget): Promise<ProvidedImage> {
  const { release } = open.target;
  const kept = await findKeptImage(session, release);
  if (kept !== null) return { path: kept, problem: null };
  try {
    const plan = await planTarget(session, open, {
      image: true,
      debuginfo: false,
      systemtap: 'distro',
      rung: 'hello',
      allowExpiredRelease: false,
    });
    const images = await acquireArtifacts(session, imagesOf(plan.items));
    const directory = imagesDirectory(session.cacheDir);
    const { kernelImage } = await unpackImage(session.local, images, release, directory, session.signal);
    return { path: kernelImage, problem: null };
  } catch (error) {
    if (!isTapprepError(error) || error.code === 'INTERRUPTED') throw error;
    return { path: null, problem: error };
  }
}

function imagesDirectory(cacheDir: string): string {
  return join(cacheDir, 'images');
}
