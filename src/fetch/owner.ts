/** Who holds a lock, in a form that another process can check: is that very process still alive? */
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isErrno } from '../errors.ts';
import { ownUid } from '../files/own-user.ts';

export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Random per boot: another one means that the machine restarted and the owner is gone. */
  readonly boot: string;
  /** Process ids only mean something within one PID namespace. */
  readonly pidNamespace: string;
  /** Start time of the process in clock ticks since boot; tells a reused process id. */
  readonly startTime: string;
  readonly uid: number;
}

const UNKNOWN = 'unknown';

/** Describes this process. Without /proc little can be said, and no other process will judge such an owner. */
export async function describeSelf(): Promise<Owner> {
  const { pid, startTime } = parseStat(await readFile('/proc/self/stat', 'utf8').catch(() => ''));
  return {
    pid,
    startTime,
    host: hostname(),
    boot: await readBootId(),
    pidNamespace: await readlink('/proc/self/ns/pid').catch(() => UNKNOWN),
    uid: ownUid(),
  };
}

/** Reads an owner as it was written; null for anything else. */
export function parseOwner(text: string): Owner | null {
  let value: Partial<Record<keyof Owner, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return null;
  }
  const strings = [value?.host, value?.boot, value?.pidNamespace, value?.startTime];
  const whole = strings.every((each) => typeof each === 'string') && Number.isSafeInteger(value?.pid);
  return whole ? (value as Owner) : null;
}

/** The kernel's id of this boot; "unknown" where /proc does not tell. */
async function readBootId(): Promise<string> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => UNKNOWN);
  return text.trim();
}

/** Whether the process id of an owner is of the same host and PID namespace as this process. */
export function isNear(owner: Owner, self: Owner): boolean {
  return owner.host === self.host && owner.pidNamespace === self.pidNamespace && owner.pidNamespace !== UNKNOWN;
}

/** Whether an owner is certainly gone. Another host's or namespace's process cannot be judged and counts as alive. */
export async function isDead(owner: Owner, self: Owner): Promise<boolean> {
  // Of another boot, too: systemd-nspawn gives each container a boot id of its own.
  if (!isNear(owner, self)) return false;
  if (owner.boot !== self.boot && owner.boot !== UNKNOWN && self.boot !== UNKNOWN) return true;
  let text: string;
  try {
    text = await readFile(`/proc/${owner.pid}/stat`, 'utf8');
  } catch (error) {
    const gone = isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH');
    // With hidepid another user's processes cannot be seen, so their absence says nothing.
    return gone && (self.uid === owner.uid || self.uid === 0);
  }
  const seen = parseStat(text);
  return seen.state === 'Z' || seen.startTime !== owner.startTime;
}

/** proc(5): the command name stands in parentheses and may hold anything, so fields count from the last ")". */
function parseStat(text: string): { readonly pid: number; readonly state: string; readonly startTime: string } {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid: Number.parseInt(text, 10) || 0, state: fields[0] ?? '', startTime: fields[19] ?? '' };
}
