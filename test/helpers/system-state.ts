/** What a system is before and after, to be compared: its packages, and its files as lines. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** "NAME VERSION STATUS" of each package, one a line: half-installed ones and those of which the configuration is left, too. */
export function listPackages(root: string): string {
  const format = '--showformat=${Package} ${Version} ${db:Status-Status}\n';
  return execFileSync('dpkg-query', [`--root=${root}`, '--show', format], { encoding: 'utf8' });
}

/** What the maintainer scripts of the distribution's packages change and leave: groups, locks, and caches that are made anew. */
export const LEFT_BY_PACKAGES =
  /^(?:etc\/(?:hosts|machine-id|group|gshadow|subgid|subuid|passwd|shadow)-?|etc\/ld\.so\.cache|run\/adduser|var\/cache\/(?:ldconfig|debconf)\/.*|var\/log\/.*|var\/lib\/dpkg\/.*)$/;

/** The tree of a root without the paths, relative to it, that any of the patterns matches. */
export function readTreeWithout(root: string, ...others: readonly RegExp[]): ReadonlyMap<string, string> {
  return new Map([...readTree(root)].filter(([path]) => !others.some((other) => other.test(path))));
}

/**
 * "PATH MODE OWNER:GROUP CONTENT" by path, of everything below a root: content is the digest of a file and the target of a
 * link. Left out are the logs: of tapprep, of the package manager, and rpm's database, whose bytes hold times; what that
 * database holds is compared as the list of packages. /dev/null is a plain file in these roots, and keeps what was last said.
 */
export function readTree(root: string): ReadonlyMap<string, string> {
  const tree = new Map<string, string>();
  const read = (below: string): void => {
    for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
      const path = join(below, entry.name);
      if (LOGS.test(path)) continue;
      const { mode, uid, gid } = lstatSync(join(root, path));
      // The directory of the logs goes with them only.
      if (path !== 'var/lib/tapprep')
        tree.set(path, `${path} ${mode.toString(8)} ${uid}:${gid} ${contentOf(root, path, entry)}`);
      if (entry.isDirectory()) read(path);
    }
  };
  read('');
  return tree;
}

const LOGS =
  /^dev\/null$|^var\/(lib\/tapprep\/(journal|report)\.json|log\/dpkg\.log|lib\/rpm\/.*|lib\/dpkg\/(status-old|lock|lock-frontend|triggers\/Lock))$/;

function contentOf(root: string, path: string, entry: Dirent): string {
  if (entry.isSymbolicLink()) return readlinkSync(join(root, path));
  if (!entry.isFile()) return '-';
  return createHash('sha256')
    .update(readFileSync(join(root, path)))
    .digest('hex');
}

/** What is in one tree and not in the other, each line with the sign of diff; at most ten. */
export function compareTrees(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const gone = [...before].filter(([path, line]) => after.get(path) !== line).map(([, line]) => `- ${line}`);
  const come = [...after].filter(([path, line]) => before.get(path) !== line).map(([, line]) => `+ ${line}`);
  return [...gone, ...come].slice(0, 10);
}
