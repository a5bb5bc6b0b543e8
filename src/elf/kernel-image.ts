/** The build-id inside a kernel image, without unpacking it to a file (Linux: Documentation/arch/x86/boot.rst, arm64/booting.rst). */
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { TapprepError } from '../errors.ts';
import type { BuildId } from '../types.ts';
import { createImageScan } from './image-scan.ts';
import { createNoteScan } from './note-scan.ts';
import { readElf } from './read-elf.ts';
import { throughDecoder, throughTool } from './unpack.ts';

/** Where the kernel lies in the file, and whether it is a vmlinux or an arm64 Image. */
interface Payload {
  readonly offset: number;
  readonly size: number;
  readonly holds: 'vmlinux' | 'Image';
}

const MAX_IMAGE_BYTES = 1024 * 1024 * 1024;

/** Compressions a kernel is packed with, by their first bytes; a program where Node has no decoder. */
const FORMATS: readonly { readonly magic: readonly number[]; unpack(input: Readable): AsyncIterable<Buffer> }[] = [
  { magic: [0x1f, 0x8b], unpack: (input) => throughDecoder(input, createGunzip()) },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], unpack: (input) => throughDecoder(input, createZstdDecompress()) },
  // The size of the unpacked kernel follows the stream: --single-stream keeps xz from reading it as another one.
  { magic: [0xfd, 0x37, 0x7a, 0x58], unpack: (input) => throughTool(input, 'xz', ['-dc', '--single-stream']) },
  { magic: [0x5d, 0x00, 0x00], unpack: (input) => throughTool(input, 'xz', ['-dc', '--format=lzma']) },
  { magic: [0x42, 0x5a, 0x68], unpack: (input) => throughTool(input, 'bzip2', ['-dc']) },
  { magic: [0x02, 0x21, 0x4c, 0x18], unpack: (input) => throughTool(input, 'lz4', ['-dc']) },
];

/**
 * The build-id of the kernel in a bzImage, an arm64 Image (plain, by gzip, or as an EFI program), or an uncompressed vmlinux; null where the image is of another kind or has none.
 * @throws TapprepError TOOL_MISSING when the program that unpacks it is not installed, BAD_PACKAGE for a broken image
 */
export async function readKernelImageBuildId(path: string): Promise<BuildId | null> {
  const plain = await readElf(path);
  if (plain !== null) return plain.buildId;
  const payload = await findPayload(path);
  if (payload === null) return null;
  return await scanPayload(path, payload);
}

async function findPayload(path: string): Promise<Payload | null> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = Buffer.alloc(0x250);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    const image = bytesRead === start.length ? findImage(start, size) : null;
    if (image !== null) return inside(path, image, size);
    // The header names the payload's place since boot protocol 2.08 (Linux 2.6.26).
    if (
      bytesRead < start.length ||
      start.toString('latin1', 0x202, 0x206) !== 'HdrS' ||
      start.readUInt16LE(0x206) < 0x208
    )
      return null;
    const setupSectors = start[0x1f1] === 0 ? 4 : (start[0x1f1] ?? 4);
    const offset = (setupSectors + 1) * 512 + start.readUInt32LE(0x248);
    return inside(path, { offset, size: start.readUInt32LE(0x24c), holds: 'vmlinux' }, size);
  } finally {
    await file.close();
  }
}

/** "ARMd" at 56 of a plain Image; "MZ", "zimg" of one that is packed in an EFI program (drivers/firmware/efi/libstub/zboot-header.S). */
function findImage(start: Buffer, size: number): Payload | null {
  const holds = 'Image';
  if (start.toString('latin1', 0x38, 0x3c) === 'ARMd') return { offset: 0, size, holds };
  if (start.readUInt16BE(0) === 0x1f_8b) return { offset: 0, size, holds };
  if (start.toString('latin1', 0, 2) !== 'MZ' || start.toString('latin1', 4, 8) !== 'zimg') return null;
  return { offset: start.readUInt32LE(8), size: start.readUInt32LE(12), holds };
}

function inside(path: string, payload: Payload, size: number): Payload {
  const { offset, size: bytes } = payload;
  if (bytes > 0 && offset + bytes <= size) return payload;
  throw new TapprepError(
    'BAD_PACKAGE',
    `${path} names a payload of ${bytes} bytes at ${offset}, but has ${size} bytes`,
    { facts: { path, offset, bytes, size } },
  );
}

async function scanPayload(path: string, payload: Payload): Promise<BuildId | null> {
  const file = await open(path, 'r');
  try {
    const magic = Buffer.alloc(4);
    await file.read(magic, 0, 4, payload.offset);
    const format = FORMATS.find((one) => one.magic.every((byte, index) => magic[index] === byte));
    if (format === undefined && payload.holds === 'vmlinux') return null;
    const input = file.createReadStream({
      start: payload.offset,
      end: payload.offset + payload.size - 1,
      autoClose: false,
      highWaterMark: 256 * 1024,
    });
    const unpacked = format === undefined ? input : format.unpack(input);
    return payload.holds === 'Image' ? await scanImage(unpacked, path) : await scanVmlinux(unpacked, path);
  } finally {
    await file.close();
  }
}

async function scanVmlinux(bytes: AsyncIterable<Buffer>, path: string): Promise<BuildId | null> {
  const scan = createNoteScan(path);
  for await (const chunk of bytes) if (scan.push(chunk)) break;
  return scan.result();
}

async function scanImage(bytes: AsyncIterable<Buffer>, path: string): Promise<BuildId | null> {
  const scan = createImageScan();
  let total = 0;
  for await (const chunk of bytes) {
    total += chunk.length;
    if (total > MAX_IMAGE_BYTES) throw new TapprepError('TOO_LARGE', `${path} unpacks to more than any kernel`);
    scan.push(chunk);
  }
  return scan.result();
}
