/** What upstream calls a version that a distribution packaged. Pure. */

/** "5.1" of "5.1-5", "1:5.1~rc1-2". */
export function upstreamVersion(packageVersion: string): string {
  return packageVersion
    .replace(/^\d+:/, '')
    .replace(/-[^-]*$/, '')
    .replace(/[+~].*$/, '');
}
