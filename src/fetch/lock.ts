/**
 * Locks: one owner each, taken over only from a process that is gone. A lock is a symbolic link whose target is the
 * owner's description: making it is one step that fails if it exists, and no crash can leave it without its owner.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readlink, rename, rm, symlink } from 'node:fs/promises';
import { TapprepError, isErrno } from '../errors.ts';
import { refuseWhenStopped } from '../interruption.ts';
import { diskFailure } from './failure.ts';
import { type Owner, isDead, isNear, parseOwner } from './owner.ts';
import { shellLine } from '../shell-words.ts';

export interface LockRequest {
  readonly path: string;
  readonly self: Owner;
  /** For people: what the lock protects. */
  readonly what: string;
  /** Gives up after this long without progress of the owner. */
  readonly timeoutMs: number;
  /** Anything that changes while the owner works. */
  readonly progress: () => Promise<number>;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Told once, when waiting begins. */
  readonly onWait: (text: string) => void;
}

export interface Lock {
  release(): Promise<void>;
}

interface Held {
  readonly text: string;
  /** null where the text is no owner: then nobody can be asked. */
  readonly owner: Owner | null;
}

const POLL_MS = 100;

/**
 * Takes a lock, waiting for a living owner and taking over from a dead one.
 * @throws TapprepError LOCKED when the owner made no progress for the given time, INTERRUPTED | NO_SPACE | PERMISSION
 */
export async function acquireLock(request: LockRequest): Promise<Lock> {
  const { path, self, now } = request;
  let since = now();
  let seen = await request.progress();
  let told = false;
  for (;;) {
    const lock = await tryAcquireLock(path, self);
    if (lock !== null) return lock;
    const held = await readLock(path);
    if (held === null) continue;
    const progress = await request.progress();
    if (progress !== seen) {
      seen = progress;
      since = now();
    }
    if (now() - since >= request.timeoutMs) throw lockedError(request, held);
    if (!told) request.onWait(`waiting for ${nameOwner(held.owner)}, which works on ${request.what}`);
    told = true;
    await request.sleep(POLL_MS, request.signal);
    refuseWhenStopped(request.signal, `while waiting for ${request.what}`);
  }
}

/** Takes a lock without waiting; null where a process that is not known to be gone has it. */
export async function tryAcquireLock(path: string, self: Owner): Promise<Lock | null> {
  const lock: Lock = { release: () => releaseLock(path, self) };
  if (await tryLock(path, self)) return lock;
  const held = await readLock(path);
  if (held === null || held.owner === null || !(await isDead(held.owner, self))) return null;
  return (await takeOver(path, held, self)) ? lock : null;
}

function lockedError(request: LockRequest, held: Held): TapprepError {
  const seconds = Math.round(request.timeoutMs / 1000);
  // The number of one that is elsewhere is another's here.
  const stop =
    held.owner !== null && isNear(held.owner, request.self) ? `kill ${held.owner.pid}` : shellLine`rm ${request.path}`;
  return new TapprepError(
    'LOCKED',
    `${request.what} is locked by ${nameOwner(held.owner)}, which made no progress for ${seconds} s`,
    {
      hint: `${stop}    # if that process is stuck or gone; or leave it alone and use --cache-dir DIR with a new directory`,
      facts: { lock: request.path, owner: held.owner },
    },
  );
}

function nameOwner(owner: Owner | null): string {
  return owner === null ? 'an unknown process' : `process ${owner.pid} on ${owner.host}`;
}

async function tryLock(path: string, self: Owner): Promise<boolean> {
  try {
    await symlink(JSON.stringify(self), path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw diskFailure(error, path);
  }
}

async function readLock(path: string): Promise<Held | null> {
  let text: string;
  try {
    text = await readlink(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    // A plain file in the lock's place: made by hand, and nobody can be asked.
    if (isErrno(error, 'EINVAL')) return { text: '', owner: null };
    throw diskFailure(error, path);
  }
  return { text, owner: parseOwner(text) };
}

/**
 * Replaces a dead owner's lock. Two processes may both have seen it dead, so the right to replace that very owner's
 * lock is a lock of its own; whoever has it looks again before replacing.
 */
async function takeOver(path: string, dead: Held, self: Owner): Promise<boolean> {
  const right = `${path}.${createHash('sha256').update(dead.text).digest('hex').slice(0, 16)}`;
  if (!(await tryLock(right, self))) {
    const holder = await readLock(right);
    if (holder?.owner == null || !(await isDead(holder.owner, self))) return false;
    if (!(await takeOver(right, holder, self))) return false;
  }
  try {
    const again = await readLock(path);
    if (again === null || again.text !== dead.text) return false;
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    await symlink(JSON.stringify(self), temporary);
    await rename(temporary, path);
    return true;
  } catch (error) {
    throw diskFailure(error, path);
  } finally {
    await releaseLock(right, self);
  }
}

async function releaseLock(path: string, self: Owner): Promise<void> {
  const held = await readLock(path);
  if (held?.text !== JSON.stringify(self)) return;
  await rm(path, { force: true }).catch((error: unknown) => {
    throw diskFailure(error, path);
  });
}
