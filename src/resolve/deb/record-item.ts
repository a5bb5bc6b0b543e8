/** What an item of a plan takes from its record as it is. */
import { TapprepError } from '../../errors.ts';
import type { PlanItem } from '../../types.ts';
import type { DebRecord } from './packages-index.ts';

type RecordedItem = Omit<PlanItem, 'kind' | 'role' | 'match' | 'install' | 'replaces' | 'wave'>;

/** @throws TapprepError NO_REPOSITORY where no address of it is known */
export function recordItem(record: DebRecord): RecordedItem {
  const { name, version, arch, urls, sizeBytes, installedBytes, trust, repository } = record;
  const [url] = urls;
  if (url === undefined) {
    throw new TapprepError('NO_REPOSITORY', `${name} ${version} of ${repository.id} has no address`);
  }
  return {
    name,
    version,
    arch,
    fileName: url.slice(url.lastIndexOf('/') + 1),
    urls,
    sizeBytes,
    installedBytes,
    trust,
    repository: repository.id,
  };
}
