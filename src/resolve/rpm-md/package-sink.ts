/** Where every package of the repositories that are read goes, and what can still be asked of their indexes. */
import type { Repository } from '../../types.ts';
import type { PackageRecord, RecordFilter } from '../reader.ts';
import type { ModuleIndex } from './modulemd.ts';
import { createCatalogue, type CatalogueBuilder } from './catalogue.ts';

/** A repository whose index was read and believed; it is not asked for again. */
export interface IndexedRepository {
  readonly repository: Repository;
  /** Records with address, digest and trust, of the packages that are wanted. @throws as the first reading */
  readRecords(filter: RecordFilter): Promise<readonly PackageRecord[]>;
  /** Which packages have a path, by filelists.xml; `name evr arch`. Empty where the repository has none. */
  readOwners(paths: ReadonlySet<string>): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Its module streams; null where it has none. */
  readModules(): Promise<ModuleIndex | null>;
}

export interface PackageSink {
  readonly catalogue: CatalogueBuilder;
  /** By their index in the catalogue. */
  readonly repositories: readonly IndexedRepository[];
  /** What is added from now on is of this repository. */
  begin(repository: IndexedRepository): void;
  /** Forgets what was begun last. */
  abandon(): void;
}

export function createPackageSink(): PackageSink {
  const catalogue = createCatalogue();
  const repositories: IndexedRepository[] = [];
  return {
    catalogue,
    repositories,
    begin(repository) {
      catalogue.startRepository();
      repositories.push(repository);
    },
    abandon() {
      catalogue.dropRepository();
      repositories.pop();
    },
  };
}
