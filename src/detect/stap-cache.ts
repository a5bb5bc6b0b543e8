/** Where stap keeps what it compiled: of what a target says of itself, nothing else is ever emptied. Pure. */
import { OWN_PATH } from './own-kernel.ts';

/** Whether a path is that of a user's cache: HOME/.systemtap/cache, in characters that no shell takes for its own. */
export function isStapCache(path: string): boolean {
  return OWN_PATH.test(path) && path.endsWith('/.systemtap/cache') && !path.split('/').includes('..');
}
