/** Directories that tapprep made on a target: known by their marks, taken away as a whole. */
import { shellLine } from '../shell-words.ts';
import { posix } from 'node:path';
import { TapprepError } from '../errors.ts';
import { run } from '../make-remedy.ts';
import type { Host } from '../host/host.ts';
import { script } from '../host/scripts.ts';
import { MAKING, OURS, REMOVING, type Ownership } from './marks.ts';

/** Where a directory of the target is made, to be given its name as a whole. */
export function makingPath(path: string): string {
  return `${path}${MAKING}`;
}

/** PATH: the verdict on it. */
const JUDGE = `${OURS}
judge "$1"
echo "$verdict"`;

/**
 * Before something of tapprep is put there: in that place may be nothing, or an empty directory, or what tapprep made.
 * @throws TapprepError INSTALL_FAILED
 */
export async function refuseForeign(host: Host, path: string): Promise<void> {
  const verdict = (await host.run(script(JUDGE, [path]))).stdout.trim() as Ownership;
  if (verdict === 'ours' || verdict === 'absent') return;
  throw new TapprepError('INSTALL_FAILED', `${path} on ${host.name} is there already and was not made by tapprep`, {
    remedy: run(shellLine`ls -la ${path}`),
    facts: { path, verdict },
  });
}

/**
 * PATH REMOVING: a directory loses its name at once, so that nobody takes a half of it for the whole. What is not tapprep's,
 * in the place of either, stays. A link in the place of PATH goes, and not what it leads to.
 */
const REMOVE = `${OURS}
judge "$2"
removing=$verdict
[ "$removing" != ours ] || take "$2" || exit 1
judge "$1"
case $verdict in
  absent) ;;
  link) [ ! -h "$1" ] || rm -f -- "$1" ;;
  ours)
    case $removing in
      ours | absent) mv -- "$1" "$2" && take "$2" ;;
      *) take "$1" ;;
    esac
    ;;
  *) echo "it is not tapprep's ($verdict)" >&2; exit 1 ;;
esac || exit 1
case \${1%/*} in
  # Not empty is fine, and there may be no /dev/null.
  */tapprep) words=$(rmdir -- "\${1%/*}" 2>&1) || : ;;
esac`;

/**
 * Removes a directory of tapprep with everything in it, or a link in its place, and what an earlier removal left; absent is
 * fine. By rm(1) of the target itself, which follows no link. The directory above goes with the last thing in it, where it
 * is tapprep's.
 * @throws TapprepError PERMISSION
 */
export async function removeTree(host: Host, path: string): Promise<void> {
  const result = await host.run(script(REMOVE, [path, `${path}${REMOVING}`]));
  if (result.exitCode === 0) return;
  throw new TapprepError('PERMISSION', `${path} on ${host.name} cannot be removed: ${result.stderr.trim()}`, {
    facts: { path: posix.normalize(path) },
  });
}
