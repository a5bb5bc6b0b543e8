/** xz, by the program. */
import { execFileSync } from 'node:child_process';

/** The text, packed. */
export function xzSync(text: string): Uint8Array {
  return execFileSync('xz', ['-c'], { input: Buffer.from(text, 'latin1') });
}
