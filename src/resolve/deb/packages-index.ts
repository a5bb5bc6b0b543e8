/** One paragraph of a Packages index as a record that may be planned with. Pure. */
import { TapprepError } from '../../errors.ts';
import { parseSha256 } from '../../trust/checksums.ts';
import type { Digest, PlanItem, Repository, TrustRequirement } from '../../types.ts';
import { resolveLocation } from '../location.ts';
import type { PackageRecord } from '../reader.ts';
import { parseParagraph, readCount, requireField, type Paragraph } from './control.ts';
import { splitGroups } from './dependencies.ts';
import type { OpenIndex } from './open-index.ts';

/** A record of a Debian archive. `requires` holds the groups of Pre-Depends and Depends. */
export interface DebRecord extends PackageRecord {
  /** Essential or of priority required, which is on every system (Debian Policy 2.5). */
  readonly isBase: boolean;
  /** From an archive that is used only for what nothing else has (backports, experimental). */
  readonly notAutomatic: boolean;
  /** The Pre-Depends among `requires`. */
  readonly preRequires: readonly string[];
  /** Packages that may not be installed beside it, in the versions named: Breaks and Conflicts, as written. */
  readonly breaks: readonly string[];
}

const NAME = /^[a-z0-9][a-z0-9+.-]{0,200}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+~:-]{0,200}$/;
const ARCH = /^[a-z0-9][a-z0-9-]{0,40}$/;
const NAME_FIELD = 'Package: ';

/** The package name of a paragraph, found without reading the rest; null where the field does not come first. */
export function peekName(paragraph: string): string | null {
  if (!paragraph.startsWith(NAME_FIELD)) return null;
  const end = paragraph.indexOf('\n');
  return paragraph.slice(NAME_FIELD.length, end === -1 ? undefined : end).trimEnd();
}

/**
 * Reads a paragraph; null for a package of another architecture.
 * @throws TapprepError BAD_METADATA when it is malformed or names a file outside the repository.
 */
export function parseRecord(text: string, index: OpenIndex, arch: string): DebRecord | null {
  const fields = parseParagraph(text, index.name);
  const name = requireShape(fields, 'Package', NAME, index.name);
  const where = `${index.name} at package ${name}`;
  const packageArch = requireShape(fields, 'Architecture', ARCH, where);
  if (packageArch !== arch && packageArch !== 'all') return null;
  const filename = requireShape(fields, 'Filename', /^\S+\.d?deb$/, where).replace(/^\.\//, '');
  const digest = readDigest(fields, where);
  const kibibytes = readCount(fields, 'Installed-Size', where);
  return {
    name,
    version: requireShape(fields, 'Version', VERSION, where),
    arch: packageArch,
    urls: index.release.baseUrls.map((base) => resolveLocation(base, filename, digest)),
    sizeBytes: readCount(fields, 'Size', where),
    installedBytes: kibibytes === null ? null : kibibytes * 1024,
    digest,
    trust: requirementOf(index, digest),
    repository: index.repository,
    ...readRelations(fields),
    notAutomatic: index.release.file.notAutomatic,
  };
}

/** What the control file of a package that lies here says of it, as a record of no archive. @throws as parseRecord */
export function parseControl(fields: Paragraph, item: PlanItem, where: string): DebRecord {
  return {
    name: requireShape(fields, 'Package', NAME, where),
    version: requireShape(fields, 'Version', VERSION, where),
    arch: requireShape(fields, 'Architecture', ARCH, where),
    urls: [],
    sizeBytes: item.sizeBytes,
    installedBytes: item.installedBytes,
    digest: item.trust.digest,
    trust: item.trust,
    repository: NO_ARCHIVE,
    ...readRelations(fields),
    notAutomatic: false,
  };
}

const NO_ARCHIVE: Repository = {
  id: 'the package itself',
  kind: 'deb',
  baseUrls: [],
  suite: null,
  components: [],
  origin: 'override',
  vendor: null,
  content: [],
  state: 'live',
  trust: { metadata: 'unsigned', packages: 'unsigned', fingerprints: [], keyrings: [], allow: [] },
  allowExpiredRelease: false,
};

type Relations = Pick<
  DebRecord,
  'provides' | 'requires' | 'preRequires' | 'breaks' | 'isBase' | 'vendor' | 'buildHost' | 'buildTime' | 'source'
>;

function readRelations(fields: Paragraph): Relations {
  const preRequires = splitGroups(fields.get('Pre-Depends') ?? '');
  return {
    provides: splitGroups(fields.get('Provides') ?? ''),
    requires: [...preRequires, ...splitGroups(fields.get('Depends') ?? '')],
    preRequires,
    breaks: [...splitGroups(fields.get('Breaks') ?? ''), ...splitGroups(fields.get('Conflicts') ?? '')],
    isBase: fields.get('Essential') === 'yes' || fields.get('Priority') === 'required',
    vendor: null,
    buildHost: null,
    buildTime: null,
    source: fields.get('Source')?.split(' ', 1)[0] ?? fields.get('Package') ?? null,
  };
}

function requireShape(fields: Paragraph, field: string, shape: RegExp, where: string): string {
  const value = requireField(fields, field, where);
  if (shape.test(value)) return value;
  throw new TapprepError('BAD_METADATA', `${where} has "${field}: ${value.slice(0, 80)}", which is no such thing`);
}

function readDigest(fields: Paragraph, where: string): Digest {
  const sha256 = parseSha256(fields.get('SHA256') ?? '');
  if (sha256 !== null) return { algorithm: 'sha256', hex: sha256 };
  throw new TapprepError('BAD_METADATA', `${where} states no SHA256 of the package file`);
}

function requirementOf(index: OpenIndex, digest: Digest): TrustRequirement {
  const { signer, url } = index.release;
  if (signer === null) return { kind: 'unsigned-index', digest, index: url, buildId: null };
  return { kind: 'signed-index', digest, signer, index: url };
}
