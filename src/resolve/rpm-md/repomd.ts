/** repodata/repomd.xml: which index files a repository has, and their digests. Pure. */
import type { Digest } from '../../types.ts';
import { parseDigest } from './digest.ts';
import { badXml, readXml, type XmlElement } from './xml.ts';

/** A file of packages as repomd.xml lists it. */
export interface PrimaryIndex {
  /** Relative to the repository's base, as written; not yet checked. */
  readonly href: string;
  /** Of the file as it lies on the server. */
  readonly digest: Digest;
  readonly sizeBytes: number | null;
  /** Of what comes out when it is unpacked. */
  readonly openDigest: Digest;
  readonly openBytes: number | null;
}

/** Fastest first: measured unpacking speed, then what has to be transferred. zchunk is several frames and is left out. */
const PREFERRED = ['.zst', '.gz', '.xz', '.bz2', '.xml', '.yaml'] as const;

interface Draft {
  type: string;
  href: string | null;
  checksum: { readonly type: string | undefined; readonly hex: string } | null;
  openChecksum: { readonly type: string | undefined; readonly hex: string } | null;
  size: string | null;
  openSize: string | null;
}

/**
 * The index of packages that is read fastest.
 * @throws TapprepError BAD_METADATA when there is none, or it states no digest that is worth checking.
 */
export function parseRepomd(text: string, name: string): PrimaryIndex {
  const drafts = readDrafts(text, name);
  const [primary] = rank(drafts, 'primary');
  if (primary !== undefined) return toIndex(primary, name);
  throw badXml(name, `it lists no primary.xml in a known form (${drafts.map((draft) => draft.type).join(', ')})`);
}

/** The list of every package's files; null where there is none in a known form. @throws TapprepError BAD_METADATA */
export function parseFilelists(text: string, name: string): PrimaryIndex | null {
  const [filelists] = rank(readDrafts(text, name), 'filelists');
  return filelists === undefined ? null : toIndex(filelists, name);
}

/** The list of module streams; null where there are none. @throws TapprepError BAD_METADATA */
export function parseModules(text: string, name: string): PrimaryIndex | null {
  const [modules] = rank(readDrafts(text, name), 'modules');
  return modules === undefined ? null : toIndex(modules, name);
}

function readDrafts(text: string, name: string): readonly Draft[] {
  const drafts: Draft[] = [];
  let root: string | null = null;
  readXml(text, name, {
    open(element, path) {
      root ??= element.name;
      if (path === 'repomd/data') drafts.push(startDraft(element));
      const draft = drafts.at(-1);
      if (path === 'repomd/data/location' && draft !== undefined) draft.href = element.attributes['href'] ?? null;
    },
    close(element, path, value) {
      const draft = drafts.at(-1);
      if (draft === undefined || !path.startsWith('repomd/data/')) return;
      const checksum = { type: element.attributes['type'], hex: value };
      if (element.name === 'checksum') draft.checksum = checksum;
      if (element.name === 'open-checksum') draft.openChecksum = checksum;
      if (element.name === 'size') draft.size = value;
      if (element.name === 'open-size') draft.openSize = value;
    },
  });
  if (root !== 'repomd') throw badXml(name, `its root element is ${String(root)}, not repomd`);
  return drafts;
}

function startDraft(element: XmlElement): Draft {
  const type = element.attributes['type'] ?? '';
  return { type, href: null, checksum: null, openChecksum: null, size: null, openSize: null };
}

/** The forms of one kind of index, the fastest first. */
function rank(drafts: readonly Draft[], kind: 'primary' | 'filelists' | 'modules'): readonly Draft[] {
  const types = [kind, `${kind}_zst`, `${kind}_gz`, `${kind}_xz`];
  const candidates = drafts.filter((draft) => types.includes(draft.type));
  return PREFERRED.flatMap((end) => candidates.filter((draft) => draft.href?.endsWith(end) === true));
}

function toIndex(best: Draft, name: string): PrimaryIndex {
  const { href } = best;
  const digest = best.checksum && parseDigest(best.checksum.type, best.checksum.hex);
  if (href === null || digest === null) throw badXml(name, `it states no usable checksum of ${String(href)}`);
  // A file that is not packed is its own content.
  const open = best.openChecksum ?? (/\.(?:xml|yaml)$/.test(href) ? best.checksum : null);
  const openDigest = open && parseDigest(open.type, open.hex);
  if (openDigest === null) throw badXml(name, `it states no usable open-checksum of ${href}`);
  const sizeBytes = parseSize(best.size, 'size', name);
  const openBytes = parseSize(best.openSize, 'open-size', name) ?? (/\.(?:xml|yaml)$/.test(href) ? sizeBytes : null);
  return { href, digest, sizeBytes, openDigest, openBytes };
}

/** EL5 and EL6 state no sizes. */
function parseSize(text: string | null, field: string, name: string): number | null {
  if (text === null || text === '') return null;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : null;
  if (value === null) throw badXml(name, `its ${field} is ${JSON.stringify(text.slice(0, 40))}, not a number of bytes`);
  return value;
}
