/** Versions of packages whose release has a counter that `uname -r` leaves out, as SUSE's have. Pure. */

/** What a build of a repository that follows the sources ends in: the commit. */
const COMMIT = /\.g[0-9a-f]{7,12}$/;

/**
 * Whether a version is the wanted one with a counter: 6.4.6-1.2 for 6.4.6-1, 6.9.1-1.1.g492f944 for 6.9.1-1.g492f944. A
 * release candidate is written 6.14~rc3, once 5.10.rc1.
 */
export function isRebuild(version: string, wanted: string): boolean {
  const [commit = ''] = COMMIT.exec(wanted) ?? [];
  const [found = ''] = COMMIT.exec(version) ?? [];
  const start = writeCandidate(wanted.slice(0, wanted.length - commit.length));
  return found === commit && writeCandidate(version).startsWith(`${start}.`);
}

function writeCandidate(version: string): string {
  return version.replace(/\.(?=rc\d+-)/, '~');
}
