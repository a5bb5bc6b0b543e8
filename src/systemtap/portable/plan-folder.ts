/** A portable SystemTap as an item of a plan: every package that it may be put together from, told by the index alone. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ERROR_CODES, isTapprepError, TapprepError } from '../../errors.ts';
import { assetUrl } from '../../host/asset.ts';
import { tapprep } from '../../make-remedy.ts';
import { readDebRepositories } from '../../resolve/deb/reader.ts';
import { createPool, type Pool } from '../../resolve/deb/pool.ts';
import type { FolderItem, PlanItem, Sha256 } from '../../types.ts';
import { findFolderPackages, LICENCES_PACKAGE, ROOT_PACKAGE, toItem } from './packages.ts';
import { upstreamVersion } from '../../version/upstream.ts';
import { folderName, placeOfVersion } from '../../resolve/folder-place.ts';
import type { FolderSources, PortableRequest } from './request.ts';

const STARTER = assetUrl('systemtap/portable/wrapper.sh');

/** The script that starts the programs of a folder, and its digest. */
export async function readStarter(): Promise<{ readonly text: Buffer; readonly sha256: Sha256 }> {
  const text = await readFile(STARTER);
  return { text, sha256: createHash('sha256').update(text).digest('hex') as Sha256 };
}

/**
 * The folder that a suite's packages make today.
 * @throws TapprepError NO_REPOSITORY, NO_EXACT_PACKAGE, or why its repositories could not be read (EXPIRED_RELEASE, NETWORK …)
 */
export async function planFolder(sources: FolderSources, request: PortableRequest): Promise<FolderItem> {
  const pool = await readPool(sources, request);
  const records = findFolderPackages(pool, request.suite);
  const { sha256 } = await readStarter();
  return toFolder(records.map(toItem), request, sha256);
}

/** A folder of these packages; its name and place follow from the one that has stap. */
export function toFolder(
  packages: readonly PlanItem[],
  request: Pick<PortableRequest, 'distro' | 'suite' | 'arch'>,
  starter: Sha256,
): FolderItem {
  const root = packages.find(({ name }) => name === ROOT_PACKAGE);
  const version = root?.version ?? '';
  const upstream = upstreamVersion(version);
  return {
    kind: 'folder',
    role: 'systemtap',
    name: folderName(upstream),
    version,
    upstream,
    arch: request.arch,
    distro: request.distro,
    suite: request.suite,
    place: placeOfVersion(upstream),
    packages,
    starter,
    sizeBytes: sum(packages.map(({ sizeBytes }) => sizeBytes)),
    installedBytes: FOLDER_BYTES,
    repository: root?.repository ?? '',
    install: true,
  };
}

/** What a folder takes on disk at most, whatever else its packages hold: the largest seen has 54 MB. */
const FOLDER_BYTES = 60_000_000;

function sum(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((total, value) => (total === null || value === null ? null : total + value), 0);
}

/** Every repository carries the whole suite, so the first that can be read and has it is enough. */
async function readPool({ reader, findRepositories }: FolderSources, request: PortableRequest): Promise<Pool> {
  const failures: unknown[] = [];
  const found = await findRepositories(request);
  for (const repository of found) {
    const wanted = { roots: [ROOT_PACKAGE, LICENCES_PACKAGE], wantsName: () => false };
    const read = await readDebRepositories([repository], request.debArch, wanted, reader);
    failures.push(...read.failures.map(({ error }) => error));
    const pool = createPool(read.records);
    if (pool.versions(ROOT_PACKAGE).length === 0) continue;
    for (const text of read.notes) reader.emit({ type: 'note', level: 'warning', text });
    return pool;
  }
  // What was checked and refused says more than what did not answer.
  const refusal = failures.find((error) => isTapprepError(error) && ERROR_CODES[error.code].exit === 'verification');
  if (failures.length > 0) throw refusal ?? failures[0];
  if (found.length > 0) {
    throw new TapprepError(
      'NO_EXACT_PACKAGE',
      `suite ${request.suite} has no package ${ROOT_PACKAGE} for ${request.debArch}`,
      {
        facts: { suite: request.suite },
      },
    );
  }
  throw new TapprepError('NO_REPOSITORY', `no repository is known for suite ${request.suite} of ${request.distro}`, {
    remedy: tapprep('mirrors', 'list'),
  });
}
