/** Paths inside a root directory, as a process that was chrooted there would see them. */
import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';

/** As many links as the kernel follows. */
const MAX_LINKS = 40;

/**
 * The path on this machine of a path inside `root`; every link on the way is read as the root means it, so that neither
 * an absolute link nor any number of ".." leads outside. What does not exist yet is appended as it is.
 *
 * Sound as long as nobody changes the tree meanwhile, which holds for a system that is not running.
 * @param root absolute, without links
 * @param follow whether a link in the last component is followed too
 * @throws TapprepError NOT_A_ROOT for a loop of links, PERMISSION
 */
export function resolveInRoot(root: string, path: string, follow = true): string {
  const left = path.split('/').toReversed();
  const done: string[] = [];
  let links = 0;
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const isLast = left.every((rest) => rest === '' || rest === '.');
    const target = isLast && !follow ? null : linkTarget(join(root, ...done, part));
    if (target === null) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw new TapprepError('NOT_A_ROOT', `${path} in ${root} is a loop of symbolic links`);
    if (target.startsWith('/')) done.length = 0;
    left.push(...target.split('/').toReversed());
  }
  return join(root, ...done);
}

function linkTarget(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return null;
    if (!isErrno(error, 'EACCES')) throw error;
    throw new TapprepError('PERMISSION', `${path} cannot be read by this user`, { facts: { path }, cause: error });
  }
}
