/** What is asked for when a portable SystemTap is to be made. Types only. */
import type { ReaderContext } from '../../resolve/reader.ts';
import type { Artifact, Emit, PlanItem, Repository } from '../../types.ts';

/** What is wanted: one suite's SystemTap for one architecture. */
export interface PortableRequest {
  readonly distro: string;
  readonly suite: string;
  /** The version expected there, "5.1". */
  readonly version: string;
  /** uname -m */
  readonly arch: string;
  /** amd64, arm64 … */
  readonly debArch: string;
}

/** Where the packages of a suite can be found. */
export interface FolderSources {
  readonly reader: ReaderContext;
  /** Repositories that carry a suite, with the copies of each. */
  readonly findRepositories: (request: PortableRequest) => Promise<readonly Repository[]>;
}

/** What putting one together needs. */
export interface AssemblyContext {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Downloads and verifies. */
  readonly acquire: (items: readonly PlanItem[]) => Promise<readonly Artifact[]>;
  readonly cacheDir: string;
}

/** What making one from nothing but its name needs. */
export interface PortableContext extends FolderSources, Omit<AssemblyContext, 'emit' | 'signal'> {}
