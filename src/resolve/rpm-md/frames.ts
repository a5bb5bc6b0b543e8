/** Cuts primary.xml into the frames of single packages while it streams by, and hands out those that may matter. Pure. */
import { countOf } from '../../count.ts';
import { TapprepError } from '../../errors.ts';
import { badXml, readXmlStart } from './xml.ts';

/** Takes primary.xml piece by piece, cut anywhere. */
export interface FrameScanner {
  /** @throws TapprepError BAD_METADATA | TOO_LARGE */
  push(piece: Uint8Array): void;
  /** Number of package frames. @throws TapprepError BAD_METADATA unless it is the number that the root element states. */
  end(): number;
}

/** What of the wishes a frame meets; "none" where all are handed out. */
export type FrameReason = 'name' | 'needle' | 'none';

export interface FrameWishes {
  /** For messages. */
  readonly name: string;
  /** The root element: "filelists" has the names of packages in attributes, so that there only needles count. */
  readonly root?: 'metadata' | 'filelists';
  wantsName(name: string): boolean;
  /** A frame that has one of these byte strings anywhere is handed out whatever its name. */
  readonly needles: readonly string[];
  /** True: every frame is handed out. */
  readonly every?: boolean;
  /** One `<package>…</package>` and why it is handed out; the bytes are only valid during the call. */
  onFrame(frame: Buffer, because: FrameReason): void;
}

const START = Buffer.from('<package');
const END = Buffer.from('</package>');
const NAME_START = Buffer.from('<name>');
const LESS_THAN = 0x3c;
const MAX_NAME_BYTES = 1024;

const FIRST_CAPACITY = 512 * 1024;
/** The largest known frames, of SUSE kernels that list every symbol, have some megabytes. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const MAX_PROLOG_BYTES = 64 * 1024;
/** Some twenty times what the largest known repository has. */
const MAX_PACKAGES = 4_000_000;

/** Starts a scanner; see FrameScanner. */
export function scanFrames(wishes: FrameWishes): FrameScanner {
  // What has a longer needle has the shorter one in it, too.
  const needles = [...new Set(wishes.needles)]
    .filter((needle, _at, all) => !all.some((other) => other !== needle && needle.includes(other)))
    .map((needle) => Buffer.from(needle));
  const root = wishes.root ?? 'metadata';
  const rootStart = Buffer.from(`<${root}`);
  const rootEnd = Buffer.from(`</${root}>`);
  const longest = Math.max(END.length, ...needles.map((needle) => needle.length));
  let buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  let filled = 0;
  /** Bytes from here on were not searched yet. */
  let searched = 0;
  let stated: number | null = null;
  let frames = 0;
  /** A needle lies in the frame that is not complete yet. */
  let hitPending = false;

  const append = (piece: Uint8Array): void => {
    if (filled + piece.length > buffer.length) {
      const wanted = filled + piece.length;
      if (wanted > MAX_FRAME_BYTES + piece.length) throw tooLarge(wishes.name);
      const larger = Buffer.allocUnsafeSlow(Math.max(wanted, buffer.length * 2));
      buffer.copy(larger, 0, 0, filled);
      buffer = larger;
    }
    buffer.set(piece, filled);
    filled += piece.length;
  };
  const drop = (bytes: number): void => {
    buffer.copyWithin(0, bytes, filled);
    filled -= bytes;
  };

  const readProlog = (): number | null => {
    const view = buffer.subarray(0, filled);
    const start = view.indexOf(rootStart);
    const close = start === -1 ? -1 : view.indexOf('>', start);
    if (close === -1) {
      if (filled > MAX_PROLOG_BYTES)
        throw badXml(wishes.name, `it has no <${root}> in its first ${MAX_PROLOG_BYTES} bytes`);
      return null;
    }
    const count = statedCount(view.subarray(0, close + 1).toString('utf8'), wishes.name);
    drop(close + 1);
    return count;
  };

  const takeFrames = (): void => {
    const view = buffer.subarray(0, filled);
    const from = Math.max(0, searched - longest);
    // Each of these is searched for again only once it was passed, so that no part is searched twice.
    const hits = needles.map((needle) => view.indexOf(needle, from));
    let nameAt = view.indexOf(NAME_START);
    let at = 0;
    for (let end = view.indexOf(END, from); end !== -1; end = view.indexOf(END, at)) {
      const next = end + END.length;
      frames += 1;
      if (frames > (stated ?? 0)) throw countMismatch(wishes.name, `more than ${stated}`, stated);
      let hit = hitPending;
      hitPending = false;
      for (let index = 0; index < needles.length; index += 1) {
        const needle = needles[index];
        const found = hits[index] ?? -1;
        if (needle === undefined || found === -1 || found >= next) continue;
        hit = true;
        hits[index] = view.indexOf(needle, next);
      }
      if (nameAt !== -1 && nameAt < at) nameAt = view.indexOf(NAME_START, at);
      const byName = root === 'metadata' && (nameAt === -1 || nameAt > end || wantsNameAt(view, nameAt, wishes));
      if (byName || hit || wishes.every === true) {
        emit(view.subarray(at, next), byName ? 'name' : hit ? 'needle' : 'none', wishes);
      }
      at = next;
    }
    hitPending = hitPending || hits.some((found) => found !== -1);
    drop(at);
    searched = filled;
    if (filled > MAX_FRAME_BYTES) throw tooLarge(wishes.name);
  };

  return {
    push(piece) {
      append(piece);
      stated ??= readProlog();
      if (stated !== null) takeFrames();
    },
    end() {
      if (stated === null) throw badXml(wishes.name, 'it ends before its root element');
      if (stated > 0 && buffer.subarray(0, filled).indexOf(rootEnd) === -1) {
        throw badXml(wishes.name, `it ends after ${frames} of ${countOf(stated, 'package')} without </${root}>`);
      }
      if (frames !== stated) throw countMismatch(wishes.name, String(frames), stated);
      return frames;
    },
  };
}

function statedCount(prolog: string, name: string): number {
  const text = readXmlStart(prolog, name).attributes['packages'] ?? '';
  const count = /^\d{1,9}$/.test(text) ? Number(text) : null;
  if (count === null) throw badXml(name, 'its root element does not state how many packages follow');
  if (count > MAX_PACKAGES) {
    throw new TapprepError('TOO_LARGE', `${name} states ${count} packages, more than ${MAX_PACKAGES}`);
  }
  return count;
}

/** A name with an entity in it, or longer than any name, is left to the parser; so is a frame that has none. */
function wantsNameAt(view: Buffer, nameAt: number, wishes: FrameWishes): boolean {
  const start = nameAt + NAME_START.length;
  const end = view.indexOf(LESS_THAN, start);
  if (end === -1 || end - start > MAX_NAME_BYTES) return true;
  // latin1 is the quickest; what is wanted is ASCII, and no other text turns into ASCII by it.
  const name = view.toString('latin1', start, end);
  return name.includes('&') || wishes.wantsName(name.trim());
}

function emit(frame: Buffer, because: FrameReason, wishes: FrameWishes): void {
  const start = frame.indexOf(START);
  if (start === -1) throw badXml(wishes.name, 'it ends a package that it did not begin');
  wishes.onFrame(frame.subarray(start), because);
}

function countMismatch(name: string, seen: string, stated: number | null): TapprepError {
  return badXml(name, `it states ${stated} packages but holds ${seen}`);
}

function tooLarge(name: string): TapprepError {
  return new TapprepError('TOO_LARGE', `${name} has a package entry of more than ${MAX_FRAME_BYTES} bytes`);
}
