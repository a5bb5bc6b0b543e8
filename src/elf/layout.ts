/** The parts of the ELF layout that tapprep reads, as pure functions over bytes (System V gABI, chapters 4 and 5). */
import { TapprepError } from '../errors.ts';

/** How numbers are laid out in one file. */
export interface ElfForm {
  readonly is64: boolean;
  readonly littleEndian: boolean;
}

export interface ElfHeader extends ElfForm {
  /** e_type: 1 relocatable, 2 executable, 3 shared. */
  readonly type: number;
  /** e_machine: 3 i386, 62 x86_64, 183 aarch64, 21 ppc64, 22 s390. */
  readonly machine: number;
  readonly entry: bigint;
  readonly programHeaders: ElfTable;
  readonly sectionHeaders: ElfTable;
  readonly sectionNameIndex: number;
}

export interface ElfTable {
  readonly offset: number;
  readonly entrySize: number;
  readonly count: number;
}

export interface ProgramHeader {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly fileSize: number;
}

export interface SectionHeader {
  readonly nameOffset: number;
  readonly type: number;
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
  /** sh_link: for SHT_DYNAMIC the index of its string table. */
  readonly link: number;
}

/** Bytes of the longest header (64-bit). */
export const ELF_HEADER_BYTES = 64;

/** Whether the first bytes of a file are those of an ELF file. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/**
 * The header of an ELF file.
 * @param bytes the first ELF_HEADER_BYTES of the file, or all of it when it is shorter
 * @param name for messages
 * @throws TapprepError BAD_PACKAGE
 */
export function parseElfHeader(bytes: Uint8Array, name: string): ElfHeader {
  if (!isElf(bytes) || bytes.length < 52) throw malformed(name, 'the header is cut off');
  const is64 = pick(bytes[4], { 1: false, 2: true }, name, 'class');
  const littleEndian = pick(bytes[5], { 1: true, 2: false }, name, 'byte order');
  if (is64 && bytes.length < ELF_HEADER_BYTES) throw malformed(name, 'the header is cut off');
  const read = new FieldReader(bytes, { is64, littleEndian });
  const at = 24;
  const word = is64 ? 8 : 4;
  const tail = at + 3 * word + 4;
  return {
    is64,
    littleEndian,
    type: read.half(16),
    machine: read.half(18),
    entry: read.wide(at),
    programHeaders: {
      offset: read.offset(at + word, name),
      entrySize: read.half(tail + 2),
      count: read.half(tail + 4),
    },
    sectionHeaders: {
      offset: read.offset(at + 2 * word, name),
      entrySize: read.half(tail + 6),
      count: read.half(tail + 8),
    },
    sectionNameIndex: read.half(tail + 10),
  };
}

/** The program headers in `bytes`, which holds the whole table. */
export function parseProgramHeaders(bytes: Uint8Array, header: ElfHeader, name: string): readonly ProgramHeader[] {
  const { entrySize, count } = header.programHeaders;
  if (entrySize < (header.is64 ? 56 : 32)) throw malformed(name, `program headers of ${entrySize} bytes`);
  const read = new FieldReader(bytes, header);
  return Array.from({ length: count }, (_, index) => {
    const at = index * entrySize;
    return header.is64
      ? {
          type: read.word(at),
          offset: read.offset(at + 8, name),
          address: read.wide(at + 16),
          fileSize: read.offset(at + 32, name),
        }
      : {
          type: read.word(at),
          offset: read.offset(at + 4, name),
          address: read.wide(at + 8),
          fileSize: read.offset(at + 16, name),
        };
  });
}

/** The section headers in `bytes`, which holds the whole table. */
export function parseSectionHeaders(bytes: Uint8Array, header: ElfHeader, name: string): readonly SectionHeader[] {
  const { entrySize, count } = header.sectionHeaders;
  if (entrySize < (header.is64 ? 64 : 40)) throw malformed(name, `section headers of ${entrySize} bytes`);
  const read = new FieldReader(bytes, header);
  const word = header.is64 ? 8 : 4;
  return Array.from({ length: count }, (_, index) => {
    const at = index * entrySize;
    return {
      nameOffset: read.word(at),
      type: read.word(at + 4),
      address: read.wide(at + 8 + word),
      offset: read.offset(at + 8 + 2 * word, name),
      size: read.offset(at + 8 + 3 * word, name),
      link: read.word(at + 8 + 4 * word),
    };
  });
}

/** The pairs (tag, value) of a dynamic section, up to DT_NULL. */
export function parseDynamic(bytes: Uint8Array, form: ElfForm): readonly (readonly [number, bigint])[] {
  const read = new FieldReader(bytes, form);
  const size = form.is64 ? 16 : 8;
  const out: (readonly [number, bigint])[] = [];
  for (let at = 0; at + size <= bytes.length; at += size) {
    const tag = read.wide(at);
    if (tag === 0n) break;
    if (tag < 0x1_0000_0000n) out.push([Number(tag), read.wide(at + size / 2)]);
  }
  return out;
}

/** The zero-terminated string at `offset` of a string table; null where it has no end within `bytes`. */
export function stringAt(bytes: Uint8Array, offset: number): string | null {
  if (offset >= bytes.length) return null;
  const end = bytes.indexOf(0, offset);
  return end === -1 ? null : Buffer.from(bytes.subarray(offset, end)).toString('latin1');
}

/** The error for an ELF file that contradicts itself. */
export function malformed(name: string, why: string): TapprepError {
  return new TapprepError('BAD_PACKAGE', `${name} is not a well-formed ELF file: ${why}`, { facts: { name } });
}

function pick<T>(value: number | undefined, table: Readonly<Record<number, T>>, name: string, what: string): T {
  const found = table[value ?? -1];
  if (found === undefined) throw malformed(name, `${what} ${String(value)} is unknown`);
  return found;
}

/** Reads numbers of one form at offsets; an offset outside the bytes is a RangeError of DataView, turned into ours. */
class FieldReader {
  readonly #view: DataView;
  readonly #form: ElfForm;

  constructor(bytes: Uint8Array, form: ElfForm) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#form = form;
  }

  half(at: number): number {
    return this.#view.getUint16(at, this.#form.littleEndian);
  }

  word(at: number): number {
    return this.#view.getUint32(at, this.#form.littleEndian);
  }

  wide(at: number): bigint {
    return this.#form.is64 ? this.#view.getBigUint64(at, this.#form.littleEndian) : BigInt(this.word(at));
  }

  /** A file offset or size: what does not fit a safe integer lies in no file. */
  offset(at: number, name: string): number {
    const value = this.wide(at);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed(name, `offset ${value} is beyond any file`);
    return Number(value);
  }
}
