/** GNU build-ids: from ELF notes as /sys/kernel/notes and SHT_NOTE sections hold them. */
import { findBuildId as findInOrder } from '../elf/notes.ts';
import type { BuildId } from '../types.ts';

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
