/** Chosen files of an rpm's payload, each under a path of our own making: no name in the package ever becomes a path. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { unpackFile } from '../fetch/unpack.ts';
import { readRpmFileHead } from '../trust/rpm-verify.ts';
import { type FileSink, readCpioFiles } from './cpio-files.ts';

/**
 * @param directory where the packed payload may lie meanwhile
 * @param placeOf where the content of an entry goes; null for one that is not wanted
 * @throws TapprepError BAD_PACKAGE, TOO_LARGE, TOOL_MISSING
 */
export async function readRpmFiles(
  path: string,
  fileName: string,
  directory: string,
  placeOf: (entry: string) => string | null,
): Promise<void> {
  const { payloadStart } = await readRpmFileHead(path, fileName);
  const payload = join(directory, 'payload');
  await pipeline(createReadStream(path, { start: payloadStart }), createWriteStream(payload, { mode: 0o600 }));
  await readCpioFiles(unpackFile(payload), fileName, (entry) => {
    const place = placeOf(entry);
    return place === null ? null : createFileSink(place);
  });
  await rm(payload);
}

async function createFileSink(path: string): Promise<FileSink> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w', 0o644);
  return {
    write: async (piece) => {
      await file.write(piece);
    },
    end: () => file.close(),
  };
}
