/** Keeping the process small while gigabytes pass through it. Every figure was measured with a file of 1 GiB. */
import type { Socket } from 'node:net';

/** One read takes up to so much; 64 KiB, Node's own, costs twice the processor time of the whole transfer. */
const READ_BYTES = 256 << 10;

/**
 * Gives the memory of a used-up chunk back at once. The collector sees only small objects and would let hundreds of
 * them pile up. A chunk that is a part of a larger buffer is left alone: others may look at the rest.
 */
export function releaseMemory(chunk: Uint8Array): void {
  const { buffer } = chunk;
  if (chunk.byteOffset === 0 && chunk.byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) {
    buffer.transfer(0);
  }
}

/**
 * Options for a socket that reads into one buffer again and again instead of a new one each time. For sockets whose
 * data goes to Node's HTTP parser, which copies what belongs to a body. A read that somebody keeps in a queue keeps
 * its buffer, and the next read gets a new one.
 */
export function reuseReadBuffer(): {
  readonly buffer: () => Uint8Array;
  readonly callback: (this: Socket, bytes: number, buffer: Uint8Array) => boolean;
} {
  let current = Buffer.allocUnsafeSlow(READ_BYTES);
  return {
    buffer: () => current,
    callback(bytes, buffer) {
      const wantsMore = this.push(buffer.subarray(0, bytes));
      if (this.readableLength > 0) current = Buffer.allocUnsafeSlow(READ_BYTES);
      return wantsMore;
    },
  };
}
