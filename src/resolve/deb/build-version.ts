/** Versions of one build of a Debian source package. Pure. */

/** A rebuild of the binary package for one architecture (binNMU) keeps the source's version, which is what uname -v says. */
export function isBuildOf(found: string, version: string): boolean {
  return found === version || (found.startsWith(`${version}+b`) && /^\d+$/.test(found.slice(version.length + 2)));
}

export function stripEpoch(version: string): string {
  return version.replace(/^\d+:/, '');
}
