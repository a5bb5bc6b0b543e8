/** The portable SystemTaps of a bundle: put together here, so that the other side needs nothing but tar and gzip. */
import { prepareFolder } from '../bundle/folder.ts';
import type { PreparedFile } from '../bundle/files.ts';
import type { BundledFolder } from '../bundle/manifest.ts';
import { describePackages } from '../bundle/packages.ts';
import type { BundleSource } from '../bundle/write.ts';
import { findArchitecture } from '../detect/architectures.ts';
import { foldersOf } from '../resolve/provisions.ts';
import type { SystemtapWish } from '../systemtap/choose.ts';
import { assembleFolder } from '../systemtap/portable/assemble.ts';
import { MANIFEST_NAME } from '../systemtap/portable/manifest.ts';
import { findSuiteRepositories } from '../systemtap/portable/repositories.ts';
import { whyNotServed } from '../systemtap/portable/serves.ts';
import type { Artifact, FolderItem, Plan, PlanItem, Repository } from '../types.ts';
import { collectEvidence } from './bundle-evidence.ts';
import { rankForPlan } from './predict-systemtap.ts';
import type { Session } from './session.ts';

/** A folder of the manifest, and where all that it names comes from. */
export interface PreparedFolder {
  readonly folder: BundledFolder;
  readonly files: readonly PreparedFile[];
  readonly sources: readonly (readonly [string, BundleSource])[];
  readonly warnings: readonly string[];
}

/**
 * Every folder of a plan that can start on its kernel.
 * @param take the verified files of items
 * @throws TapprepError of assembleFolder and collectEvidence
 */
export async function bundleFolders(
  session: Session,
  { items, target }: Plan,
  take: (items: readonly PlanItem[]) => readonly Artifact[],
): Promise<readonly PreparedFolder[]> {
  const prepared: PreparedFolder[] = [];
  for (const item of foldersOf(items)) {
    const { emit, signal, cacheDir } = session;
    const acquire = (wanted: readonly PlanItem[]): Promise<readonly Artifact[]> => Promise.resolve(take(wanted));
    const portable = await assembleFolder({ emit, signal, cacheDir, acquire }, item);
    const refusal = whyNotServed(portable.manifest, target.release, target.arch);
    if (refusal === null) prepared.push(await prepareOne(session, item, portable, take(item.packages)));
    else emit({ type: 'note', level: 'warning', text: refusal });
  }
  return prepared;
}

async function prepareOne(
  session: Session,
  item: FolderItem,
  { directory, manifest }: Awaited<ReturnType<typeof assembleFolder>>,
  artifacts: readonly Artifact[],
): Promise<PreparedFolder> {
  const { name, version, distro, suite, arch } = item;
  const packages = describePackages(artifacts, `folders/${name}`);
  const debArch = findArchitecture(arch)?.deb ?? arch;
  const repositories = await findFolderRepositories(session, { ...item, debArch });
  const evidence = await collectEvidence(session, debArch, packages, repositories, `evidence/${name}`);
  const { archive, list } = await prepareFolder(name, directory, MANIFEST_NAME, manifest.files);
  return {
    folder: {
      name,
      version,
      distro,
      suite,
      archive: archive.path,
      list: list.path,
      installedBytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
      packages,
      indexes: evidence.indexes,
    },
    files: [archive, list, ...evidence.files],
    sources: artifacts.map(({ item: { fileName }, path }) => [`folders/${name}/${fileName}`, { file: path }] as const),
    warnings: evidence.warnings,
  };
}

/** Where a folder's suite is signed; its age is no matter where it was planned from, and none where there is no network. */
export function findFolderRepositories(
  { mirrors, overrides }: Pick<Session, 'mirrors' | 'overrides'>,
  folder: Pick<FolderItem, 'distro' | 'suite' | 'arch'> & { readonly debArch: string },
): Promise<readonly Repository[]> {
  return findSuiteRepositories(folder, { mirrors, overrides, allowExpiredRelease: true });
}

/** Names of folders, and the distribution's own where it may fit, as install would try them. */
export async function orderTries(
  session: Session,
  plan: Plan,
  { systemtap }: { readonly systemtap: SystemtapWish },
): Promise<readonly string[]> {
  const folders = foldersOf(plan.items);
  const ranked = await rankForPlan(session, plan, { wish: systemtap, rung: 'kernel.function', withMends: false });
  const named = ranked.flatMap(({ candidate, predictions }) => {
    if (candidate.kind === 'distro') return predictions.hello.verdict === 'unfit' ? [] : ['distro'];
    const { distro, suite } = candidate.from;
    const folder = folders.find((each) => each.distro === distro && each.suite === suite);
    return candidate.kind === 'portable' && folder !== undefined ? [folder.name] : [];
  });
  return [...new Set([...named, ...folders.map(({ name }) => name)])];
}
