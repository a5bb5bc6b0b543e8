/**
 * The rest of a large file from several mirrors at once: each fills pieces of it, and one that holds up the others is
 * dropped. Only for a file whose size and digest are known: whatever the mirrors send, a wrong mixture cannot pass.
 */
import { type TapprepError, redact } from '../errors.ts';
import { chunksOf } from './body.ts';
import { TransferError, fetchInterrupted } from './failure.ts';
import { releaseMemory } from './memory.ts';
import { nextChunk, type PartState, type TransferContext, type TransferJob } from './transfer.ts';
import { parseContentRange } from './transport.ts';

const PIECE_BYTES = 8 << 20;
/** Pieces that may be unfinished or lie behind one that is: they are what a killed process loses. */
const MOST_PIECES = 12;
const MOST_MIRRORS = 4;
/** Many servers give each connection a share. */
const CONNECTIONS = 2;
/** How often the record is updated with the offset up to which the file has no gap. */
const RECORD_BYTES = 32 << 20;
const IDLE_MS = 20;
/** A piece is taken from a mirror that was seen for so long, where another would need less than half of its time. */
const WATCH_MS = 1_000;
const CLEARLY_FASTER = 2;

/** Bytes from `at` to `end` are missing; whoever works on it moves `at`. */
interface Piece {
  at: number;
  readonly end: number;
  holder: Connection | null;
}

/** One connection to a mirror. */
interface Connection {
  readonly url: string;
  /** Of the pieces that it finished. */
  bytes: number;
  ms: number;
  dropped: boolean;
  /** The piece at work. */
  began: { readonly at: number; readonly offset: number };
  stop: AbortController;
}

interface SegmentedContext extends TransferContext {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

interface State {
  readonly job: TransferJob;
  readonly size: number;
  readonly part: PartState;
  readonly context: SegmentedContext;
  readonly onDrop: (text: string) => void;
  readonly connections: readonly Connection[];
  readonly pieces: Piece[];
  /** First byte that belongs to no piece yet. */
  next: number;
  recorded: number;
  failure: unknown;
}

/** Whether the rest of a file may come from several mirrors at once. */
export function mayFillSegmented({ digest, sizeBytes }: TransferJob, { file, record }: PartState): boolean {
  return digest !== null && sizeBytes !== null && record !== null && file.mayPlace;
}

/**
 * Fills the part as far as the mirrors allow: afterwards it has no gap, but may be shorter than the file, and nothing is
 * verified yet. `onDrop` gets each mirror that was given up.
 * @throws TapprepError INTERRUPTED | NO_SPACE | PERMISSION
 */
export async function fillSegmented(
  urls: readonly string[],
  job: TransferJob,
  part: PartState,
  context: SegmentedContext,
  onDrop: (text: string) => void,
): Promise<void> {
  await part.file.cut();
  const { offset } = part.file;
  const mirrors = urls.filter((url) => /^https?:/i.test(url)).slice(0, MOST_MIRRORS);
  const state: State = {
    job,
    size: job.sizeBytes ?? offset,
    part,
    context,
    onDrop,
    connections: mirrors.flatMap((url) => Array.from({ length: CONNECTIONS }, () => connectionTo(url))),
    pieces: [],
    next: offset,
    recorded: offset,
    failure: null,
  };
  await saveReach(state, offset);
  try {
    await Promise.all(state.connections.map((connection) => work(connection, state)));
  } finally {
    await part.file.cut();
    await saveReach(state, null);
  }
  if (state.failure !== null) throw state.failure;
}

function connectionTo(url: string): Connection {
  return { url, bytes: 0, ms: 0, dropped: false, began: { at: 0, offset: 0 }, stop: new AbortController() };
}

async function work(connection: Connection, state: State): Promise<void> {
  const { pieces, context } = state;
  while (!connection.dropped && state.failure === null && (state.next < state.size || pieces.length > 0)) {
    const piece = takePiece(connection, state);
    if (piece === null) {
      dropSlowest(connection, state);
      await context.sleep(IDLE_MS, context.signal);
      continue;
    }
    try {
      await fillPiece(connection, piece, state);
    } catch (error) {
      if (error instanceof TransferError) drop(connection, state, error.message);
      else if (!connection.dropped) state.failure ??= error;
    }
    piece.holder = null;
    await reach(state).catch((error: unknown) => {
      state.failure ??= error;
    });
  }
  if (context.signal.aborted) state.failure ??= fetchInterrupted(context.signal, state.job.name);
}

/** One that nobody works on, else the next of the file. */
function takePiece(holder: Connection, state: State): Piece | null {
  const { pieces, size } = state;
  const free = pieces.find((piece) => piece.holder === null && piece.at < piece.end);
  if (free !== undefined) {
    free.holder = holder;
    return free;
  }
  if (state.next >= size || pieces.length >= MOST_PIECES) return null;
  const piece: Piece = { at: state.next, end: Math.min(size, state.next + PIECE_BYTES), holder };
  state.next = piece.end;
  pieces.push(piece);
  return piece;
}

/** Called by one that has nothing to do because of the others. The piece is free once its holder has ended its writing. */
function dropSlowest(idle: Connection, state: State): void {
  if (idle.ms === 0) return;
  const now = state.context.now();
  for (const { holder, at, end } of state.pieces) {
    if (holder === null || holder.dropped) continue;
    const watched = now - holder.began.at;
    const left = ((end - at) * watched) / (at - holder.began.offset);
    const own = ((end - at) * idle.ms) / idle.bytes;
    if (watched < WATCH_MS || left < own * CLEARLY_FASTER) continue;
    const rate = Math.round(((at - holder.began.offset) * 1000) / watched);
    drop(holder, state, `${holder.url} sends ${rate} bytes a second and holds up the others`);
    return;
  }
}

/** Gives up a mirror with all connections to it. */
function drop({ url }: Connection, { connections, onDrop }: State, text: string): void {
  const those = connections.filter((connection) => connection.url === url && !connection.dropped);
  if (those.length === 0) return;
  for (const connection of those) {
    connection.dropped = true;
    connection.stop.abort();
  }
  onDrop(text);
}

async function fillPiece(connection: Connection, piece: Piece, state: State): Promise<void> {
  const { context, job, part, size } = state;
  const { url } = connection;
  const signal = AbortSignal.any([context.signal, connection.stop.signal]);
  connection.began = { at: context.now(), offset: piece.at };
  const asked = { offset: piece.at, end: piece.end, ifRange: null, ifNoneMatch: null, ifModifiedSince: null };
  const response = await context.transport.open(url, { ...asked, redirects: job.redirects, signal });
  try {
    const range = parseContentRange(response.headers.contentRange);
    if (response.status !== 206 || range?.start !== piece.at || range.total !== size) {
      throw unfit(url, `answered ${response.status}, not with bytes ${piece.at} to ${piece.end - 1} of ${size}`);
    }
    const body = chunksOf(response);
    for (;;) {
      const chunk = await nextChunk(body, url, signal, context.patience);
      if (chunk === null) break;
      if (piece.at + chunk.length > piece.end) throw unfit(url, `sends more than the bytes up to ${piece.end - 1}`);
      await part.file.place(chunk, piece.at);
      piece.at += chunk.length;
      releaseMemory(chunk);
      // What is ahead of a gap counts as well.
      context.onProgress(state.next - state.pieces.reduce((sum, { at, end }) => sum + end - at, 0), size);
    }
  } finally {
    response.body.destroy();
  }
  if (piece.at < piece.end) throw unfit(url, `ended after ${piece.at} of ${piece.end} bytes`);
  connection.bytes += piece.end - connection.began.offset;
  connection.ms += Math.max(1, context.now() - connection.began.at);
}

function unfit(url: string, what: string): TapprepError {
  return new TransferError('NETWORK', `${url} ${what}`, 'later', { facts: { url: redact(url) } });
}

/** Accepts what has no gap before it. */
async function reach(state: State): Promise<void> {
  const { pieces, part } = state;
  while (pieces[0] !== undefined && pieces[0].at === pieces[0].end) {
    const { end } = pieces[0];
    pieces.shift();
    part.file.reach(end);
  }
  if (part.file.offset - state.recorded >= RECORD_BYTES) await saveReach(state, part.file.offset);
}

async function saveReach(state: State, reached: number | null): Promise<void> {
  const { record } = state.part;
  if (record === null) return;
  state.recorded = reached ?? state.recorded;
  state.part.record = { ...record, reached };
  await state.context.saveRecord(state.part.record);
}
