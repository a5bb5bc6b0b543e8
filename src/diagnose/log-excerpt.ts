/** What is kept of a log of any size: its beginning, its end, and the neighbourhood of every needle between them. */
import { buildNeedleScan, type NeedleScan } from './needles.ts';

const KIB = 1024;
/** Bytes kept whole at either end: a pasted report or the end of a build log fits. */
const END_BYTES = 256 * KIB;
const WINDOW_BYTES = 1024 * KIB;
/** Most that is taken before and behind a needle. */
const BEFORE_BYTES = 1 * KIB;
const BEHIND_BYTES = 2 * KIB;
/** A needle that keeps coming back says nothing new after this many times. */
const HITS_PER_NEEDLE = 32;

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Reads a log chunk by chunk in bounded memory (about 2 MiB, and at most 32 short pieces per needle).
 * The result does not depend on where chunks end: bytes are gathered into windows of one size first.
 */
export class LogExcerpt {
  readonly #window = Buffer.allocUnsafe(WINDOW_BYTES);
  readonly #needles: readonly string[];
  readonly #longest: number;
  #scan: NeedleScan;
  /** What the scan's numbers stand for: indices into the needles that it still looks for. */
  #wanted: readonly number[];
  readonly #hits: Uint32Array;
  readonly #pieces: Piece[] = [];
  #filled = 0;
  /** Offset of the window's first byte in the log. */
  #base = 0;
  /** Index in the window up to which needles were looked for. */
  #scanned = 0;
  #head = '';

  constructor(needles: readonly string[]) {
    this.#needles = needles;
    this.#wanted = [...needles.keys()];
    this.#scan = buildNeedleScan(needles);
    this.#longest = Math.max(...needles.map((needle) => Buffer.byteLength(needle)));
    this.#hits = new Uint32Array(needles.length);
  }

  push(chunk: Uint8Array): void {
    if (chunk.includes(0)) {
      this.#pushWithoutNuls(chunk);
      return;
    }
    let from = 0;
    while (from < chunk.length) {
      const take = Math.min(chunk.length - from, WINDOW_BYTES - this.#filled);
      this.#window.set(chunk.subarray(from, from + take), this.#filled);
      this.#filled += take;
      from += take;
      if (this.#filled === WINDOW_BYTES) this.#turnOver();
    }
  }

  /** The kept text in the order of the log; pieces that did not touch are separated by a line of their own. */
  finish(): string {
    if (this.#base === 0) return this.#textOf(0, this.#filled);
    this.#scanTo(this.#filled);
    const lastBytes = Math.max(this.#base + this.#filled - END_BYTES, END_BYTES);
    const middle = this.#pieces.filter((piece) => piece.start < lastBytes);
    const tailStart = Math.max(lastBytes, middle.at(-1)?.end ?? 0);
    const tail = this.#textOf(tailStart - this.#base, this.#filled);
    return [this.#head, ...middle.map((piece) => piece.text), tail].join('\n');
  }

  /** NULs are padding of UTF-16 text or garbage; without them UTF-16 reads as ASCII. */
  #pushWithoutNuls(chunk: Uint8Array): void {
    const window = this.#window;
    let filled = this.#filled;
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index] ?? 0;
      window[filled] = byte;
      if (byte === 0) continue;
      filled += 1;
      if (filled < WINDOW_BYTES) continue;
      this.#filled = filled;
      this.#turnOver();
      filled = this.#filled;
    }
    this.#filled = filled;
  }

  #turnOver(): void {
    if (this.#base === 0) this.#head = this.#textOf(0, END_BYTES);
    this.#scanTo(WINDOW_BYTES - BEHIND_BYTES);
    this.#forgetSpent();
    const drop = WINDOW_BYTES - END_BYTES;
    this.#window.copyWithin(0, drop);
    this.#base += drop;
    this.#filled -= drop;
    this.#scanned = Math.max(this.#scanned - drop, 0);
  }

  /** What came back too often is not looked for any more: a flood of one message is then read as fast as any text. */
  #forgetSpent(): void {
    const wanted = this.#wanted.filter((needle) => (this.#hits[needle] ?? 0) <= HITS_PER_NEEDLE);
    if (wanted.length === this.#wanted.length) return;
    this.#wanted = wanted;
    this.#scan = buildNeedleScan(wanted.map((needle) => this.#needles[needle] ?? ''));
  }

  #scanTo(limit: number): void {
    let resume = limit - this.#longest + 1;
    this.#scan(this.#window, this.#scanned, limit, (found, end) => {
      const needle = this.#wanted[found] ?? 0;
      const seen = (this.#hits[needle] ?? 0) + 1;
      this.#hits[needle] = seen;
      const behind = seen > HITS_PER_NEEDLE || this.#base + end <= END_BYTES ? end : this.#keepAround(end);
      resume = Math.max(resume, behind);
      return behind;
    });
    this.#scanned = Math.max(this.#scanned, resume);
  }

  /** Keeps the line around a needle and the two behind it; returns the index behind that line. */
  #keepAround(end: number): number {
    const lineEnd = this.#lineEnd(end, end + BEHIND_BYTES);
    const kept = this.#lineEnd(this.#lineEnd(lineEnd, end + BEHIND_BYTES), end + BEHIND_BYTES);
    const before = this.#window.lastIndexOf(10, end - 1);
    const lineStart = Math.max(before + 1, end - BEFORE_BYTES, 0);
    const start = Math.max(this.#base + lineStart, this.#pieces.at(-1)?.end ?? 0);
    const text = this.#textOf(start - this.#base, kept);
    if (text !== '') this.#pieces.push({ start, end: this.#base + kept, text });
    return lineEnd;
  }

  /** Index behind the next newline, at most `limit`. */
  #lineEnd(from: number, limit: number): number {
    const bound = Math.min(limit, this.#filled);
    const newline = this.#window.subarray(from, bound).indexOf(10);
    return newline === -1 ? bound : from + newline + 1;
  }

  #textOf(start: number, end: number): string {
    return this.#window.toString('utf8', start, Math.max(end, start));
  }
}
