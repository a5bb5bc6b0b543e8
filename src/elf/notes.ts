/** ELF notes: where the build-id stands in executables, vmlinux, and /sys/kernel/notes. */
import type { BuildId } from '../types.ts';

const NT_GNU_BUILD_ID = 3;

/**
 * The GNU build-id in a run of notes, or null. Notes that do not fit the bytes end the search.
 * @param bytes a note segment or section, or /sys/kernel/notes
 */
export function findBuildId(bytes: Uint8Array, littleEndian: boolean): BuildId | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 12 <= bytes.length) {
    const nameSize = view.getUint32(at, littleEndian);
    const descSize = view.getUint32(at + 4, littleEndian);
    const type = view.getUint32(at + 8, littleEndian);
    const name = at + 12;
    const desc = name + align4(nameSize);
    if (desc + descSize > bytes.length) return null;
    if (type === NT_GNU_BUILD_ID && nameSize === 4 && Buffer.from(bytes.subarray(name, name + 4)).equals(GNU))
      return toBuildId(bytes.subarray(desc, desc + descSize));
    at = desc + align4(descSize);
  }
  return null;
}

const GNU = Buffer.from('GNU\0', 'latin1');

/** The one place where bytes become a build-id: 8 to 32 of them, as linkers write it (xxhash 8, md5 16, sha1 20, sha256 32). */
function toBuildId(bytes: Uint8Array): BuildId | null {
  if (bytes.length < 8 || bytes.length > 32) return null;
  return Buffer.from(bytes).toString('hex') as BuildId;
}

function align4(value: number): number {
  return Math.ceil(value / 4) * 4;
}
