/** What a kernel module says of itself: the pairs of its .modinfo section (Linux: include/linux/moduleparam.h). */
import { ELF_HEADER_BYTES, malformed, parseElfHeader, parseSectionHeaders, stringAt } from './layout.ts';

/** Facts that a module carries; "depends" is a list of module names. */
export interface ModuleInfo {
  /** null before Linux 4.13. */
  readonly name: string | null;
  /** "5.10.0-32-cloud-amd64 SMP mod_unload modversions" */
  readonly vermagic: string | null;
  readonly depends: readonly string[];
  /** e_machine: what it runs on. */
  readonly machine: number;
}

const MAX_SECTIONS = 65_535;

/**
 * Reads an uncompressed module.
 * @param name for messages
 * @throws TapprepError BAD_PACKAGE
 */
export function parseModuleInfo(bytes: Uint8Array, name: string): ModuleInfo {
  try {
    const pairs = new Map(
      modinfoText(bytes, name)
        .split('\0')
        .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    return {
      machine: parseElfHeader(bytes.subarray(0, ELF_HEADER_BYTES), name).machine,
      name: pairs.get('name') ?? null,
      vermagic: pairs.get('vermagic')?.trim() ?? null,
      depends: (pairs.get('depends') ?? '').split(',').filter((word) => word !== ''),
    };
  } catch (error) {
    if (error instanceof RangeError) throw malformed(name, 'a table lies outside it');
    throw error;
  }
}

function modinfoText(bytes: Uint8Array, name: string): string {
  const header = parseElfHeader(bytes.subarray(0, ELF_HEADER_BYTES), name);
  const { offset, entrySize, count } = header.sectionHeaders;
  if (count === 0 || count > MAX_SECTIONS) throw malformed(name, `${count} sections`);
  const sections = parseSectionHeaders(bytes.subarray(offset, offset + entrySize * count), header, name);
  const names = sections[header.sectionNameIndex];
  if (names === undefined) throw malformed(name, 'its sections have no names');
  const text = bytes.subarray(names.offset, names.offset + names.size);
  const found = sections.find((section) => stringAt(text, section.nameOffset) === '.modinfo');
  if (found === undefined) throw malformed(name, 'it has no .modinfo section');
  return Buffer.from(bytes.subarray(found.offset, found.offset + found.size)).toString('utf8');
}
