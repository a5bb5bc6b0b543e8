/**
 * Reads a bundle that may be anything. The manifest comes first; from it follows every byte that may come after it, and
 * nothing else is accepted: an entry outside the directory, a link, a device, a second entry of one name, another size, a
 * pax header of another's making or a byte in the padding are all simply not what has to stand there.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ErrorDetails, TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { checkSpace } from '../fetch/space.ts';
import { diskError } from '../files/disk-error.ts';
import type { Sha256 } from '../types.ts';
import { copyRange, createCopyBuffers, type CopyBuffers } from '../files/copy-range.ts';
import {
  type BundledFile,
  type BundleManifest,
  listFiles,
  MANIFEST_NAME,
  parseManifest,
  renderSums,
  renderTarget,
  renderText,
  rootOf,
  SIGNATURE_NAME,
  SUMS_NAME,
  TARGET_NAME,
  TEXT_NAME,
  toTarFile,
} from './manifest.ts';
import { shellLine } from '../shell-words.ts';
import { MANIFEST_ENTRY } from './is-bundle.ts';
import { requireCanonicalArmor } from './signature-armor.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES, paddingBytes, TRAILER_BYTES } from './tar-entry.ts';

const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;
const MAX_SIGNATURE_BYTES = 64 * 1024;

/** A bundle whose every byte was held against its manifest, unpacked. Who made the manifest is another question. */
export interface OpenBundle {
  readonly manifest: BundleManifest;
  readonly manifestSha256: Sha256;
  /** The text of SHA256SUMS, which a signature covers. */
  readonly sums: string;
  /** Armored; null when the bundle is not signed. */
  readonly signature: string | null;
  /** Where a file of the bundle lies now. */
  readonly pathOf: (path: string) => string;
}

interface Source {
  readonly file: FileHandle;
  readonly name: string;
  readonly sizeBytes: number;
}

/**
 * Unpacks a bundle into an empty directory of the caller's own (mode 0700), checking every byte on the way.
 * @throws TapprepError BAD_BUNDLE | DIGEST_MISMATCH | TOO_LARGE | NO_SPACE | PERMISSION | USAGE | INTERRUPTED
 */
export async function openBundle(path: string, directory: string, signal: AbortSignal): Promise<OpenBundle> {
  return withSource(path, async (source) => {
    try {
      return await unpack(source, directory, signal);
    } catch (error) {
      throw diskError(error, directory);
    }
  });
}

/**
 * What a bundle says of itself; nothing behind it is looked at.
 * @throws TapprepError BAD_BUNDLE | TOO_LARGE | PERMISSION | USAGE
 */
export async function readManifest(path: string): Promise<BundleManifest> {
  return withSource(path, async (source) =>
    parseManifest((await readManifestText(source)).text.toString('utf8'), path),
  );
}

async function withSource<Result>(path: string, read: (source: Source) => Promise<Result>): Promise<Result> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw diskError(error, path, { reading: true });
  });
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new TapprepError('USAGE', `${path} is no regular file, and so no bundle`);
    return await read({ file, name: path, sizeBytes: status.size });
  } finally {
    await file.close();
  }
}

async function unpack(source: Source, directory: string, signal: AbortSignal): Promise<OpenBundle> {
  const { text, root, end } = await readManifestText(source);
  const manifest = parseManifest(text.toString('utf8'), source.name);
  if (root !== rootOf(manifest)) {
    throw bad(source, `unpacks to ${root}, but a bundle for its target is called ${rootOf(manifest)}`);
  }
  if (!Buffer.from(text.toString('utf8'), 'utf8').equals(text)) throw bad(source, 'has a manifest that is not UTF-8');
  const manifestSha256 = createHash('sha256').update(text).digest('hex') as Sha256;
  const sums = renderSums(manifest, manifestSha256);
  requireRendered(source, manifest);

  let at = await expectFile(source, end, manifest, { path: SUMS_NAME, data: Buffer.from(sums) });
  const signature = await readSignature(source, at, manifest);
  if (signature !== null) at = signature.end;

  await checkSpace(directory, source.sizeBytes - at, 'unpacking the bundle');
  const buffers = createCopyBuffers();
  const made = new Set<string>();
  for (const bundled of listFiles(manifest)) {
    at = await unpackFile(source, at, manifest, bundled, { directory, made, buffers, signal });
  }
  await expectBytes(source, at, Buffer.alloc(TRAILER_BYTES), 'the end of the archive');
  if (source.sizeBytes !== at + TRAILER_BYTES) {
    throw bad(source, `has ${source.sizeBytes} bytes, but its manifest accounts for ${at + TRAILER_BYTES}`);
  }
  // Last, so that a directory which has them is a whole bundle.
  const heads: readonly (readonly [string, string | Buffer])[] = [
    [MANIFEST_NAME, text],
    [SUMS_NAME, sums],
    ...(signature === null ? [] : [[SIGNATURE_NAME, signature.text] as const]),
  ];
  for (const [name, data] of heads) await writeFile(join(directory, name), data, { flag: 'wx', mode: 0o600 });
  return {
    manifest,
    manifestSha256,
    sums,
    signature: signature?.text ?? null,
    pathOf: (name) => join(directory, name),
  };
}

const GZIP = Buffer.from([0x1f, 0x8b]);

/** The first entry: all that is taken from its header is the directory's name and the manifest's size. */
async function readManifestText(
  source: Source,
): Promise<{ readonly text: Buffer; readonly root: string; readonly end: number }> {
  const head = await readAt(source, 0, HEADER_BYTES);
  if (head.subarray(0, GZIP.length).equals(GZIP))
    throw bad(source, 'is compressed by gzip, and a bundle of packages is a plain tar', {
      hint: shellLine`gunzip --keep ${source.name}`,
    });
  const first = decodeHeader(head);
  const [, root = ''] = MANIFEST_ENTRY.exec(first?.path ?? '') ?? [];
  if (first === null || root === '') {
    throw bad(source, 'does not begin with the manifest of a bundle', {
      remedy: tapprep('bundle', '--out', 'FILE'),
      hint: 'makes one',
    });
  }
  const { sizeBytes } = first;
  if (sizeBytes > MAX_MANIFEST_BYTES) {
    throw new TapprepError(
      'TOO_LARGE',
      `${source.name} has a manifest of ${sizeBytes} bytes, at most ${MAX_MANIFEST_BYTES} are read`,
    );
  }
  const header = encodeHeader({ path: `${root}/${MANIFEST_NAME}`, sizeBytes, mode: 0o644 });
  await expectBytes(source, 0, header, `the header of ${MANIFEST_NAME}`);
  const text = await readAt(source, header.length, sizeBytes);
  if (text.length !== sizeBytes) throw bad(source, 'ends within its manifest');
  const end = header.length + sizeBytes;
  await expectBytes(source, end, Buffer.alloc(paddingBytes(sizeBytes)), `what follows ${MANIFEST_NAME}`);
  return { text, root, end: end + paddingBytes(sizeBytes) };
}

/** The texts for the scripts follow from the manifest, so that no script can be told another story than tapprep. */
function requireRendered(source: Source, manifest: BundleManifest): void {
  const texts = new Map([
    [TEXT_NAME, renderText(manifest, listFiles(manifest).length)],
    [TARGET_NAME, renderTarget(manifest)],
  ]);
  for (const [path, text] of texts) {
    const listed = manifest.files.find((file) => file.path === path);
    if (listed?.sha256 !== createHash('sha256').update(text).digest('hex')) {
      throw bad(source, `lists a ${path} that does not follow from its manifest`);
    }
  }
}

/** SHA256SUMS.asc, where the next entry is one. */
async function readSignature(
  source: Source,
  at: number,
  manifest: BundleManifest,
): Promise<{ readonly text: string; readonly end: number } | null> {
  const found = decodeHeader(await readAt(source, at, HEADER_BYTES));
  if (found?.path !== `${rootOf(manifest)}/${SIGNATURE_NAME}`) return null;
  if (found.sizeBytes > MAX_SIGNATURE_BYTES) {
    throw new TapprepError('TOO_LARGE', `${source.name} has a signature of ${found.sizeBytes} bytes`);
  }
  const data = await readAt(source, at + HEADER_BYTES, found.sizeBytes);
  const text = data.toString('latin1');
  requireCanonicalArmor(text, `${SIGNATURE_NAME} of ${source.name}`);
  return { text, end: await expectFile(source, at, manifest, { path: SIGNATURE_NAME, data }) };
}

interface Destination {
  readonly directory: string;
  readonly made: Set<string>;
  readonly buffers: CopyBuffers;
  readonly signal: AbortSignal;
}

async function unpackFile(
  source: Source,
  at: number,
  manifest: BundleManifest,
  bundled: BundledFile,
  { directory, made, buffers, signal }: Destination,
): Promise<number> {
  const header = encodeHeader(toTarFile(manifest, bundled));
  await expectBytes(source, at, header, `the header of ${bundled.path}`);
  const target = join(directory, bundled.path);
  if (!made.has(dirname(target))) {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    made.add(dirname(target));
  }
  // Exclusive: whatever is there already is not from this bundle.
  const to = await open(target, 'wx', bundled.mode === 0o755 ? 0o700 : 0o600);
  const fromOffset = at + header.length;
  let sha256: Sha256 | null;
  try {
    const range = { from: source.file, fromOffset, to, toOffset: 0, bytes: bundled.sizeBytes, signal };
    sha256 = await copyRange(range, buffers);
  } finally {
    await to.close();
  }
  if (sha256 === null) throw bad(source, `ends within ${bundled.path}`);
  if (sha256 !== bundled.sha256) {
    throw new TapprepError(
      'DIGEST_MISMATCH',
      `${bundled.path} in ${source.name} has sha256 ${sha256}, its manifest names ${bundled.sha256}`,
      { facts: { path: bundled.path, found: sha256, expected: bundled.sha256 } },
    );
  }
  const end = fromOffset + bundled.sizeBytes;
  await expectBytes(source, end, Buffer.alloc(paddingBytes(bundled.sizeBytes)), `what follows ${bundled.path}`);
  return end + paddingBytes(bundled.sizeBytes);
}

/** A whole entry whose content is known; returns where the next one begins. */
async function expectFile(
  source: Source,
  at: number,
  manifest: BundleManifest,
  { path, data }: { readonly path: string; readonly data: Buffer },
): Promise<number> {
  const header = encodeHeader(toTarFile(manifest, { path, sizeBytes: data.length, mode: 0o644 }));
  await expectBytes(source, at, header, `the header of ${path}`);
  const end = at + header.length + data.length;
  await expectBytes(source, at + header.length, data, path);
  await expectBytes(source, end, Buffer.alloc(paddingBytes(data.length)), `what follows ${path}`);
  return end + paddingBytes(data.length);
}

async function expectBytes(source: Source, at: number, expected: Buffer, what: string): Promise<void> {
  const found = await readAt(source, at, expected.length);
  if (found.equals(expected)) return;
  const where = expected.findIndex((byte, index) => byte !== found[index]);
  throw found.length < expected.length
    ? bad(source, `ends at byte ${source.sizeBytes}, where ${what} should be`)
    : bad(source, `has another byte at offset ${at + where} than its manifest demands (${what})`);
}

async function readAt({ file }: Source, at: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

const AGAIN = { hint: 'copy the bundle again; sha256sum on both sides tells whether it arrived whole' };

function bad(source: Source, what: string, advice: ErrorDetails = AGAIN): TapprepError {
  return new TapprepError('BAD_BUNDLE', `${source.name} ${what}`, {
    ...advice,
    facts: { bundle: source.name, sizeBytes: source.sizeBytes },
  });
}
