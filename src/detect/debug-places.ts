/** Where distributions put a kernel's debug information. Pure. */

const USUAL = 'usr/lib/debug/lib/modules';
/** Of systems that have /lib below /usr. */
const MERGED = 'usr/lib/debug/usr/lib/modules';

/** Folders with one of each release below them, without the first slash. */
export const DEBUG_FOLDERS: readonly string[] = [USUAL, MERGED];

/** Paths of a vmlinux that can be nothing else, in the order in which elfutils looks (man stappaths). probe.sh has them, too. */
export function vmlinuxPlaces(release: string): readonly string[] {
  return [
    `/${USUAL}/${release}/vmlinux`,
    `/usr/lib/debug/boot/vmlinux-${release}`,
    `/${MERGED}/${release}/vmlinux`,
  ].flatMap((path) => [path, `${path}.debug`]);
}
