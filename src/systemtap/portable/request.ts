/** What is asked for when a portable SystemTap is to be made. Types only. */
import type { ReaderContext } from '../../resolve/reader.ts';
import type { Artifact, PlanItem, Repository } from '../../types.ts';

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

/** What making one needs of the world. */
export interface PortableContext {
  readonly reader: ReaderContext;
  /** Repositories that carry a suite, with the copies of each; asked only where nothing is kept. */
  readonly findRepositories: (request: PortableRequest) => Promise<readonly Repository[]>;
  /** Downloads and verifies. */
  readonly acquire: (items: readonly PlanItem[]) => Promise<readonly Artifact[]>;
  readonly cacheDir: string;
}
