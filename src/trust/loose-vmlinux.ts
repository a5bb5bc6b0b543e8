/** What is checked of a vmlinux that nobody signed before it is used: that it is what it was asked for as. */
import { open } from 'node:fs/promises';
import { TapprepError } from '../errors.ts';
import { readElf } from '../elf/read-elf.ts';
import type { FileItem } from '../types.ts';

/**
 * Build-id, DWARF and release. None of them tells that the debug information is honest: that is what a signature is for.
 * @param from its address, for messages
 * @throws TapprepError NOT_DEBUGINFO, BUILD_ID_MISMATCH, WRONG_RELEASE with both sides; BAD_PACKAGE for one that is cut off
 */
export async function checkLooseVmlinux(path: string, item: FileItem, from: string): Promise<void> {
  const elf = await readElf(path);
  if (elf === null) throw new TapprepError('NOT_DEBUGINFO', `${from} served no ELF file${await describeStart(path)}`);
  if (elf.buildId !== item.buildId) {
    throw new TapprepError(
      'BUILD_ID_MISMATCH',
      `${from} served a file of build-id ${elf.buildId ?? 'none'}, but the kernel ${item.version} has ${item.buildId}`,
    );
  }
  if (!elf.hasDebugInfo)
    throw new TapprepError('NOT_DEBUGINFO', `${from} served an ELF file without DWARF: it has no .debug_info section`);
  const release = await findRelease(path);
  if (release !== null && release !== item.version) {
    throw new TapprepError(
      'WRONG_RELEASE',
      `${from} served the vmlinux of ${release}, but the kernel is ${item.version}`,
    );
  }
}

async function describeStart(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return /<html|<!doctype/i.test(buffer.toString('latin1', 0, bytesRead)) ? ', but a page of HTML' : '';
  } finally {
    await file.close();
  }
}

const BANNER = /Linux version (\d[\w.+~-]{0,63}) \(/;
/** Longer than a banner's beginning. */
const OVERLAP = 256;
const CHUNK = 4 * 1024 * 1024;

/** The release in linux_banner (Linux: init/version.c); null in a file that has only debug sections. */
async function findRelease(path: string): Promise<string | null> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(CHUNK + OVERLAP);
    let kept = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, kept, CHUNK, null);
      if (bytesRead === 0) return null;
      const end = kept + bytesRead;
      const found = buffer.subarray(0, end).includes('Linux version ')
        ? BANNER.exec(buffer.toString('latin1', 0, end))
        : null;
      if (found?.[1] !== undefined) return found[1];
      kept = Math.min(OVERLAP, end);
      buffer.copy(buffer, 0, end - kept, end);
    }
  } finally {
    await file.close();
  }
}
