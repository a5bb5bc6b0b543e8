/** The shell scripts that ship beside the code: at the same places below src/ and below dist/. */

/** @param path below src/, e.g. "host/probe.sh". This file and the built parts both lie one folder deep. */
export function assetUrl(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}
