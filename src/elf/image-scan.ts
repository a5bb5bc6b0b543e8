/** The build-id of an arm64 Image, which is no ELF file but holds the notes of one (Linux: Documentation/arch/arm64/booting.rst). */
import type { BuildId } from '../types.ts';
import { findBuildId } from './notes.ts';

/** Sizes of name and bytes, type NT_GNU_BUILD_ID, and the name: how a note with a SHA-1 begins. */
const START = Buffer.from([4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 0x47, 0x4e, 0x55, 0]);
const NOTE_BYTES = START.length + 20;

export interface ImageScan {
  push(chunk: Uint8Array): void;
  /** Null where there is none. */
  result(): BuildId | null;
}

/** Of several notes the last is the kernel's: the others are of the vDSOs inside (seen on Debian's 6.1 and 6.12). */
export function createImageScan(): ImageScan {
  let kept = Buffer.alloc(0);
  let found: BuildId | null = null;
  return {
    push(chunk) {
      const bytes = Buffer.concat([kept, chunk]);
      const at = bytes.lastIndexOf(START, bytes.length - NOTE_BYTES);
      if (at >= 0) found = findBuildId(bytes.subarray(at, at + NOTE_BYTES), true);
      kept = bytes.subarray(Math.max(0, bytes.length - NOTE_BYTES + 1));
    },
    result: () => found,
  };
}
