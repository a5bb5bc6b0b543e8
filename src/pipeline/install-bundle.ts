/** A bundle as the source of an installation: unpacked, held against its manifest, its evidence checked again. */
import { basename } from 'node:path';
import { adaptToInstalled } from '../bundle/adapt.ts';
import { toPlan, toPlanItem } from '../bundle/packages.ts';
import type { BundledPackage } from '../bundle/manifest.ts';
import { findArchitecture } from '../detect/architectures.ts';
import { openBundle, type OpenBundle } from '../bundle/read.ts';
import { requireSameTarget } from '../bundle/same-target.ts';
import { verifyBundleSignature } from '../bundle/sign.ts';
import { countOf } from '../count.ts';
import { TapprepError } from '../errors.ts';
import { quoteCommand } from '../shell-words.ts';
import { tapprepAsRoot } from '../make-remedy.ts';
import { openPrivateDirectory } from '../files/private-directory.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import type { Host } from '../host/host.ts';
import { listPackages } from '../install/package-list.ts';
import { withFolders } from '../resolve/plan.ts';
import { readStarter, toFolder } from '../systemtap/portable/plan-folder.ts';
import { type Authority, judgeFile } from '../trust/judge.ts';
import type { Artifact, FolderItem, Plan, PlanItem } from '../types.ts';
import { findAuthority, findFolderAuthority } from './bundle-authority.ts';
import { findFolderRepositories } from './bundle-folders.ts';
import { findUses } from './bundle-needs.ts';
import { findRepositories } from './find-repositories.ts';
import type { OpenTarget } from './open-target.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';
import { systemOf } from '../package-system/systems.ts';

export interface BundleChoice {
  /** Absolute path of the tar. */
  readonly path: string;
  /** A key file of which one has to have signed the bundle; null where none is asked for. */
  readonly keyring: string | null;
  /** Accept packages whose signatures cannot be checked here for want of keys. */
  readonly allowUnchecked: boolean;
}

/** What an installation takes from a bundle instead of from repositories. */
export interface BundleInstall {
  readonly plan: Plan;
  readonly artifacts: readonly Artifact[];
}

/**
 * Runs `body` with the checked contents of a bundle; what was unpacked is removed afterwards. Nothing is changed on the
 * target before everything in the bundle has been checked.
 * @throws TapprepError BAD_BUNDLE | DIGEST_MISMATCH | WRONG_TARGET | EVIDENCE_UNCHECKED, what signatures may fail by
 */
export async function withBundle<Result>(
  session: Session,
  open: OpenTarget,
  host: Host,
  choice: BundleChoice,
  body: (install: BundleInstall) => Promise<Result>,
): Promise<Result> {
  const parent = await openPrivateDirectory(session.cacheDir, 'tmp');
  return withTemporaryDirectory(parent, 'bundle-', async (directory) => {
    const install = await runStage(
      session,
      'bundle',
      async () => checkBundle(session, open, host, choice, await openBundle(choice.path, directory, session.signal)),
      ({ artifacts }) => `${countOf(artifacts.length, 'package')} verified`,
    );
    return await body(install);
  });
}

async function checkBundle(
  session: Session,
  open: OpenTarget,
  host: Host,
  choice: BundleChoice,
  bundle: OpenBundle,
): Promise<BundleInstall> {
  const { manifest } = bundle;
  const { emit, reader } = session;
  const name = basename(choice.path);
  if (manifest.kind !== 'packages') {
    throw new TapprepError('USAGE', `${name} holds compiled modules, which are run and not installed`, {
      hint: `${quoteCommand(['tar', '-xf', choice.path])}    # then sh run.sh --list in the directory that it makes`,
    });
  }
  requireSameTarget(manifest.target, open.target, name);
  for (const text of manifest.warnings) emit({ type: 'note', level: 'warning', text });
  const signer = choice.keyring === null ? null : await verifyBundleSignature(bundle, choice.keyring, name, reader.run);
  const { repositories } = await findRepositories(session, open, {
    contents: ['devel', 'debuginfo', 'image', 'systemtap', 'toolchain'],
    allowExpiredRelease: true,
  });
  const { records, ...own } = await findAuthority({ session, open, bundle, repositories });
  const authority: Authority = {
    ...own,
    owner: signer,
    allowUnchecked: choice.allowUnchecked,
    allowUnsigned: session.allowUnsigned,
  };
  const verified = await judgePackages(session, bundle, authority, choice, name);
  const system = systemOf(manifest.target);
  const installed = await listPackages(host, system);
  const uses = await findUses({ target: open.target, artifacts: verified, records, installed, bundle: name });
  const known = verified.map((artifact, at) => ({ ...artifact, item: withUse(artifact.item, uses[at]) }));
  const adapted = adaptToInstalled(
    known.map(({ item }) => item),
    installed,
    system,
  );
  for (const text of adapted.notes) emit({ type: 'note', level: 'info', text });
  const wanted = new Map(adapted.items.map((item) => [item.fileName, item]));
  const artifacts = known.flatMap((artifact) => {
    const item = wanted.get(artifact.item.fileName);
    return item === undefined ? [] : [{ ...artifact, item }];
  });
  const present = [...manifest.present, ...adapted.present];
  const packages = toPlan(
    { ...manifest, present },
    artifacts.map(({ item }) => item),
  );
  const folders = await judgeFolders(session, open, bundle, authority, choice, name);
  const plan = withFolders(
    packages,
    folders.map(({ folder }) => folder),
    [],
  );
  return { plan, artifacts: [...artifacts, ...folders.flatMap(({ artifacts: some }) => some)] };
}

interface JudgedFolder {
  readonly folder: FolderItem;
  readonly artifacts: readonly Artifact[];
}

/** The archive of a folder is for install.sh: here it is put together again, of packages that were judged here. */
async function judgeFolders(
  session: Session,
  open: OpenTarget,
  bundle: OpenBundle,
  authority: Authority,
  choice: BundleChoice,
  name: string,
): Promise<readonly JudgedFolder[]> {
  const judged: JudgedFolder[] = [];
  for (const { packages, indexes, distro, suite } of bundle.manifest.folders ?? []) {
    const { arch } = open.target;
    const debArch = findArchitecture(arch)?.deb ?? arch;
    const repositories = await findFolderRepositories(session, { distro, suite, arch, debArch });
    const round = { session, open, bundle, repositories };
    const own = { ...authority, ...(await findFolderAuthority(round, { packages, indexes, arch: debArch })) };
    const carried = packages.map((each) => ({
      bundled: each,
      item: { ...toPlanItem(each), kind: 'package', install: false } as const,
    }));
    const artifacts = await judgeAll(session, bundle, own, carried, choice, name);
    const items = artifacts.map(({ item }) => item);
    const { sha256 } = await readStarter();
    judged.push({ folder: toFolder(items, { distro, suite, arch }, sha256), artifacts });
  }
  return judged;
}

/** What is there already is judged too: a bundle with one bad package in it is a bad bundle. */
async function judgePackages(
  session: Session,
  bundle: OpenBundle,
  authority: Authority,
  choice: BundleChoice,
  name: string,
): Promise<readonly Artifact[]> {
  const { packages, target } = bundle.manifest;
  const carried = packages.map((bundled) => ({ bundled, item: toPlanItem(bundled) }));
  const foreign = carried.find(({ item }) => !item.fileName.endsWith(systemOf(target).extension));
  if (foreign !== undefined) {
    throw new TapprepError(
      'BAD_BUNDLE',
      `${name} is for a system of ${target.family} packages, and ${foreign.item.fileName} is none`,
    );
  }
  return judgeAll(session, bundle, authority, carried, choice, name);
}

async function judgeAll(
  { reader }: Session,
  bundle: OpenBundle,
  authority: Authority,
  carried: readonly { readonly bundled: BundledPackage; readonly item: PlanItem }[],
  choice: BundleChoice,
  name: string,
): Promise<readonly Artifact[]> {
  const verified: Artifact[] = [];
  const unchecked: string[] = [];
  for (const { bundled, item } of carried) {
    const file = { item, path: bundle.pathOf(bundled.path), sha256: bundled.sha256 };
    const verdict = await judgeFile(file, authority, reader);
    if ('artifact' in verdict) verified.push(verdict.artifact);
    else unchecked.push(verdict.unchecked);
  }
  refuseUnchecked(unchecked, choice, name);
  return verified;
}

/** Role and match are this side's; the manifest may only say that a kernel image is not to be installed. */
function withUse(item: PlanItem, use: Pick<PlanItem, 'role' | 'match'> | undefined): PlanItem {
  const { role = item.role, match = item.match } = use ?? {};
  const install = role !== 'image' || item.install;
  return { ...item, kind: install ? 'package' : 'image', role, match, install };
}

/** "Could not be checked" is a state of its own: neither good nor bad, and passed only by a switch that says so. */
function refuseUnchecked(unchecked: readonly string[], { path }: BundleChoice, name: string): void {
  const [first] = unchecked;
  if (first === undefined) return;
  throw new TapprepError(
    'EVIDENCE_UNCHECKED',
    `the digests of ${name} are those of its manifest, but who made ${unchecked.length} of its packages could not be checked here: ${first}`,
    {
      remedy: tapprepAsRoot('install', '--bundle', path, '--bundle-keyring', 'FILE'),
      hint: 'for a bundle signed by somebody you know; else --allow-unchecked-evidence',
      facts: { unchecked: unchecked.length, reasons: [...new Set(unchecked)] },
    },
  );
}
