/** What can be asked of a fetcher, and what comes back. */
import type { Digest, Emit } from '../types.ts';
import type { Cache, CachedFile } from './cache.ts';
import type { DigestThread } from './digest-thread.ts';
import type { KnownHosts } from './known-hosts.ts';
import type { FetchLimits } from './limits.ts';
import type { Owner } from './owner.ts';
import type { Patience } from './patience.ts';
import type { RedirectPolicy, Transport } from './transport.ts';

/** What a file's first bytes tell of a part of it with a digest of its own: null when there is none. */
export type InnerSpan = (
  head: Buffer,
) => { readonly algorithm: Digest['algorithm']; readonly from: number } | { readonly needBytes: number } | null;

/** The digest of everything from byte `from` on. */
export interface InnerDigest {
  readonly algorithm: Digest['algorithm'];
  readonly from: number;
  readonly hex: string;
}

/** One file to fetch. */
export interface FetchRequest {
  /** For people: a file name. */
  readonly name: string;
  /** In the order to try. */
  readonly urls: readonly string[];
  readonly sizeBytes: number | null;
  readonly digest: Digest | null;
  /** Bound where the size is not known. */
  readonly maxBytes: number;
  /** "any" only where the digest is given or a signature over the bytes is checked afterwards. */
  readonly redirects: RedirectPolicy;
  /** True: do not ask whether the file changed, ask for the file. Only matters where there is no digest. */
  readonly fresh?: boolean;
  /** Asks for one more digest, which spares whoever checks the file's inside a second reading of it. */
  readonly inner?: InnerSpan | undefined;
}

/** A file in the cache whose size and digest were checked now. */
export interface FetchedFile extends CachedFile {
  /** The address it came from; for a file of the cache the first one asked for. */
  readonly url: string;
  readonly fromCache: boolean;
  /** null where it was not asked for, or the file is small or was there already. */
  readonly inner: InnerDigest | null;
}

export interface FetcherOptions {
  readonly cacheDir: string;
  /** Only the cache; everything else is OFFLINE. */
  readonly offline: boolean;
  readonly emit: Emit;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves early when the signal fires. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Files at once; 3 unless told. */
  readonly concurrency?: number;
  /** Where the proxy variables are looked up; none unless told. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly limits?: Partial<FetchLimits>;
  /** How long all waiting for the network together may take; null or left out: as long as bytes come. */
  readonly timeoutMs?: number | null;
  /** Instead of the real network. */
  readonly transport?: Transport;
}

/** Everything a fetch works with, every default filled in. */
export interface FetchContext extends Required<Omit<FetcherOptions, 'limits' | 'env' | 'timeoutMs'>> {
  readonly limits: FetchLimits;
  readonly cache: Cache;
  readonly digestThread: DigestThread;
  readonly self: Owner;
  readonly hosts: KnownHosts;
  readonly patience: Patience;
}
