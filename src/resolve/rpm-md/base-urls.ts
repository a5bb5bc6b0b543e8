/** Where a repository can be read: its own base URLs, else those that a metalink or a mirror list names. */
import { readFile } from 'node:fs/promises';
import { isTapprepError, TapprepError } from '../../errors.ts';
import type { Digest, Repository } from '../../types.ts';
import type { ReaderContext } from '../reader.ts';
import { parseMetalink } from './metalink.ts';
import { parseMirrorList } from './mirror-list.ts';

/** Base URLs to try in turn, and the digests of repomd.xml that may be accepted; null where nothing vouches for it. */
export interface BaseUrls {
  readonly urls: readonly string[];
  readonly digests: readonly Digest[] | null;
}

const MAX_LIST_BYTES = 1024 * 1024;

/** What means "ask elsewhere" rather than "stop". */
const UNREACHABLE = ['NETWORK', 'NOT_REGISTERED', 'NOT_FOUND', 'TIMEOUT', 'OFFLINE'] as const;

/** Whether an error says that an address gave no answer, as against a wrong one. */
export function isUnreachable(error: unknown): boolean {
  return UNREACHABLE.some((code) => isTapprepError(error, code));
}

/**
 * The base URLs in the order to try, one attempt after the other: the repository's own, then those of its discovery
 * document, which is only asked for when the first attempt failed or there was none.
 */
export async function* listBaseUrls(
  repository: Repository,
  arch: string,
  context: ReaderContext,
): AsyncGenerator<BaseUrls, void, undefined> {
  if (repository.baseUrls.length > 0) yield { urls: repository.baseUrls, digests: null };
  const { discovery } = repository;
  if (discovery === undefined || discovery === null) return;
  const { path, url } = await context.fetchMetadata({
    urls: [discovery.url],
    sizeBytes: null,
    digest: null,
    maxBytes: MAX_LIST_BYTES,
  });
  const text = await readFile(path, 'utf8');
  if (discovery.kind === 'mirror-list') {
    yield { urls: parseMirrorList(text, arch, url), digests: null };
    return;
  }
  const metalink = parseMetalink(text, url);
  if (metalink.baseUrls.length === 0) throw new TapprepError('BAD_METADATA', `the metalink ${url} names no mirror`);
  yield { urls: metalink.baseUrls, digests: metalink.digests };
}
