/** Writes a bundle: one tar, the same bytes for the same contents, complete under its name or not there. */
import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { TapprepError } from '../errors.ts';
import { writeAll, writeWhole } from '../files/write-whole.ts';
import type { Sha256 } from '../types.ts';
import { copyRange, createCopyBuffers, type CopyBuffers } from '../files/copy-range.ts';
import {
  type BundledFile,
  type BundleManifest,
  listFiles,
  MANIFEST_NAME,
  renderManifest,
  renderSums,
  SIGNATURE_NAME,
  SUMS_NAME,
  toTarFile,
} from './manifest.ts';
import { encodeHeader, paddingBytes, TRAILER_BYTES } from './tar-entry.ts';

/** Where the bytes of a bundled file are: a file on this machine, or here. */
export type BundleSource = { readonly file: string } | { readonly data: Uint8Array };

export interface WriteRequest {
  readonly out: string;
  readonly manifest: BundleManifest;
  /** By path in the bundle; one for every file and package of the manifest. */
  readonly sources: ReadonlyMap<string, BundleSource>;
  /** Signs SHA256SUMS, and with it everything; null for none. Returns the armored signature. */
  readonly sign: ((sums: string) => Promise<string>) | null;
  /** Whether the tar is synced to the disk before it gets its name; true unless told. */
  readonly durable?: boolean;
  readonly signal: AbortSignal;
}

export interface WrittenBundle {
  readonly path: string;
  readonly sizeBytes: number;
  readonly manifestSha256: Sha256;
}

/**
 * Writes the tar: manifest, sums, signature, then all files sorted by path. Every file is held against its digest on the
 * way, so that what changed since it was verified ends here and not on the target.
 * @throws TapprepError DIGEST_MISMATCH | NO_SPACE | PERMISSION | INTERRUPTED
 */
export async function writeBundle(request: WriteRequest): Promise<WrittenBundle> {
  const { out, manifest } = request;
  const text = Buffer.from(renderManifest(manifest));
  const manifestSha256 = createHash('sha256').update(text).digest('hex') as Sha256;
  const sums = renderSums(manifest, manifestSha256);
  const head: [string, Uint8Array][] = [
    [MANIFEST_NAME, text],
    [SUMS_NAME, Buffer.from(sums)],
  ];
  if (request.sign !== null) head.push([SIGNATURE_NAME, Buffer.from(await request.sign(sums))]);

  let sizeBytes = 0;
  const fill = async (tar: FileHandle): Promise<void> => {
    let at = 0;
    for (const [path, data] of head) {
      at = await putData(tar, at, manifest, { path, sizeBytes: data.length, mode: 0o644 }, data);
    }
    const buffers = createCopyBuffers();
    for (const file of listFiles(manifest)) at = await putFile(tar, at, request, file, buffers);
    await writeAll(tar, Buffer.alloc(TRAILER_BYTES), at);
    sizeBytes = at + TRAILER_BYTES;
  };
  await writeWhole(out, fill, { mode: 'user', durable: request.durable !== false });
  return { path: out, sizeBytes, manifestSha256 };
}

async function putData(
  tar: FileHandle,
  at: number,
  manifest: BundleManifest,
  file: Omit<BundledFile, 'sha256'>,
  data: Uint8Array,
): Promise<number> {
  const header = encodeHeader(toTarFile(manifest, file));
  const block = Buffer.concat([header, data, Buffer.alloc(paddingBytes(data.length))]);
  await writeAll(tar, block, at);
  return at + block.length;
}

async function putFile(
  tar: FileHandle,
  at: number,
  request: WriteRequest,
  file: BundledFile,
  buffers: CopyBuffers,
): Promise<number> {
  const source = request.sources.get(file.path);
  if (source === undefined) throw new TapprepError('INTERNAL', `nothing was given for ${file.path} of the bundle`);
  if ('data' in source) {
    requireSame(file, createHash('sha256').update(source.data).digest('hex'), source.data.length);
    return putData(tar, at, request.manifest, file, source.data);
  }
  const header = encodeHeader(toTarFile(request.manifest, file));
  await writeAll(tar, header, at);
  const from = await open(source.file);
  try {
    const { size } = await from.stat();
    const bytes = file.sizeBytes;
    const range = { from, fromOffset: 0, to: tar, toOffset: at + header.length, bytes, signal: request.signal };
    requireSame(file, size === bytes ? await copyRange(range, buffers) : null, size);
  } finally {
    await from.close();
  }
  const end = at + header.length + file.sizeBytes;
  await writeAll(tar, Buffer.alloc(paddingBytes(file.sizeBytes)), end);
  return end + paddingBytes(file.sizeBytes);
}

function requireSame(file: BundledFile, sha256: string | null, sizeBytes: number): void {
  if (sha256 === file.sha256) return;
  throw new TapprepError(
    'DIGEST_MISMATCH',
    `${file.path} was verified as ${file.sizeBytes} bytes with sha256 ${file.sha256}, and now has ${sizeBytes} bytes with sha256 ${sha256 ?? 'unread'}`,
    { hint: 'the same command once more', facts: { path: file.path, expected: file.sha256, found: sha256 } },
  );
}
