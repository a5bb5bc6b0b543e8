/** The seam between kinds of repository: rpm-md, deb and plain listings are readers that answer the same question. */
import type { Host } from '../host/host.ts';
import type { BuildId, Digest, Emit, Repository, TrustRequirement } from '../types.ts';
import type { PackageSink } from './rpm-md/package-sink.ts';

/** One package as an index lists it. */
export interface PackageRecord {
  readonly name: string;
  /** deb: full version; rpm: [epoch:]version-release, epoch 0 left out. */
  readonly version: string;
  readonly arch: string;
  /** Absolute URLs, in the order to try; checked to lie below the repository's base. */
  readonly urls: readonly string[];
  readonly sizeBytes: number | null;
  readonly installedBytes: number | null;
  readonly digest: Digest | null;
  readonly trust: TrustRequirement;
  readonly repository: Repository;
  /** Capabilities, verbatim: deb "Provides" entries; rpm `name = [epoch:]version-release`. */
  readonly provides: readonly string[];
  /** deb: Pre-Depends and Depends, comma-separated groups kept as strings; rpm: requires as `name = V-R`. */
  readonly requires: readonly string[];
  /** rpm: vendor, build host and build time (seconds) of the package; null elsewhere. */
  readonly vendor: string | null;
  readonly buildHost: string | null;
  readonly buildTime: number | null;
  /** rpm: sourcerpm; deb: Source name. */
  readonly source: string | null;
  /** rpm-md: kernel releases whose build tree or modules are among its files, where the list of files was asked. */
  readonly holds?: readonly string[];
}

/** Which records of an index are wanted: cheap tests, applied while streaming. */
export interface RecordFilter {
  /** Whether a package of this name may be wanted; everything else is passed over unread. */
  wantsName(name: string): boolean;
  /** rpm-md: capabilities whose providers are wanted too, `name` or `name = [epoch:]version-release`. */
  readonly provides?: readonly string[];
  readonly buildId?: BuildId;
  /** rpm-md: a kernel release; who provides `…-uname-r` of it is wanted under any name, else who has its files. */
  readonly release?: string;
  /** rpm-md: where nothing provides the release, the list of files is asked who holds its build tree or modules. */
  readonly byFiles?: boolean;
  /** rpm-md: takes every package too, whatever it is called, for the dependencies. */
  readonly everything?: PackageSink;
  /** template: the candidate file names, the only thing such a source can be asked for. */
  readonly fileNames?: readonly string[];
}

/** Whether one of a record's capabilities is `…-uname-r = RELEASE`, under any name of a kernel. */
export function providesRelease({ provides }: Pick<PackageRecord, 'provides'>, release: string): boolean {
  return provides.some((provided) => provided.endsWith(`-uname-r = ${release}`));
}

/** A metadata file in the cache. */
export interface MetadataFile {
  readonly path: string;
  /** Where it came from. */
  readonly url: string;
  /** The server said that it had not changed, or was not asked. */
  readonly fromCache: boolean;
}

/** What a reader gets to work with. */
export interface ReaderContext {
  /**
   * Fetches a metadata file into the cache and returns its path. `maxBytes` bounds the transfer.
   * @throws TapprepError NETWORK | NOT_FOUND | OFFLINE | TOO_LARGE | DIGEST_MISMATCH | SIZE_MISMATCH
   */
  fetchMetadata(request: {
    readonly urls: readonly string[];
    readonly sizeBytes: number | null;
    readonly digest: Digest | null;
    readonly maxBytes: number;
    /** True: ask again, whatever the cache holds (an index that turned out to be out of step). */
    readonly fresh?: boolean;
    /** True where a signature over these bytes is checked afterwards: a redirect to another host is then harmless. */
    readonly signed?: boolean;
  }): Promise<MetadataFile>;
  /**
   * Asks whether a file is there, without its body (HTTP HEAD, FTP SIZE). `url` is where the answer came from.
   * A status of 404 or 410 is an answer; `sizeBytes` is null where the server does not say.
   * @throws TapprepError NETWORK | OFFLINE | UNSAFE_URL | TIMEOUT
   */
  probe(url: string): Promise<{ readonly status: number; readonly sizeBytes: number | null; readonly url: string }>;
  /** Runs gpgv and unpackers on this machine. */
  readonly run: Host['run'];
  readonly emit: Emit;
  /** Now, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Reads one repository's index and returns the records the filter wants. */
export type RepositoryReader = (
  repository: Repository,
  arch: string,
  filter: RecordFilter,
  context: ReaderContext,
) => Promise<readonly PackageRecord[]>;
