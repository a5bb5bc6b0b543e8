/** ELF notes: where the build-id stands in executables, vmlinux, and /sys/kernel/notes. */
import type { BuildId } from '../types.ts';

const NT_GNU_ABI_TAG = 1;
const NT_GNU_BUILD_ID = 3;
/** ELF_NOTE_OS_LINUX */
const ABI_LINUX = 0;

/**
 * The GNU build-id in a run of notes, or null. Notes that do not fit the bytes end the search.
 * @param bytes a note segment or section, or /sys/kernel/notes
 */
export function findBuildId(bytes: Uint8Array, littleEndian: boolean): BuildId | null {
  const found = findGnuNote(bytes, littleEndian, NT_GNU_BUILD_ID);
  return found === null ? null : toBuildId(found);
}

/**
 * The oldest Linux that a C library or program was made for, "3.2.0", of its ABI tag (LSB Core, "Note section"); null
 * where there is none or it is for another system.
 */
export function findMinimumKernel(bytes: Uint8Array, littleEndian: boolean): string | null {
  const found = findGnuNote(bytes, littleEndian, NT_GNU_ABI_TAG);
  if (found === null || found.length < 16) return null;
  const view = new DataView(found.buffer, found.byteOffset, found.byteLength);
  const [system, ...version] = [0, 4, 8, 12].map((at) => view.getUint32(at, littleEndian));
  return system === ABI_LINUX ? version.join('.') : null;
}

function findGnuNote(bytes: Uint8Array, littleEndian: boolean, wanted: number): Uint8Array | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 12 <= bytes.length) {
    const nameSize = view.getUint32(at, littleEndian);
    const descSize = view.getUint32(at + 4, littleEndian);
    const type = view.getUint32(at + 8, littleEndian);
    const name = at + 12;
    const desc = name + align4(nameSize);
    if (desc + descSize > bytes.length) return null;
    if (type === wanted && nameSize === 4 && Buffer.from(bytes.subarray(name, name + 4)).equals(GNU))
      return bytes.subarray(desc, desc + descSize);
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
