/** What the disk's refusal means: errno to code and words, once for everything that tapprep reads and writes. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { isTapprepError, TapprepError, type ErrorCode } from '../errors.ts';
import { shellLine } from '../shell-words.ts';

/** full and denied have one code everywhere; what a wrong place means depends on who named it. */
type Kind = 'full' | 'denied' | 'place';

const MEANINGS: Readonly<Record<string, readonly [Kind, string]>> = {
  ENOSPC: ['full', 'has no space or no inode left'],
  EDQUOT: ['full', 'has no space left within the quota of this user'],
  EFBIG: ['full', 'cannot hold a file that large'],
  EACCES: ['denied', 'may not be used by this user'],
  EPERM: ['denied', 'may not be used by this user'],
  EROFS: ['denied', 'is on a read-only file system'],
  ENOENT: ['place', 'is in a directory that does not exist'],
  ENOTDIR: ['place', 'is in something that is not a directory'],
  EISDIR: ['place', 'is a directory'],
  EEXIST: ['place', 'is there already'],
  ENOTEMPTY: ['place', 'is there already'],
  ELOOP: ['place', 'is a symbolic link where none may be'],
  ENAMETOOLONG: ['place', 'has a name that is too long'],
};

export interface DiskErrorOptions {
  /** Before the path: "the report cannot be written: ". */
  readonly what?: string;
  /** The path is of something that was to be read: what is absent then is the thing itself. */
  readonly reading?: boolean;
  /** Instead of the usual command to paste. */
  readonly hint?: string;
  /** Where the place is wrong; USAGE, because the user named it, unless told. */
  readonly place?: ErrorCode;
  /** Any other errno; left as Node's own error unless told. */
  readonly other?: ErrorCode;
}

/** The errno of a caught value, or null. */
function errnoOf(error: unknown): string | null {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : null;
}

/** The error to throw for one that was caught while `path` was used: NO_SPACE, PERMISSION, or as the options say. */
export function diskError(error: unknown, path: string, options: DiskErrorOptions = {}): unknown {
  const errno = errnoOf(error);
  if (isTapprepError(error) || errno === null) return error;
  const [kind, meaning] = MEANINGS[errno] ?? ['other', `cannot be used: ${firstLine(error)}`];
  const words = errno === 'ENOENT' ? absence(path, options) : meaning;
  const code = codeOf(kind, options);
  if (code === null) return error;
  return new TapprepError(code, `${options.what ?? ''}${path} ${words} (${errno})`, {
    hint: options.hint ?? hintFor(kind, errno, path, options),
    facts: { path, errno },
    cause: error,
  });
}

function absence(path: string, { reading }: DiskErrorOptions): string {
  if (reading === true) return 'does not exist';
  return existsSync(dirname(path))
    ? 'is in a directory that takes no such file'
    : 'is in a directory that does not exist';
}

/** A command about what is there: a file that could not be made is not. */
function hintFor(kind: Kind | 'other', errno: string, path: string, { reading }: DiskErrorOptions): string {
  const near = nearestPath(path);
  if (kind === 'full') return shellLine`df -h ${near}; df -i ${near}`;
  const isToMake = errno === 'ENOENT' && reading !== true && near !== dirname(path);
  return isToMake ? shellLine`mkdir -p ${dirname(path)}` : shellLine`ls -ld ${near}`;
}

/** The path, or the nearest directory above it that exists. */
export function nearestPath(path: string): string {
  const above = dirname(path);
  return existsSync(path) || above === path ? path : nearestPath(above);
}

function codeOf(kind: Kind | 'other', { place = 'USAGE', other }: DiskErrorOptions): ErrorCode | null {
  if (kind === 'full') return 'NO_SPACE';
  if (kind === 'denied') return 'PERMISSION';
  return kind === 'place' ? place : (other ?? null);
}

function firstLine(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n', 1)[0]?.slice(0, 200) ?? '') : '';
}
