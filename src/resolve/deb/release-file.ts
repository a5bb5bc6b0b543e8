/** The Release file of a Debian archive (https://wiki.debian.org/DebianRepository/Format). Pure. */
import { TapprepError } from '../../errors.ts';
import { parseSha256 } from '../../trust/checksums.ts';
import type { Sha256 } from '../../types.ts';
import { parseParagraph, requireField } from './control.ts';

/** Size in bytes and digest of one index as the Release file states them. */
export interface IndexEntry {
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}

export interface ReleaseFile {
  readonly origin: string | null;
  readonly suite: string | null;
  readonly codename: string | null;
  /** Milliseconds since the epoch; null where the field is absent. */
  readonly date: number | null;
  readonly validUntil: number | null;
  readonly acquireByHash: boolean;
  /** True for an archive that is used only for what nothing else has (backports, experimental). */
  readonly notAutomatic: boolean;
  readonly architectures: readonly string[];
  readonly components: readonly string[];
  /** False where packages for every architecture stand in an index of their own. */
  readonly archAllInEachIndex: boolean;
  /** Packages and Sources indexes by path below the suite, e.g. "main/binary-amd64/Packages.xz". */
  readonly indexes: ReadonlyMap<string, IndexEntry>;
}

const MAX_ENTRIES = 200_000;
const INDEX_PATH = /^(?:[A-Za-z0-9][A-Za-z0-9.+_-]*\/)*(?:Packages|Sources)(?:\.[a-z0-9]+)?$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DATE =
  /^(?:[A-Z][a-z]{2}, +)?([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) (?:UTC|GMT|Z|[+-]0000)$/;

/**
 * Reads a Release file. `name` is for messages.
 * @throws TapprepError BAD_METADATA when it is malformed or lists no SHA256.
 */
export function parseReleaseFile(text: string, name: string): ReleaseFile {
  const fields = parseParagraph(text, name);
  const words = (field: string): readonly string[] =>
    (fields.get(field) ?? '').split(/\s+/).filter((word) => word !== '');
  return {
    origin: fields.get('Origin') ?? null,
    suite: fields.get('Suite') ?? null,
    codename: fields.get('Codename') ?? null,
    date: readDate(fields.get('Date'), 'Date', name),
    validUntil: readDate(fields.get('Valid-Until'), 'Valid-Until', name),
    notAutomatic: fields.get('NotAutomatic') === 'yes',
    acquireByHash: fields.get('Acquire-By-Hash') === 'yes',
    architectures: words('Architectures'),
    components: words('Components'),
    archAllInEachIndex:
      !words('Architectures').includes('all') || words('No-Support-for-Architecture-all').includes('Packages'),
    indexes: readIndexes(requireField(fields, 'SHA256', name), name),
  };
}

/** "digest size path" lines; only Packages and Sources indexes are kept, of which a path outside the suite cannot be one. */
function readIndexes(table: string, name: string): ReadonlyMap<string, IndexEntry> {
  const indexes = new Map<string, IndexEntry>();
  const lines = table.split('\n');
  if (lines.length > MAX_ENTRIES) throw new TapprepError('BAD_METADATA', `${name} lists ${lines.length} files`);
  for (const line of lines) {
    const [digest = '', size = '', path = '', ...rest] = line.trim().split(/\s+/);
    if (digest === '' || !INDEX_PATH.test(path)) continue;
    const sha256 = parseSha256(digest);
    if (sha256 === null || !/^[0-9]{1,12}$/.test(size) || rest.length > 0 || indexes.has(path)) {
      throw new TapprepError(
        'BAD_METADATA',
        `${name} has a line in SHA256 that cannot be right: ${JSON.stringify(line.slice(0, 160))}`,
      );
    }
    indexes.set(path, { sha256, sizeBytes: Number(size) });
  }
  return indexes;
}

/** RFC 2822 in universal time, as the format demands; anything else would be guessed at. */
function readDate(text: string | undefined, field: string, name: string): number | null {
  if (text === undefined) return null;
  const [, day = '', month = '', year = '', hour = '', minute = '', second = ''] = DATE.exec(text) ?? [];
  const at = Date.UTC(Number(year), MONTHS.indexOf(month), Number(day), Number(hour), Number(minute), Number(second));
  if (year === '' || !MONTHS.includes(month) || Number.isNaN(at)) {
    throw new TapprepError(
      'BAD_METADATA',
      `${name} has "${field}: ${text.slice(0, 60)}", which is no date of this format`,
    );
  }
  return at;
}
