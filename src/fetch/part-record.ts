/** What is remembered of an unfinished download beside its bytes: KEY.part.json. */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { isErrno, redact } from '../errors.ts';
import type { Digest } from '../types.ts';
import { diskFailure } from './failure.ts';
import { partRecordSchema } from './records-schema.ts';
import type { ResponseHeaders } from './transport.ts';
import { writeAtomic } from './write-atomic.ts';

export interface PartRecord {
  readonly schema: 'tapprep-part/1';
  /** Without credentials; `urlHash` tells whether it is the same address. */
  readonly url: string;
  readonly urlHash: string;
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly size: number | null;
  readonly expected: Digest | null;
  /** Boot during which the bytes were written: after a crash unsynced bytes may be holes. */
  readonly boot: string;
  /** Bytes without a gap while several mirrors fill the file; null where that is all of it. */
  readonly reached: number | null;
}

/** Identifies an address without keeping its credentials. */
export function hashUrl(url: string): string {
  return createHash('sha256').update(url).digest('hex');
}

/** The validator to send as If-Range: a strong ETag, or a Last-Modified that is strong. */
export function strongValidator(record: PartRecord): string | null {
  if (record.etag !== null && record.etag.startsWith('"')) return record.etag;
  return record.lastModified;
}

/** Last-Modified where it is strong by RFC 9110 section 8.8.2.2: in its second, and a minute after, the file may change again. */
export function strongDate({ lastModified, date }: ResponseHeaders): string | null {
  return Date.parse(date ?? '') - Date.parse(lastModified ?? '') >= 60_000 ? lastModified : null;
}

/** The record of the answer that starts a part; a Last-Modified too young to be strong is left out. */
export function recordOf(
  url: string,
  headers: ResponseHeaders,
  size: number | null,
  expected: Digest | null,
  boot: string,
): PartRecord {
  return {
    schema: 'tapprep-part/1',
    url: redact(url),
    urlHash: hashUrl(url),
    etag: headers.etag,
    lastModified: strongDate(headers),
    size,
    expected,
    boot,
    reached: null,
  };
}

/** Reads a record; null when there is none or it is not whole, which means that the part cannot be resumed. */
export async function readPartRecord(path: string): Promise<PartRecord | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'EISDIR')) return null;
    throw diskFailure(error, path);
  }
  try {
    return partRecordSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Writes a record before the first byte of its part. Cut off by a crash it is no JSON, and the part starts anew. */
export async function writePartRecord(path: string, record: PartRecord): Promise<void> {
  await writeAtomic(path, JSON.stringify(record));
}

/** Removes a part and its record. */
export async function removePart(part: string, record: string): Promise<void> {
  for (const path of [part, record]) {
    await rm(path, { force: true, recursive: true }).catch((error: unknown) => {
      throw diskFailure(error, path);
    });
  }
}
