/** The head of an rpm file: lead, signature header and header; what a package says it is. Pure. */
import { TapprepError } from '../errors.ts';
import { formatEvr } from '../version/evr.ts';
import { readRpmSection, type Incomplete, type RpmSection } from './rpm-section.ts';

/** The structures before the payload. */
export interface RpmHead {
  readonly signature: RpmSection;
  readonly header: RpmSection;
  /** Offset of the header in the file: what a signature over header and payload covers begins here. */
  readonly headerStart: number;
  readonly payloadStart: number;
}

/** What the header of a package says of it. Signed packages: as true as their signature. */
export interface RpmIdentity {
  readonly name: string;
  /** [epoch:]version-release, epoch 0 left out. */
  readonly version: string;
  /** "src" for a source package. */
  readonly arch: string;
  readonly vendor: string | null;
  readonly buildHost: string | null;
  /** Seconds since the epoch. */
  readonly buildTime: number | null;
  readonly sourceRpm: string | null;
  /** `name` or `name = [epoch:]version[-release]`. */
  readonly provides: readonly string[];
  readonly requires: readonly string[];
}

const LEAD_BYTES = 96;
const LEAD_MAGIC = Buffer.from([0xed, 0xab, 0xee, 0xdb]);
const SIGNATURE_LIMITS = { title: 'signature header', maxEntries: 1024, maxStoreBytes: 64 * 1024 * 1024 } as const;
const HEADER_LIMITS = { title: 'header', maxEntries: 65_535, maxStoreBytes: 256 * 1024 * 1024 } as const;

const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  buildTime: 1006,
  buildHost: 1007,
  vendor: 1011,
  arch: 1022,
  sourceRpm: 1044,
  provideName: 1047,
  provideFlags: 1112,
  provideVersion: 1113,
  requireName: 1049,
  requireFlags: 1048,
  requireVersion: 1050,
  directoryNames: 1118,
  baseNames: 1117,
  directoryIndexes: 1116,
  oldFileNames: 1027,
} as const;

/** rpm's sense bits: 2 less, 4 greater, 8 equal. */
const OPERATORS: Readonly<Record<number, string>> = { 2: '<', 4: '>', 8: '=', 10: '<=', 12: '>=' };
const SENSE_MASK = 14;

/**
 * Reads lead, signature header and header from the beginning of a file; a prefix is enough, and where it is not the
 * answer says how many bytes are.
 * @throws TapprepError BAD_PACKAGE
 */
export function readRpmHead(file: Buffer): RpmHead | Incomplete {
  if (file.length < LEAD_BYTES) return { needBytes: LEAD_BYTES };
  if (!file.subarray(0, LEAD_MAGIC.length).equals(LEAD_MAGIC)) {
    throw new TapprepError('BAD_PACKAGE', 'this is no rpm package: it does not begin with the magic of one');
  }
  const signature = readRpmSection(file, LEAD_BYTES, SIGNATURE_LIMITS);
  if ('needBytes' in signature) return signature;
  // The signature header is padded to a multiple of eight.
  const headerStart = signature.end + ((8 - (signature.end % 8)) % 8);
  const header = readRpmSection(file, headerStart, HEADER_LIMITS);
  if ('needBytes' in header) return header;
  return { signature, header, headerStart, payloadStart: header.end };
}

/**
 * What the header says the package is.
 * @throws TapprepError BAD_PACKAGE
 */
export function describeRpm(header: RpmSection): RpmIdentity {
  const sourceRpm = optionalText(header, TAG.sourceRpm);
  return {
    name: requiredText(header, TAG.name, 'name'),
    version: formatEvr(
      header.numbers(TAG.epoch)?.[0]?.toString() ?? null,
      requiredText(header, TAG.version, 'version'),
      requiredText(header, TAG.release, 'release'),
    ),
    arch: sourceRpm === null ? 'src' : requiredText(header, TAG.arch, 'architecture'),
    vendor: optionalText(header, TAG.vendor),
    buildHost: optionalText(header, TAG.buildHost),
    buildTime: header.numbers(TAG.buildTime)?.[0] ?? null,
    sourceRpm,
    provides: readCapabilities(header, TAG.provideName, TAG.provideFlags, TAG.provideVersion),
    requires: readCapabilities(header, TAG.requireName, TAG.requireFlags, TAG.requireVersion),
  };
}

/** Whether an entry of an rpm database is a key that was imported: no package, and of no architecture. */
export function isImportedKey(header: RpmSection): boolean {
  return requiredText(header, TAG.name, 'name') === 'gpg-pubkey';
}

/**
 * The build-ids that a debuginfo package names: `debuginfo(build-id)` in its provides, or the links
 * /usr/lib/debug/.build-id/xx/rest.debug among its files, which older ones have only.
 */
export function listBuildIds(header: RpmSection): readonly string[] {
  const provided = readCapabilities(header, TAG.provideName, TAG.provideFlags, TAG.provideVersion).flatMap(
    (entry) => /^debuginfo\(build-id\) = ([0-9a-f]{16,64})$/.exec(entry)?.slice(1) ?? [],
  );
  const directories = header.texts(TAG.directoryNames) ?? [];
  const indexes = header.numbers(TAG.directoryIndexes) ?? [];
  const linked = (header.texts(TAG.baseNames) ?? []).flatMap((name, at) => {
    const start = /\/\.build-id\/([0-9a-f]{2})\/$/.exec(directories[indexes[at] ?? -1] ?? '')?.[1];
    const rest = /^([0-9a-f]{14,62})(?:\.debug)?$/.exec(name)?.[1];
    return start === undefined || rest === undefined ? [] : [start + rest];
  });
  return [...new Set([...provided, ...linked])];
}

/** The absolute paths of the package's files. */
export function listPaths(header: RpmSection): readonly string[] {
  const directories = header.texts(TAG.directoryNames) ?? [];
  const indexes = header.numbers(TAG.directoryIndexes) ?? [];
  const names = header.texts(TAG.baseNames) ?? [];
  const paths = names.map((name, at) => `${directories[indexes[at] ?? -1] ?? ''}${name}`);
  return [...paths, ...(header.texts(TAG.oldFileNames) ?? [])];
}

function readCapabilities(
  header: RpmSection,
  nameTag: number,
  flagsTag: number,
  versionTag: number,
): readonly string[] {
  const names = header.texts(nameTag) ?? [];
  const flags = header.numbers(flagsTag) ?? [];
  const versions = header.texts(versionTag) ?? [];
  return names.map((name, at) => {
    const operator = OPERATORS[(flags[at] ?? 0) & SENSE_MASK];
    const version = versions[at] ?? '';
    return operator === undefined || version === '' ? name : `${name} ${operator} ${version}`;
  });
}

function requiredText(header: RpmSection, tag: number, what: string): string {
  const value = optionalText(header, tag);
  if (value === null) throw new TapprepError('BAD_PACKAGE', `this is no rpm package: its header has no ${what}`);
  return value;
}

function optionalText(header: RpmSection, tag: number): string | null {
  const value = header.texts(tag)?.[0] ?? '';
  return value === '' ? null : value;
}
