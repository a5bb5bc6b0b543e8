/** A bundle of packages: plan, download, the evidence for all of it, and one tar that needs only sh and dpkg or rpm. */
import { toLine } from '../bundle/provenance.ts';
import {
  type BundleManifest,
  compareText,
  parseManifest,
  renderManifest,
  renderTarget,
  renderText,
  TARGET_NAME,
  TEXT_NAME,
} from '../bundle/manifest.ts';
import { prepareData, prepareLicence, prepareScript, prepareScripts, type PreparedFile } from '../bundle/files.ts';
import { describePackages } from '../bundle/packages.ts';
import { type BundleSource, writeBundle, type WrittenBundle } from '../bundle/write.ts';
import { countOf } from '../count.ts';
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import type { SystemtapWish } from '../systemtap/choose.ts';
import { fileKey, packagesOf } from '../resolve/provisions.ts';
import type { Artifact, HostFacts, Plan, PlanItem } from '../types.ts';
import { join } from 'node:path';
import { acquirePlan } from './acquire.ts';
import { type BundleEvidence, collectEvidence } from './bundle-evidence.ts';
import { describePlan } from './describe.ts';
import { bundleFolders, orderTries } from './bundle-folders.ts';
import { findRepositories } from './find-repositories.ts';
import { planTarget } from './plan-target.ts';
import type { OpenTarget } from './open-target.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';
import { forFamily } from '../package-system/systems.ts';

export interface BundleOptions {
  /** Absolute path of the tar. */
  readonly out: string;
  readonly debuginfo: boolean;
  /** The kernel itself too, for a virtual machine on the other side. */
  readonly image: boolean;
  readonly allowExpiredRelease: boolean;
  readonly systemtap: SystemtapWish;
  readonly lock: Plan | null;
  readonly sign: ((sums: string) => Promise<string>) | null;
  /** Only the plan is made. */
  readonly dryRun: boolean;
}

export interface BundleReport {
  readonly plan: Plan;
  /** null in a dry run. */
  readonly bundle: WrittenBundle | null;
  readonly manifest: BundleManifest | null;
  readonly stages: Session['times'];
}

/** @throws TapprepError of any stage; the file is complete or not there */
export async function bundleTarget(session: Session, open: OpenTarget, options: BundleOptions): Promise<BundleReport> {
  const plan = await runStage(
    session,
    'plan',
    async () =>
      options.lock ??
      (await planTarget(session, open, { ...options, rung: 'kernel.function', isWhole: true, withMends: false })),
    describePlan,
  );
  const partly = packagesOf(plan.items).find(({ files }) => files !== undefined);
  if (partly !== undefined) {
    throw new TapprepError(
      'USAGE',
      `a bundle installs whole packages, but the lock takes single files out of ${partly.name}`,
      { remedy: tapprep('plan', '--out', 'kernel.lock') },
    );
  }
  if (options.dryRun) return { plan, bundle: null, manifest: null, stages: session.times };
  const artifacts = await runStage(
    session,
    'download',
    () => acquirePlan(session, open, plan, { isLock: options.lock !== null }),
    (files) => `${countOf(files.length, 'package')} verified`,
  );
  const byFile = new Map(artifacts.map((artifact) => [fileKey(artifact.item), artifact]));
  const take = (items: readonly PlanItem[]): readonly Artifact[] =>
    items.flatMap((item) => {
      const artifact = byFile.get(fileKey(item));
      return artifact === undefined ? [] : [{ ...artifact, item }];
    });
  const own = take(packagesOf(plan.items));
  const packages = describePackages(own);
  const folders = await runStage(
    session,
    'systemtap',
    () => bundleFolders(session, plan, take),
    (made) => made.map(({ folder: { name } }) => name).join(', ') || "the distribution's",
  );
  const evidence = await runStage(
    session,
    'evidence',
    async () => {
      const { repositories } = await findRepositories(session, open, {
        contents: ['devel', 'debuginfo', 'image', 'systemtap', 'toolchain'],
        allowExpiredRelease: true,
      });
      return forFamily<BundleEvidence | Promise<BundleEvidence>>(plan.target, {
        // Each is signed itself.
        rpm: () => ({ indexes: [], files: [], warnings: [] }),
        deb: ({ packageArch }) => collectEvidence(session, packageArch, packages, repositories),
      });
    },
    ({ indexes }) => countOf(indexes.length, 'signed index', 'signed indexes'),
  );
  const dependencies = isListKnown(open.facts) ? 'asked' : 'unknown';
  const { manifest, sources } = finishBundle(
    {
      schema: 'tapprep-bundle/1',
      kind: 'packages',
      tapprep: session.tapprepVersion,
      target: plan.target,
      dependencies,
      warnings: [
        ...(dependencies === 'unknown' ? [UNKNOWN_PACKAGES[plan.target.family]] : []),
        ...evidence.warnings,
        ...folders.flatMap(({ warnings }) => warnings),
      ].map(toLine),
      notes: plan.notes.map(toLine),
      packages,
      present: plan.present,
      indexes: evidence.indexes,
      modules: [],
      ...(folders.length === 0
        ? {}
        : { folders: folders.map(({ folder }) => folder), tries: await orderTries(session, plan, options) }),
    },
    [
      ...evidence.files,
      ...folders.flatMap(({ files }) => files),
      ...(await Promise.all(INSTALL_SCRIPTS.map(prepareScript))),
      ...(await prepareScripts(join(session.packageRoot, 'stp'))),
      await prepareLicence(session.packageRoot),
    ],
    new Map([
      ...own.map(({ item, path }) => [`packages/${item.fileName}`, { file: path }] as const),
      ...folders.flatMap(({ sources: some }) => some),
    ]),
  );
  const bundle = await runStage(
    session,
    'write',
    () => writeBundle({ out: options.out, manifest, sources, sign: options.sign, signal: session.signal }),
    ({ path }) => path,
  );
  return { plan, bundle, manifest, stages: session.times };
}

/** The shell scripts of a bundle of packages, as they lie beside src/bundle/write.ts. */
export const INSTALL_SCRIPTS: readonly string[] = [
  'install.sh',
  'verify.sh',
  ...['start', 'common', 'kernel', 'system', 'packages', 'journal', 'proof', 'folder', 'lock'].map(
    (part) => `sh/${part}.sh`,
  ),
];

const UNKNOWN_PACKAGES = {
  deb: 'the package list of the target was not known: what every system has (Essential, priority required) and what that needs are taken to be there, and what is there in another version is only seen when this is installed',
  rpm: 'the package list of the target was not known: it is taken as empty, all that is needed is here, and what is there in another version is only seen when this is installed',
} as const;

function isListKnown({ source, packages }: HostFacts): boolean {
  return source !== 'declared' && packages.length > 0;
}

/** Adds the texts that follow from the manifest, and lists every file. */
export function finishBundle(
  head: Omit<BundleManifest, 'files'>,
  files: readonly PreparedFile[],
  packageSources: ReadonlyMap<string, BundleSource>,
): { readonly manifest: BundleManifest; readonly sources: ReadonlyMap<string, BundleSource> } {
  const target = prepareData(TARGET_NAME, renderTarget(head));
  const carried = head.packages.length + (head.folders ?? []).flatMap((folder) => folder.packages).length;
  const count = carried + files.length + 2;
  const text = prepareData(TEXT_NAME, renderText(head, count));
  const all = [...files, target, text].toSorted((a, b) => compareText(a.path, b.path));
  const manifest: BundleManifest = {
    ...head,
    files: all.map(({ path, sizeBytes, sha256, mode }) => ({ path, sizeBytes, sha256, mode })),
  };
  const sources = new Map<string, BundleSource>(packageSources);
  for (const { path, source } of all) sources.set(path, source);
  // What cannot be read must not be written either.
  parseManifest(renderManifest(manifest), 'this bundle');
  return { manifest, sources };
}
