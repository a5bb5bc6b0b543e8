/** Bundles as an attacker writes them: the right form around any manifest and any bytes, and tars changed by the byte. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BundleManifest,
  compareText,
  listFiles,
  MANIFEST_NAME,
  renderManifest,
  renderSums,
  renderTarget,
  renderText,
  SIGNATURE_NAME,
  SUMS_NAME,
  TARGET_NAME,
  TEXT_NAME,
  toTarFile,
} from '../../src/bundle/manifest.ts';
import { encodeHeader, paddingBytes, TRAILER_BYTES } from '../../src/bundle/tar-entry.ts';
import type { BundledFile } from '../../src/bundle/manifest.ts';
import type { Sha256 } from '../../src/types.ts';

/** A file of a bundle: its bytes, and its mode where it is a program. */
export interface ForgedFile {
  readonly path: string;
  readonly data: Uint8Array;
  readonly mode?: BundledFile['mode'];
}

/** One entry of a tar, the header apart from the data. */
export interface Entry {
  readonly path: string;
  readonly header: Buffer;
  readonly data: Uint8Array;
}

export interface ForgedBundle {
  readonly manifest: BundleManifest;
  readonly entries: readonly Entry[];
}

/** Hexadecimal SHA-256. */
export function sha256(data: Uint8Array | string): Sha256 {
  return createHash('sha256').update(data).digest('hex') as Sha256;
}

/**
 * The entries of a bundle whose manifest says what the attacker wants. Everything that follows from a manifest follows
 * from this one, so that only what is wrong on purpose is wrong.
 * @param instead texts in the place of those that follow from the manifest
 */
export function forgeBundle(
  head: Omit<BundleManifest, 'files'>,
  files: readonly ForgedFile[],
  sign: ((sums: string) => string) | null = null,
  instead: Readonly<Record<string, Uint8Array>> = {},
): ForgedBundle {
  const packages = new Set(head.packages.map(({ path }) => path));
  const others = files.filter(({ path }) => !packages.has(path));
  const text = renderText(head, head.packages.length + others.length + 2);
  const texts: readonly ForgedFile[] = [
    { path: TARGET_NAME, data: instead[TARGET_NAME] ?? Buffer.from(renderTarget(head)) },
    { path: TEXT_NAME, data: instead[TEXT_NAME] ?? Buffer.from(text) },
  ];
  const listed = [...others, ...texts].toSorted((a, b) => compareText(a.path, b.path));
  const manifest: BundleManifest = {
    ...head,
    files: listed.map(({ path, data, mode = 0o644 }) => ({ path, sizeBytes: data.length, sha256: sha256(data), mode })),
  };
  const written = Buffer.from(renderManifest(manifest));
  const sums = renderSums(manifest, sha256(written));
  const bytes = new Map([...files, ...texts].map(({ path, data }) => [path, data]));
  const entry = (path: string, data: Uint8Array, mode: BundledFile['mode'] = 0o644): Entry => ({
    path,
    header: encodeHeader(toTarFile(manifest, { path, sizeBytes: data.length, mode })),
    data,
  });
  const entries = [
    entry(MANIFEST_NAME, written),
    entry(SUMS_NAME, Buffer.from(sums)),
    ...(sign === null ? [] : [entry(SIGNATURE_NAME, Buffer.from(sign(sums)))]),
    ...listFiles(manifest).map(({ path, mode }) => entry(path, bytes.get(path) ?? Buffer.alloc(0), mode)),
  ];
  return { manifest, entries };
}

/** A tar of these entries; `after` follows its end. */
export function packEntries(
  entries: readonly Pick<Entry, 'header' | 'data'>[],
  after: Uint8Array = Buffer.alloc(0),
): Buffer {
  const blocks = entries.flatMap(({ header, data }) => [header, data, Buffer.alloc(paddingBytes(data.length))]);
  return Buffer.concat([...blocks, Buffer.alloc(TRAILER_BYTES), after]);
}

/** Writes a tar into a directory. Returns its path. */
export function writeTar(directory: string, tar: Uint8Array, name = 'forged.tar'): string {
  const path = join(directory, name);
  writeFileSync(path, tar);
  return path;
}

/** What to change in a header block; its checksum is made to fit again. */
export interface HeaderChange {
  readonly name?: string;
  readonly mode?: string;
  readonly size?: string;
  /** '0' file, '1' hard link, '2' symbolic link, '3' device, 'S' sparse … */
  readonly type?: string;
  readonly linkName?: string;
}

const FIELDS: Readonly<Record<keyof HeaderChange, readonly [number, number]>> = {
  name: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  type: [156, 1],
  linkName: [157, 100],
};

/** A copy of a header block (ustar) with other fields. */
export function changeHeader(header: Buffer, change: HeaderChange): Buffer {
  const copy = Buffer.from(header);
  for (const [field, value] of Object.entries(change) as [keyof HeaderChange, string][]) {
    const [at, bytes] = FIELDS[field];
    copy.fill(0, at, at + bytes).write(value, at, bytes, 'latin1');
  }
  copy.fill(' ', 148, 156);
  const sum = copy.reduce((total, byte) => total + byte, 0);
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return copy;
}
