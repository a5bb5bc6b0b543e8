/** Versions of packages whose release has a counter that `uname -r` leaves out, as SUSE's have. Pure. */

/** What a build of a repository that follows the sources ends in: the commit. */
const COMMIT = /\.g[0-9a-f]{7,12}$/;

/** Whether a version is the wanted one with a counter: 6.4.6-1.2 for 6.4.6-1, 6.9.1-1.1.g492f944 for 6.9.1-1.g492f944. */
export function isRebuild(version: string, wanted: string): boolean {
  const [commit = ''] = COMMIT.exec(wanted) ?? [];
  const [found = ''] = COMMIT.exec(version) ?? [];
  return found === commit && version.startsWith(`${wanted.slice(0, wanted.length - commit.length)}.`);
}
