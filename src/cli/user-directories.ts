/** Where a user's files lie, by the environment: the cache unless --cache-dir says otherwise, and the configuration. */
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { TapprepError } from '../errors.ts';
import { shellLine } from '../shell-words.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * TAPPREP_CACHE_DIR, else tapprep in XDG_CACHE_HOME, else .cache/tapprep of the user's home. An empty variable is as good as
 * none, and a relative one never means the current directory: of XDG_CACHE_HOME and HOME it is ignored, as the XDG Base
 * Directory Specification says, and tapprep's own is refused.
 * @throws TapprepError USAGE
 */
export function defaultCacheDir(env: Environment, findHome: () => string = () => userInfo().homedir): string {
  const own = env['TAPPREP_CACHE_DIR'] ?? '';
  if (isAbsolute(own)) return own;
  if (own !== '') {
    throw new TapprepError('USAGE', `TAPPREP_CACHE_DIR is "${own}", but an absolute path is needed`, {
      hint: shellLine`export TAPPREP_CACHE_DIR="$PWD"/${own}`,
      facts: { given: own },
    });
  }
  const usual = usualCacheDir(env, findHome);
  if (usual !== null) return usual;
  throw new TapprepError('USAGE', 'HOME is no absolute path, and no home is known for this user', {
    hint: 'export TAPPREP_CACHE_DIR=/var/cache/tapprep-downloads',
  });
}

/** Where a cache lies when nobody says otherwise; null where no home is known. */
export function usualCacheDir(env: Environment, findHome: () => string = () => userInfo().homedir): string | null {
  const caches = env['XDG_CACHE_HOME'] ?? '';
  if (isAbsolute(caches)) return join(caches, 'tapprep');
  const home = [env['HOME'] ?? '', homeOf(findHome)].find(isAbsolute);
  return home === undefined ? null : join(home, '.cache/tapprep');
}

/** XDG_CONFIG_HOME, else .config of HOME; null where neither is an absolute path, so that no mirror list is taken from the current directory. */
export function configDirectory(env: Environment): string | null {
  const given = env['XDG_CONFIG_HOME'] ?? '';
  if (isAbsolute(given)) return given;
  const home = env['HOME'] ?? '';
  return isAbsolute(home) ? join(home, '.config') : null;
}

/** The user database may not know this user: in a container with a number for a user, say. */
function homeOf(findHome: () => string): string {
  try {
    return findHome();
  } catch {
    return '';
  }
}
