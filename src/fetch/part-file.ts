/** A file that is being downloaded: bytes go in, digests come out, and what is on the disk can be resumed. */
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { Digest } from '../types.ts';
import { diskFailure } from './failure.ts';

type Algorithm = Digest['algorithm'];

const BLOCK = 1 << 20;
/** How much may lie in the page cache unsynced: it bounds how long the final sync takes. */
const SYNC_EVERY = 64 << 20;

const KEEP_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
const NEW_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;

/** The open part of one download. Owns a file handle: close it. Errors of the disk are NO_SPACE, PERMISSION or Node's own. */
export class PartFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #algorithms: readonly Algorithm[];
  readonly #durable: boolean;
  #hashes: readonly Hash[];
  #blocks: [Buffer, Buffer] | null = null;
  #fill = 0;
  #written = 0;
  #writing: Promise<void> | null = null;
  #syncing: Promise<void> | null = null;
  #unsynced = 0;
  #failure: unknown = null;

  private constructor(path: string, handle: FileHandle, algorithms: readonly Algorithm[], durable: boolean) {
    this.path = path;
    this.#handle = handle;
    this.#algorithms = algorithms;
    this.#durable = durable;
    this.#hashes = algorithms.map((name) => createHash(name));
  }

  /** Opens or makes the part and reads what it already holds through the digests. `keep` false starts it anew. */
  static async open(
    path: string,
    algorithms: readonly Algorithm[],
    options: { readonly keep: boolean; readonly durable: boolean },
  ): Promise<PartFile> {
    let handle: FileHandle;
    try {
      // Whatever lies there from before goes first, be it a link to somewhere else.
      if (!options.keep) await rm(path, { force: true });
      handle = await open(path, options.keep ? KEEP_FLAGS : NEW_FLAGS, 0o600);
    } catch (error) {
      throw diskFailure(error, path);
    }
    const part = new PartFile(path, handle, algorithms, options.durable);
    try {
      await part.#readBack();
    } catch (error) {
      await handle.close();
      throw diskFailure(error, path);
    }
    return part;
  }

  /** Bytes accepted so far. */
  get offset(): number {
    return this.#written + this.#fill;
  }

  /** Takes bytes; waits while two blocks are on their way to the disk. The chunk is copied. */
  async append(chunk: Uint8Array): Promise<void> {
    this.#blocks ??= [Buffer.allocUnsafeSlow(BLOCK), Buffer.allocUnsafeSlow(BLOCK)];
    let from = 0;
    while (from < chunk.length) {
      const count = Math.min(chunk.length - from, BLOCK - this.#fill);
      this.#blocks[0].set(count === chunk.length ? chunk : chunk.subarray(from, from + count), this.#fill);
      this.#fill += count;
      from += count;
      if (this.#fill === BLOCK) await this.#swap();
    }
  }

  /** Forgets everything: the file is empty afterwards. */
  async restart(): Promise<void> {
    this.#fill = 0;
    await this.#settle();
    try {
      await this.#handle.truncate(0);
    } catch (error) {
      throw diskFailure(error, this.path);
    }
    this.#written = 0;
    this.#unsynced = 0;
    this.#hashes = this.#algorithms.map((name) => createHash(name));
  }

  /** Brings every accepted byte to the file, and to the disk where durability was asked for. */
  async flush(): Promise<void> {
    if (this.#fill > 0) await this.#swap();
    await this.#settle();
    if (!this.#durable) return;
    try {
      await this.#handle.sync();
    } catch (error) {
      throw diskFailure(error, this.path);
    }
  }

  /** The digests of all bytes accepted so far, hexadecimal, by algorithm. Flush first. */
  digests(): Readonly<Partial<Record<Algorithm, string>>> {
    return Object.fromEntries(this.#algorithms.map((name, at) => [name, this.#hashes[at]?.copy().digest('hex')]));
  }

  /** Writes out what was accepted, as far as the disk allows, and closes the file. Never throws: the bytes are optional. */
  async close(): Promise<void> {
    try {
      if (this.#fill > 0 && this.#failure === null) await this.#swap();
      await this.#settle();
    } catch {
      // The part is shorter than it could be; the next run asks for the rest.
    }
    await this.#syncing;
    await this.#handle.close();
  }

  /** Size of the file on the disk; differs from `offset` only when someone else wrote to it. */
  async sizeOnDisk(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async #readBack(): Promise<void> {
    const block = Buffer.allocUnsafeSlow(BLOCK);
    for (;;) {
      const { bytesRead } = await this.#handle.read(block, 0, BLOCK, this.#written);
      if (bytesRead === 0) return;
      for (const hash of this.#hashes) hash.update(block.subarray(0, bytesRead));
      this.#written += bytesRead;
    }
  }

  async #swap(): Promise<void> {
    const blocks = this.#blocks;
    if (blocks === null) return;
    const [full, other] = blocks;
    const length = this.#fill;
    // The hash runs while the block before this one is still being written.
    for (const hash of this.#hashes) hash.update(full.subarray(0, length));
    await this.#settle();
    const position = this.#written;
    this.#blocks = [other, full];
    this.#written += length;
    this.#fill = 0;
    this.#writing = this.#write(full, length, position);
    this.#unsynced += length;
    if (this.#durable && this.#unsynced >= SYNC_EVERY && this.#syncing === null) this.#startSync();
  }

  async #write(block: Buffer, length: number, position: number): Promise<void> {
    try {
      let done = 0;
      while (done < length) {
        const { bytesWritten } = await this.#handle.write(block, done, length - done, position + done);
        done += bytesWritten;
      }
    } catch (error) {
      this.#failure = diskFailure(error, this.path);
    }
  }

  #startSync(): void {
    this.#unsynced = 0;
    this.#syncing = this.#handle
      .datasync()
      .catch((error: unknown) => {
        this.#failure ??= diskFailure(error, this.path);
      })
      .finally(() => {
        this.#syncing = null;
      });
  }

  async #settle(): Promise<void> {
    await this.#writing;
    this.#writing = null;
    if (this.#failure !== null) throw this.#failure;
  }
}
