/** The build-id inside a compressed kernel image, without unpacking it to a file (Linux: Documentation/arch/x86/boot.rst). */
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { TapprepError } from '../errors.ts';
import type { BuildId } from '../types.ts';
import { createNoteScan } from './note-scan.ts';
import { readElf } from './read-elf.ts';
import { throughDecoder, throughTool } from './unpack.ts';

/** Where the compressed vmlinux lies in a bzImage. */
interface Payload {
  readonly offset: number;
  readonly size: number;
}

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
 * The build-id of the kernel in a bzImage or an uncompressed vmlinux; null where the image is of another kind or has none.
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
    // The header names the payload's place since boot protocol 2.08 (Linux 2.6.26).
    if (
      bytesRead < start.length ||
      start.toString('latin1', 0x202, 0x206) !== 'HdrS' ||
      start.readUInt16LE(0x206) < 0x208
    )
      return null;
    const setupSectors = start[0x1f1] === 0 ? 4 : (start[0x1f1] ?? 4);
    const offset = (setupSectors + 1) * 512 + start.readUInt32LE(0x248);
    const bytes = start.readUInt32LE(0x24c);
    if (bytes === 0 || offset + bytes > size)
      throw new TapprepError(
        'BAD_PACKAGE',
        `${path} names a payload of ${bytes} bytes at ${offset}, but has ${size} bytes`,
        { facts: { path, offset, bytes, size } },
      );
    return { offset, size: bytes };
  } finally {
    await file.close();
  }
}

async function scanPayload(path: string, payload: Payload): Promise<BuildId | null> {
  const file = await open(path, 'r');
  try {
    const magic = Buffer.alloc(4);
    await file.read(magic, 0, 4, payload.offset);
    const format = FORMATS.find((one) => one.magic.every((byte, index) => magic[index] === byte));
    if (format === undefined) return null;
    const input = file.createReadStream({
      start: payload.offset,
      end: payload.offset + payload.size - 1,
      autoClose: false,
      highWaterMark: 256 * 1024,
    });
    const scan = createNoteScan(path);
    for await (const chunk of format.unpack(input)) if (scan.push(chunk)) break;
    return scan.result();
  } finally {
    await file.close();
  }
}
