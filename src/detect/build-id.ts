/** GNU build-ids: from ELF notes as /sys/kernel/notes and SHT_NOTE sections hold them. */
import type { BuildId } from '../types.ts';

/** elf.h: the type of the note whose name is "GNU" and whose description is the build-id. */
const NT_GNU_BUILD_ID = 3;

/** The text as a build-id in lower case, or null when it is none. */
export function parseBuildId(text: string): BuildId | null {
  const hex = text.toLowerCase();
  return /^[0-9a-f]{16,64}$/.test(hex) && hex.length % 2 === 0 ? (hex as BuildId) : null;
}

/**
 * The build-id among a sequence of ELF notes, or null. Both byte orders are tried: the notes may come from a machine of
 * the other one, and only one of them makes sense of the lengths.
 * @param bytes the notes as they lie in memory (gABI, "Note Section"): namesz, descsz, type, then name and desc, each
 *   padded to four bytes
 */
export function findBuildId(bytes: Uint8Array): BuildId | null {
  return findInOrder(bytes, true) ?? findInOrder(bytes, false);
}

function findInOrder(bytes: Uint8Array, littleEndian: boolean): BuildId | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 12 <= bytes.length) {
    const nameSize = view.getUint32(at, littleEndian);
    const descriptionSize = view.getUint32(at + 4, littleEndian);
    const type = view.getUint32(at + 8, littleEndian);
    const name = at + 12;
    const description = name + pad(nameSize);
    const end = description + descriptionSize;
    if (end > bytes.length) return null;
    if (
      type === NT_GNU_BUILD_ID &&
      nameSize === 4 &&
      Buffer.from(bytes.subarray(name, name + 4)).toString() === 'GNU\0'
    ) {
      return parseBuildId(Buffer.from(bytes.subarray(description, end)).toString('hex'));
    }
    at = description + pad(descriptionSize);
  }
  return null;
}

function pad(size: number): number {
  return Math.ceil(size / 4) * 4;
}
