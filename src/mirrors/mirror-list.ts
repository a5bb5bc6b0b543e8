/** The mirror list as the rest of tapprep sees it: entries with everything of their group in them. Types only. */
import type {
  Fingerprint,
  RepositoryAuth,
  RepositoryContent,
  RepositoryKind,
  RepositoryState,
  Sha256,
  SignatureAllowance,
} from '../types.ts';

/** Where a statement of the list comes from; the date on which the source was read, null where it was not noted. */
interface Provenance {
  readonly source: string;
  readonly date: string | null;
}

/** A signing key that an entry pins. */
export interface MirrorKey {
  readonly id: string;
  readonly fingerprint: Fingerprint;
  readonly name: string;
  /** YYYY-MM-DD, null when it does not expire or that is not known. */
  readonly expires: string | null;
  /** Where it lies on a host of that distribution. */
  readonly file: string | null;
  /** The public key itself: a file of this machine, in the folder keys/ beside a list; null where none of them has it. */
  readonly material: string | null;
}

/** One entry with everything of its group and its keys in it; placeholders not yet filled in. */
export interface MirrorEntry {
  readonly id: string;
  readonly title: string;
  readonly distros: readonly string[];
  readonly vendor: string;
  readonly versions: readonly string[];
  readonly archs: readonly string[] | null;
  /** Package stems or kernel families; null for every kernel. */
  readonly kernels: readonly string[] | null;
  readonly kind: RepositoryKind;
  readonly host: 'official' | 'mirror';
  readonly urls: readonly string[];
  readonly discovery: { readonly kind: 'metalink' | 'mirror-list'; readonly url: string } | null;
  readonly parts: readonly string[];
  /** Template of the name of the key that {keyid} stands for. */
  readonly keyOf: string | null;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly content: readonly RepositoryContent[];
  readonly state: { readonly status: RepositoryState; readonly since: string | null; readonly note: string | null };
  readonly trust: {
    readonly metadata: 'signed' | 'unsigned';
    readonly packages: 'signed' | 'unsigned';
    readonly keys: readonly MirrorKey[];
    readonly keyrings: readonly string[];
    readonly allow: readonly SignatureAllowance[];
  };
  readonly auth: RepositoryAuth;
  readonly verified: Provenance | null;
  readonly reason: string | null;
  /** "override" for the entries of a user's file. */
  readonly origin: 'override' | 'mirrors.json';
}

type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The upstream source of one release of SystemTap in the archives of a suite. */
export interface PinnedSource {
  readonly distro: string;
  readonly suite: string;
  readonly version: string;
  /** Below the base URL of an archive. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}

/** All mirror list files merged: entries of users' files first. */
export interface Mirrors {
  readonly entries: readonly MirrorEntry[];
  readonly codenames: Table;
  readonly kernelMinors: Table;
  readonly pointReleases: Table;
  readonly uekReleases: Readonly<Record<string, string>>;
  readonly systemtap: {
    /** Debian suites from whose packages a portable SystemTap can be put together, best first. */
    readonly portable: readonly {
      readonly distro: string;
      readonly suite: string;
      /** The SystemTap version expected there. */
      readonly version: string;
      /** The package revision that was tried, "5.1-5"; null where that was not noted. */
      readonly packageVersion: string | null;
      readonly note: string | null;
    }[];
    /** Source tarballs whose digest is pinned, for archives whose indexes no longer name them. */
    readonly sources: readonly PinnedSource[];
  };
}
