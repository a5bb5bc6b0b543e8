/** Packages of a plan as a bundle's manifest tells them, and as a plan again on the other side. Pure. */
import { TapprepError } from '../errors.ts';
import type { Artifact, PackagePlan, Plan, PlanItem } from '../types.ts';
import { assemblePlan } from '../resolve/plan.ts';
import { type BundledPackage, type BundleManifest, compareText } from './manifest.ts';
import { toLine } from './provenance.ts';

/**
 * Verified files as the packages of a manifest, in one order whatever order they came in.
 * @throws TapprepError BAD_METADATA where two packages have one file name
 */
export function describePackages(artifacts: readonly Artifact[], directory = 'packages'): readonly BundledPackage[] {
  const names = new Set<string>();
  for (const { item } of artifacts) {
    if (names.has(item.fileName)) {
      throw new TapprepError('BAD_METADATA', `two packages of the plan have the file name ${item.fileName}`);
    }
    names.add(item.fileName);
  }
  return artifacts
    .map((artifact) => describePackage(artifact, directory))
    .toSorted((a, b) => a.wave - b.wave || compareText(a.path, b.path));
}

function describePackage({ item, evidence }: Artifact, directory: string): BundledPackage {
  const { trust } = item;
  return {
    path: `${directory}/${item.fileName}`,
    sha256: evidence.sha256,
    sizeBytes: evidence.sizeBytes,
    installedBytes: item.installedBytes,
    role: item.role,
    name: item.name,
    version: item.version,
    arch: item.arch,
    match: item.match,
    ...(item.because === undefined ? {} : { because: { needs: toLine(item.because.needs), by: item.because.by } }),
    wave: item.wave ?? 0,
    install: item.install,
    replaces: item.replaces,
    repository: toLine(item.repository),
    urls: item.urls.map(toLine),
    trust: {
      kind: trust.kind,
      digest: trust.digest === null ? null : { algorithm: trust.digest.algorithm, hex: trust.digest.hex },
      index: trust.kind === 'rpm-signature' ? null : toLine(trust.index),
    },
    expects: item.expects === undefined ? null : describeExpectation(item.expects),
    signer: evidence.signer,
    checks: evidence.checks.map(toLine),
  };
}

/** Key order and keys are fixed, so that the same plan gives the same bytes. */
function describeExpectation(expects: NonNullable<PlanItem['expects']>): NonNullable<BundledPackage['expects']> {
  const { vendor, buildHost, buildTime, sourceRpm, provides } = expects;
  return { vendor, buildHost, buildTime, sourceRpm, provides };
}

/** File name of a bundled package. */
function fileNameOf({ path }: Pick<BundledPackage, 'path'>): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A bundled package as an item of a plan. Its trust is the manifest's own word, to be replaced by what vouches for it. */
export function toPlanItem(bundled: BundledPackage): PlanItem {
  return {
    kind: bundled.install ? 'package' : 'image',
    role: bundled.role,
    name: bundled.name,
    version: bundled.version,
    arch: bundled.arch,
    fileName: fileNameOf(bundled),
    urls: bundled.urls,
    sizeBytes: bundled.sizeBytes,
    installedBytes: bundled.installedBytes,
    trust: {
      kind: 'unsigned-index',
      digest: { algorithm: 'sha256', hex: bundled.sha256 },
      index: 'SHA256SUMS of the bundle',
      buildId: null,
    },
    match: bundled.match,
    ...(bundled.because === undefined ? {} : { because: bundled.because }),
    repository: bundled.repository,
    install: bundled.install,
    replaces: bundled.replaces,
    wave: bundled.wave,
    ...(bundled.expects === null ? {} : { expects: bundled.expects }),
  };
}

/** The plan of a bundle, with the items as this machine has checked them. */
export function toPlan({ target, present, notes }: BundleManifest, items: readonly PlanItem[]): PackagePlan {
  return assemblePlan(target, items, present as Plan['present'], notes);
}
