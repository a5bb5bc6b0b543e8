/** A file that is being downloaded: bytes go in, digests come out, and what is on the disk can be resumed. */
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { isOwnFile, ownUid } from '../files/own-user.ts';
import type { Digest } from '../types.ts';
import type { DigestThread, FollowedFile } from './digest-thread.ts';
import { diskFailure } from './failure.ts';
import type { InnerDigest, InnerSpan } from './request.ts';

type Algorithm = Digest['algorithm'];

const BLOCK = 256 << 10;

const KEEP_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
const NEW_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;

export interface PartOptions {
  /** False starts the part anew. */
  readonly keep: boolean;
  /** What lies behind so many bytes is not kept: there are gaps in it. */
  readonly reached?: number | null | undefined;
  /** Digests the file as it is written; null: here, which is quicker for small files. */
  readonly thread: DigestThread | null;
  /** Only with a thread: what lies inside the file and is digested too. */
  readonly inner?: InnerSpan | undefined;
}

/** The open part of one download. Owns a file handle: close it. Errors of the disk are NO_SPACE, PERMISSION or Node's own. */
export class PartFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #algorithms: readonly Algorithm[];
  readonly #options: PartOptions;
  #hashes: readonly Hash[] = [];
  #followed: FollowedFile | null = null;
  #found: Promise<readonly string[]> | null = null;
  /** First byte and algorithm of what is digested inside; null where that is not known or there is nothing. */
  #inside: Omit<InnerDigest, 'hex'> | null = null;
  /** Bytes of the file that tell what is inside; Infinity when that is settled. */
  #headBytes = Infinity;
  #blocks: [Buffer, Buffer] | null = null;
  #fill = 0;
  #written = 0;
  #writing: Promise<void> | null = null;
  #failure: unknown = null;

  private constructor(path: string, handle: FileHandle, algorithms: readonly Algorithm[], options: PartOptions) {
    this.path = path;
    this.#handle = handle;
    this.#algorithms = algorithms;
    this.#options = options;
    this.#startDigests();
  }

  /** Opens or makes the part and reads what it already holds through the digests. */
  static async open(path: string, algorithms: readonly Algorithm[], options: PartOptions): Promise<PartFile> {
    let handle: FileHandle;
    try {
      // Whatever lies there from before goes first, be it a link to somewhere else or a directory.
      if (!options.keep) await rm(path, { force: true, recursive: true });
      handle = await open(path, options.keep ? KEEP_FLAGS : NEW_FLAGS, 0o600);
      if (options.keep && !isOwnFile(await handle.stat(), ownUid())) {
        // Somebody else's, or with a second name: it could be changed after its last byte was digested.
        await handle.close();
        await rm(path, { force: true, recursive: true });
        handle = await open(path, NEW_FLAGS, 0o600);
      }
    } catch (error) {
      throw diskFailure(error, path);
    }
    const part = new PartFile(path, handle, algorithms, options);
    try {
      const { reached } = options;
      if (reached != null && (await handle.stat()).size > reached) await handle.truncate(reached);
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

  /** Whether bytes may be put ahead of others: the digests are made of the file itself, not of what comes in. */
  get mayPlace(): boolean {
    return this.#followed !== null;
  }

  /** Puts bytes ahead of those accepted so far, after `cut`; `reach` accepts them. */
  async place(chunk: Uint8Array, at: number): Promise<void> {
    try {
      await this.#writeAll(chunk, chunk.length, at);
    } catch (error) {
      throw diskFailure(error, this.path);
    }
  }

  /** Accepts everything before byte `end`: it was placed. */
  reach(end: number): void {
    this.#written = end;
    const before = this.#writing ?? Promise.resolve();
    this.#writing = before
      .then(() => this.#follow(end))
      .catch((error: unknown) => {
        this.#failure ??= diskFailure(error, this.path);
      });
  }

  /** Brings what was accepted to the file, and takes what was placed behind it away. */
  async cut(): Promise<void> {
    if (this.#fill > 0) await this.#swap();
    await this.#settle();
    try {
      await this.#handle.truncate(this.#written);
    } catch (error) {
      throw diskFailure(error, this.path);
    }
  }

  /** Forgets everything: the file is empty afterwards. */
  async restart(): Promise<void> {
    this.#fill = 0;
    await this.#settle();
    await this.#stopDigests();
    try {
      await this.#handle.truncate(0);
    } catch (error) {
      throw diskFailure(error, this.path);
    }
    this.#written = 0;
    this.#startDigests();
  }

  /** Brings every accepted byte to the file; not to the disk: whoever reads the cache digests what it holds by then. */
  async flush(): Promise<void> {
    if (this.#fill > 0) await this.#swap();
    await this.#settle();
  }

  /** The digests of all bytes accepted so far, hexadecimal, by algorithm. Flush first; no bytes are accepted afterwards. */
  async digests(): Promise<Readonly<Partial<Record<Algorithm, string>>>> {
    const found = await this.#finish();
    return Object.fromEntries(this.#algorithms.map((name, at) => [name, found[at]]));
  }

  /** The digest of what lies inside, after `digests`; null where the file did not tell what that is. */
  async innerDigest(): Promise<InnerDigest | null> {
    const hex = (await this.#finish())[this.#algorithms.length];
    return this.#inside === null || hex === undefined ? null : { ...this.#inside, hex };
  }

  /** Writes out what was accepted, as far as the disk allows, and closes the file. Never throws: the bytes are optional. */
  async close(): Promise<void> {
    try {
      if (this.#fill > 0 && this.#failure === null) await this.#swap();
      await this.#settle();
    } catch {
      // The part is shorter than it could be; the next run asks for the rest.
    }
    await this.#stopDigests();
    await this.#handle.close();
  }

  /** Size of the file on the disk; differs from `offset` only when someone else wrote to it. */
  async sizeOnDisk(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  #startDigests(): void {
    const { thread, inner } = this.#options;
    this.#found = null;
    this.#inside = null;
    this.#headBytes = inner === undefined ? Infinity : 1;
    this.#followed = thread?.follow(this.#handle.fd, this.#algorithms) ?? null;
    this.#hashes = thread === null ? this.#algorithms.map((name) => createHash(name)) : [];
  }

  /** The thread must not read a descriptor that is closed, nor a file that is cut. */
  async #stopDigests(): Promise<void> {
    if (this.#followed !== null) await this.#finish().catch(() => undefined);
  }

  #finish(): Promise<readonly string[]> {
    this.#found ??=
      this.#followed === null
        ? Promise.resolve(this.#hashes.map((hash) => hash.digest('hex')))
        : this.#followed.finish().catch((error: unknown) => {
            throw diskFailure(error, this.path);
          });
    return this.#found;
  }

  /** Everything before `end` is in the file now: the thread may read it, and its head may tell what is inside. */
  async #follow(end: number): Promise<void> {
    const { inner } = this.#options;
    if (this.#followed === null) return;
    this.#followed.advance(end);
    if (inner === undefined || end < this.#headBytes) return;
    const head = Buffer.alloc(Math.min(end, Math.max(this.#headBytes, BLOCK)));
    await this.#handle.read(head, 0, head.length, 0);
    const span = inner(head);
    this.#headBytes = span !== null && 'needBytes' in span ? span.needBytes : Infinity;
    if (span === null || 'needBytes' in span) return;
    this.#inside = span;
    this.#followed.add(span.algorithm, span.from);
  }

  async #readBack(): Promise<void> {
    if (this.#followed !== null) {
      this.#written = (await this.#handle.stat()).size;
      if (this.#written > 0) await this.#follow(this.#written);
      return;
    }
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
  }

  async #write(block: Buffer, length: number, position: number): Promise<void> {
    try {
      await this.#writeAll(block, length, position);
      await this.#follow(position + length);
    } catch (error) {
      this.#failure = diskFailure(error, this.path);
    }
  }

  async #writeAll(block: Uint8Array, length: number, position: number): Promise<void> {
    let done = 0;
    while (done < length) {
      const { bytesWritten } = await this.#handle.write(block, done, length - done, position + done);
      done += bytesWritten;
    }
  }

  async #settle(): Promise<void> {
    await this.#writing;
    this.#writing = null;
    if (this.#failure !== null) throw this.#failure;
  }
}
