/** Metalink documents: who mirrors a repository, and which repomd.xml is the current one. Pure. */
import { TapprepError } from '../../errors.ts';
import type { Digest } from '../../types.ts';
import { isStrongDigest, parseDigest } from './digest.ts';
import { badXml, readXml } from './xml.ts';

/** What a metalink says of repomd.xml. */
export interface Metalink {
  /** Base URLs, each ending in "/", the preferred first. */
  readonly baseUrls: readonly string[];
  /** SHA-256 or stronger: of the current repomd.xml first, then of older ones that mirrors may still serve. */
  readonly digests: readonly Digest[];
}

const INDEX_PATH = 'repodata/repomd.xml';
const MAX_URLS = 200;

interface Found {
  readonly url: string;
  /** Higher is better. */
  readonly preference: number;
}

/**
 * Reads version 3 (mirrormanager: `preference`, `verification/hash`, alternates) and version 4 (RFC 5854: `priority`).
 * It names the digest that everything else hangs on, so it has to come over https.
 * @throws TapprepError UNSAFE_URL when `from` is not https, BAD_METADATA
 */
export function parseMetalink(text: string, from: string): Metalink {
  if (new URL(from).protocol !== 'https:') {
    throw new TapprepError(
      'UNSAFE_URL',
      `a metalink decides what is believed and must come over https, not from ${from}`,
    );
  }
  const current: Digest[] = [];
  const older: Digest[] = [];
  const urls: Found[] = [];
  let isIndex = false;
  readXml(text, from, {
    open(element, path) {
      if (/^metalink\/(?:files\/)?file$/.test(path)) isIndex = element.attributes['name'] === 'repomd.xml';
    },
    close(element, path, value) {
      if (!isIndex) return;
      if (element.name === 'hash') {
        const digest = parseDigest(element.attributes['type'], value);
        const list = path.includes('/alternates/') ? older : current;
        if (isStrongDigest(digest)) list.push(digest);
      } else if (element.name === 'url' && urls.length < MAX_URLS) {
        const found = readUrl(value, element.attributes);
        if (found !== null) urls.push(found);
      }
    },
  });
  if (current.length === 0) throw badXml(from, 'it states no SHA-256 or stronger digest of repomd.xml');
  // One digest for each version of the file is enough: the strongest of the current one first.
  const strongest = current.toSorted((a, b) => b.hex.length - a.hex.length).slice(0, 1);
  const sorted = urls.toSorted((a, b) => b.preference - a.preference);
  return { baseUrls: [...new Set(sorted.map((found) => found.url))], digests: [...strongest, ...older] };
}

function readUrl(value: string, attributes: Readonly<Record<string, string>>): Found | null {
  if (!/^(?:https?|ftp):\/\//.test(value) || !value.endsWith(INDEX_PATH) || !URL.canParse(value)) return null;
  const priority = attributes['priority'];
  const preference = priority === undefined ? Number(attributes['preference'] ?? 0) : -Number(priority);
  return { url: value.slice(0, -INDEX_PATH.length), preference: Number.isFinite(preference) ? preference : 0 };
}
