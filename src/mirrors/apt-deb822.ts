/** *.sources: stanzas of `Field: value` (sources.list(5), deb822 style). Pure. */
import type { HostRepositoryFile } from '../types.ts';
import { LOOSENING } from './apt-source.ts';
import type { AptSource } from './apt-source.ts';
import { boundedLines } from './source-file.ts';

const MAX_STANZAS = 500;
const KEY_BLOCK = '-----BEGIN PGP PUBLIC KEY BLOCK-----';
const KEY_BLOCK_END = '-----END PGP PUBLIC KEY BLOCK-----';

/** The stanzas of a file, those that are switched off too. */
export function parseAptDeb822(file: HostRepositoryFile): readonly AptSource[] {
  return readStanzas(boundedLines(file.text))
    .slice(0, MAX_STANZAS)
    .map((fields) => makeSource(fields, file))
    .filter((source) => source.uris.length > 0 && source.suites.length > 0);
}

type Fields = ReadonlyMap<string, readonly string[]>;

/** Each stanza as field name in lower case to the lines of its value; comment lines are gone, also between them. */
function readStanzas(lines: readonly string[]): readonly Fields[] {
  const stanzas: Fields[] = [];
  let fields = new Map<string, string[]>();
  let value: string[] | null = null;
  for (const line of [...lines, '']) {
    if (line.startsWith('#')) continue;
    if (line.trim() === '') {
      if (fields.size > 0) stanzas.push(fields);
      fields = new Map();
      value = null;
    } else if (/^[ \t]/.test(line)) {
      // " ." stands for an empty line, as a key block has one.
      value?.push(line.trim() === '.' ? '' : line.trim());
    } else {
      const colon = line.indexOf(':');
      value = colon < 1 ? null : [line.slice(colon + 1).trim()];
      if (value !== null) fields.set(line.slice(0, colon).trim().toLowerCase(), value);
    }
  }
  return stanzas;
}

function makeSource(fields: Fields, file: HostRepositoryFile): AptSource {
  const words = (name: string): readonly string[] =>
    (fields.get(name) ?? [])
      .join(' ')
      .split(/[\s,]+/)
      .filter((word) => word !== '');
  const first = (name: string): string => words(name)[0] ?? '';
  const signedBy = (fields.get('signed-by') ?? []).join('\n');
  const inline = signedBy.includes(KEY_BLOCK);
  const archs = words('architectures');
  return {
    file,
    types: words('types'),
    uris: (fields.get('uris') ?? [])
      .join(' ')
      .split(/\s+/)
      .filter((uri) => uri !== ''),
    suites: words('suites'),
    components: words('components'),
    architectures: archs.length === 0 ? null : archs,
    signedBy: inline ? [] : words('signed-by'),
    keyBlocks: inline ? cutKeyBlocks(signedBy) : [],
    enabled: !/^(no|false|0|off|without|disable)$/i.test(first('enabled')),
    loosened: LOOSENING.filter(([name, pattern]) => pattern.test(first(name))).map(([name]) => name),
  };
}

function cutKeyBlocks(text: string): readonly string[] {
  const blocks: string[] = [];
  for (let at = text.indexOf(KEY_BLOCK); at !== -1; at = text.indexOf(KEY_BLOCK, at + 1)) {
    const end = text.indexOf(KEY_BLOCK_END, at);
    if (end === -1) break;
    blocks.push(`${text.slice(at, end + KEY_BLOCK_END.length)}\n`);
  }
  return blocks;
}
