/** What tapprep needs to know of an ELF file, by positioned reads: a vmlinux of 600 MB costs a few kilobytes. */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { BuildId } from '../types.ts';
import {
  ELF_HEADER_BYTES,
  isElf,
  malformed,
  parseDynamic,
  parseElfHeader,
  parseProgramHeaders,
  parseSectionHeaders,
  stringAt,
} from './layout.ts';
import type { ElfHeader, ElfTable, ProgramHeader, SectionHeader } from './layout.ts';
import { findBuildId, findMinimumKernel } from './notes.ts';

export interface ElfInfo {
  readonly is64: boolean;
  readonly littleEndian: boolean;
  readonly type: number;
  readonly machine: number;
  readonly entry: bigint;
  /** PT_INTERP: the loader; null in a static program and in most libraries. */
  readonly interpreter: string | null;
  /** DT_NEEDED, in order. */
  readonly needed: readonly string[];
  /** DT_RUNPATH, or DT_RPATH where there is none, split at colons; $ORIGIN is left as written. */
  readonly libraryPath: readonly string[];
  readonly buildId: BuildId | null;
  /** Oldest Linux of its ABI tag, "3.2.0"; null where it has none. */
  readonly minimumKernel: string | null;
  /** Has a .debug_info (or .zdebug_info) section that holds bytes. */
  readonly hasDebugInfo: boolean;
}

const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const PT_NOTE = 4;
const PT_LOAD = 1;
const SHT_NOTE = 7;
const SHT_NOBITS = 8;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_STRSZ = 10;
const DT_RPATH = 15;
const DT_RUNPATH = 29;

/** Upper bounds: far above what any kernel, module or program has, far below what would hurt. */
const MAX_PROGRAM_HEADERS = 4096;
const MAX_SECTIONS = 65_535;
const MAX_TABLE_BYTES = 8 * 1024 * 1024;
const MAX_NOTE_BYTES = 1024 * 1024;
const MAX_NEEDED = 512;

/**
 * Reads one file; null when it is no ELF file at all.
 * @throws TapprepError BAD_PACKAGE for an ELF file that contradicts itself; errno errors of the file system as they are
 */
export async function readElf(path: string): Promise<ElfInfo | null> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = await readAt(file, 0, Math.min(size, ELF_HEADER_BYTES));
    if (!isElf(start)) return null;
    const header = parseElfHeader(start, path);
    const source: Source = { file, size, path, header };
    const segments = await readProgramHeaders(source);
    const sections = await readSections(source);
    const dynamic = await readDynamic(source, segments);
    return {
      is64: header.is64,
      littleEndian: header.littleEndian,
      type: header.type,
      machine: header.machine,
      entry: header.entry,
      interpreter: await readInterpreter(source, segments),
      ...dynamic,
      buildId: await findInNotes(source, segments, sections, findBuildId),
      minimumKernel: await findInNotes(source, segments, sections, findMinimumKernel),
      hasDebugInfo: sections.some(({ name, size: bytes }) => /^\.z?debug_info$/.test(name) && bytes > 0),
    };
  } catch (error) {
    if (error instanceof RangeError) throw malformed(path, 'a table lies outside it');
    throw error;
  } finally {
    await file.close();
  }
}

interface Source {
  readonly file: FileHandle;
  readonly size: number;
  readonly path: string;
  readonly header: ElfHeader;
}

interface NamedSection extends SectionHeader {
  readonly name: string;
}

async function readProgramHeaders(source: Source): Promise<readonly ProgramHeader[]> {
  const table = source.header.programHeaders;
  if (table.count === 0) return [];
  if (table.count > MAX_PROGRAM_HEADERS) throw malformed(source.path, `${table.count} program headers`);
  return parseProgramHeaders(await readTable(source, table), source.header, source.path);
}

async function readSections(source: Source): Promise<readonly NamedSection[]> {
  const table = source.header.sectionHeaders;
  if (table.count === 0 || table.offset === 0) return [];
  if (table.count > MAX_SECTIONS) throw malformed(source.path, `${table.count} sections`);
  const sections = parseSectionHeaders(await readTable(source, table), source.header, source.path);
  const names = sections[source.header.sectionNameIndex];
  if (names === undefined) return [];
  const text = await readPart(source, names.offset, names.size, MAX_TABLE_BYTES);
  return sections.map((section) => ({
    ...section,
    size: section.type === SHT_NOBITS ? 0 : section.size,
    name: stringAt(text, section.nameOffset) ?? '',
  }));
}

async function readInterpreter(source: Source, segments: readonly ProgramHeader[]): Promise<string | null> {
  const segment = segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined) return null;
  return stringAt(await readPart(source, segment.offset, segment.fileSize, 4096), 0);
}

async function readDynamic(
  source: Source,
  segments: readonly ProgramHeader[],
): Promise<Pick<ElfInfo, 'needed' | 'libraryPath'>> {
  const segment = segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined || segment.fileSize === 0) return { needed: [], libraryPath: [] };
  const entries = parseDynamic(
    await readPart(source, segment.offset, segment.fileSize, MAX_TABLE_BYTES),
    source.header,
  );
  const value = (wanted: number): bigint | undefined => entries.find(([tag]) => tag === wanted)?.[1];
  const address = value(DT_STRTAB);
  const bytes = Number(value(DT_STRSZ) ?? 0n);
  // A separate debug file keeps the table's headers but not its bytes: nothing to follow there.
  const offset = address === undefined ? null : fileOffset(segments, address);
  if (offset === null || bytes === 0 || offset + bytes > source.size) return { needed: [], libraryPath: [] };
  const strings = await readPart(source, offset, bytes, MAX_TABLE_BYTES);
  const texts = (wanted: number): readonly string[] =>
    entries.flatMap(([tag, at]) => (tag === wanted ? [stringAt(strings, Number(at)) ?? ''] : []));
  const needed = texts(DT_NEEDED).filter((name) => name !== '');
  if (needed.length > MAX_NEEDED) throw malformed(source.path, `${needed.length} needed libraries`);
  const runpath = texts(DT_RUNPATH);
  const paths = runpath.length > 0 ? runpath : texts(DT_RPATH);
  return { needed, libraryPath: paths.flatMap((text) => text.split(':')).filter((path) => path !== '') };
}

function fileOffset(segments: readonly ProgramHeader[], address: bigint): number | null {
  for (const { type, address: start, fileSize, offset } of segments) {
    if (type === PT_LOAD && address >= start && address < start + BigInt(fileSize))
      return offset + Number(address - start);
  }
  return null;
}

async function findInNotes<Value>(
  source: Source,
  segments: readonly ProgramHeader[],
  sections: readonly NamedSection[],
  find: (bytes: Uint8Array, littleEndian: boolean) => Value | null,
): Promise<Value | null> {
  // Sections first: in a separate debug file the program headers point at bytes that were taken out.
  const places = [
    ...sections.filter(({ type }) => type === SHT_NOTE).map(({ offset, size }) => ({ offset, size })),
    ...segments.filter(({ type }) => type === PT_NOTE).map(({ offset, fileSize }) => ({ offset, size: fileSize })),
  ];
  for (const { offset, size } of places) {
    if (size === 0 || size > MAX_NOTE_BYTES || offset + size > source.size) continue;
    const found = find(await readAt(source.file, offset, size), source.header.littleEndian);
    if (found !== null) return found;
  }
  return null;
}

function readTable(source: Source, { offset, entrySize, count }: ElfTable): Promise<Uint8Array> {
  return readPart(source, offset, entrySize * count, MAX_TABLE_BYTES);
}

async function readPart(source: Source, offset: number, size: number, limit: number): Promise<Uint8Array> {
  if (size > limit) throw malformed(source.path, `a table of ${size} bytes`);
  if (offset + size > source.size)
    throw malformed(source.path, `bytes ${offset} to ${offset + size} are named, but the file has ${source.size}`);
  return readAt(source.file, offset, size);
}

async function readAt(file: FileHandle, offset: number, size: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(size);
  let done = 0;
  while (done < size) {
    const { bytesRead } = await file.read(buffer, done, size - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}
