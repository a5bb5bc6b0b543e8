/** Where a vmlinux of a debuginfod goes on a target: a directory of tapprep's own, where stap looks (man stappaths). */

/** Every such place. */
export const DEBUGINFO_PLACE: RegExp = /^\/usr\/lib\/debug\/lib\/modules\/[\w.+~-]{1,200}\/vmlinux$/;

/** What may be asked for of a debug package: "vmlinux", or the name of a module. */
export const DEBUG_FILE: RegExp = /^[A-Za-z0-9_][\w-]{0,62}$/;

/** That of a kernel. */
export function debuginfoPlace(release: string): string {
  return `/usr/lib/debug/lib/modules/${release}/vmlinux`;
}
