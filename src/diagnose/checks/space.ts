/** Room where packages, builds and the cache are written. */
import { isLayering } from '../../package-system/layering.ts';
import type { Space } from '../../types.ts';
import { type Check, fine, problem } from '../finding.ts';

const MIB = 1024 * 1024;
/** A build takes some ten MiB; the debug information of one kernel 1 to 6 GiB unpacked. */
const BUILD_BYTES = 64 * MIB;
const DEBUGINFO_BYTES = 6 * 1024 * MIB;
const LEAST_INODES = 1000;
const DEBUG_ROOTS = ['/usr/lib/debug'];

/** Every place that is full, lacks inodes or cannot be written to. */
export const checkSpace: Check = (view) => {
  const { space, debuginfo, frontends, user } = view.facts;
  // What packages bring is laid over an image, whose own directories nobody writes to.
  const writesToSystem = user.uid === 0 && !frontends.some(isLayering);
  const wanted = (path: string): number =>
    DEBUG_ROOTS.includes(path) && debuginfo.length === 0 ? DEBUGINFO_BYTES : BUILD_BYTES;
  const found = space.filter(isWorkPlace(view.facts.user.uid)).flatMap((place) => {
    const lack = lackOf(place, wanted(place.path), writesToSystem || !isSystemPath(place.path));
    return lack === null ? [] : [problem(view, 'disk space', 'NO_SPACE', lack, { evidence: [describe(place)] })];
  });
  return found.length > 0 ? found : [fine('disk space', 'Enough in every place that is written to.')];
};

/** A user who is not root writes to none of the system's directories. */
function isWorkPlace(uid: number): (place: Space) => boolean {
  return ({ path }) => uid === 0 || !isSystemPath(path) || DEBUG_ROOTS.includes(path);
}

function isSystemPath(path: string): boolean {
  return /^\/(?:usr|lib|boot|var\/(?:cache|lib))(?:\/|$)/.test(path);
}

function lackOf(place: Space, wantedBytes: number, mustWrite: boolean): string | null {
  if (mustWrite && !place.writable) return `${place.path} cannot be written to.`;
  if (place.freeBytes < wantedBytes)
    return `${place.path} has ${inMiB(place.freeBytes)} free but ${inMiB(wantedBytes)} are needed.`;
  if (place.freeInodes !== null && place.freeInodes < LEAST_INODES)
    return `${place.path} has ${String(place.freeInodes)} inodes left but thousands of files are written.`;
  return null;
}

function describe(place: Space): string {
  return `${place.path}: ${inMiB(place.freeBytes)} free, ${place.writable ? 'writable' : 'not writable'}`;
}

function inMiB(bytes: number): string {
  return `${String(Math.floor(bytes / MIB))} MiB`;
}
