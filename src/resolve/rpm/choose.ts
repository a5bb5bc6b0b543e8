/** Chooses the package for a need among records: exactly this kernel's, of one build with the rest. Pure. */
import { rpmNaming } from '../../detect/kernel-families.ts';
import { TapprepError } from '../../errors.ts';
import { tapprep } from '../../make-remedy.ts';
import type { InstalledPackage, MatchEvidence, RpmTarget } from '../../types.ts';
import { variantSuffix } from '../package-names.ts';
import { gradeOf } from '../../trust/grade.ts';
import { compareEvr, versionRelease } from '../../version/evr.ts';
import type { PackageRecord } from '../reader.ts';
import type { Need } from './needs.ts';
import { isRebuild } from './rebuild.ts';

/** Who built something, where and when; null where it is not known. */
export type Build = Pick<PackageRecord, 'vendor' | 'buildHost' | 'buildTime'>;

/** A package that fits a need, and by what. */
export interface Choice {
  readonly need: Need;
  readonly record: PackageRecord;
  readonly match: MatchEvidence;
  /** The capability that it was chosen by, else null. */
  readonly capability: string | null;
}

/** What is known of the kernel that the choice is for. */
export interface KernelBuild extends Build {
  /** [epoch:]version-release of its package; with the rebuild counter that uname -r leaves out. */
  readonly version: string | null;
}

/** The best evidence first. */
const EVIDENCE: readonly MatchEvidence[] = ['build-id', 'uname-provide', 'nevra'];

/** The installed package of the kernel in question, found by its name and version; null where none is known. */
export function findKernelBuild(target: RpmTarget, installed: readonly InstalledPackage[]): KernelBuild | null {
  const base = target.stem + variantSuffix(target);
  const names = [`${base}-core`, base, `${target.stem}${target.variant ?? ''}`];
  const found = installed
    .filter(
      ({ name, version, arch }) => names.includes(name) && arch === target.packageArch && fitsVersion(version, target),
    )
    .toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name))[0];
  if (found === undefined) return null;
  const { vendor, buildHost, buildTime, version } = found;
  return { vendor, buildHost, buildTime, version };
}

function fitsVersion(version: string, { versionRelease: wanted, kernelFamily }: RpmTarget): boolean {
  const bare = versionRelease(version);
  return bare === wanted || (rpmNaming(kernelFamily).counter?.test(wanted) === true && isRebuild(bare, wanted));
}

/** Every record that answers a need, the best first, then the likelier name; nothing is asked of who built it. */
export function listCandidates(need: Need, records: readonly PackageRecord[], target: RpmTarget): readonly Choice[] {
  const found = records.flatMap((record) => {
    const found = matchNeed(need, record, target);
    return found === null ? [] : [{ need, record, ...found }];
  });
  return found.toSorted(
    (a, b) =>
      EVIDENCE.indexOf(a.match) - EVIDENCE.indexOf(b.match) ||
      need.names.indexOf(a.record.name) - need.names.indexOf(b.record.name),
  );
}

/** Whether a package answers a need, and by what. */
export function matchNeed(
  need: Need,
  record: Pick<PackageRecord, 'name' | 'version' | 'arch' | 'provides'>,
  target: RpmTarget,
): Pick<Choice, 'match' | 'capability'> | null {
  if (record.arch !== need.arch) return null;
  if (need.role === 'debuginfo' && target.buildId !== null) {
    const capability = `debuginfo(build-id) = ${target.buildId}`;
    if (record.provides.includes(capability)) return { match: 'build-id', capability };
  }
  const capability = need.capabilities.find((wanted) => record.provides.includes(wanted)) ?? null;
  if (capability !== null) return { match: 'uname-provide', capability };
  const version = versionRelease(record.version);
  const isVersion = version === need.version || (need.prefix && isRebuild(version, need.version));
  if (!isVersion || !need.names.includes(record.name)) return null;
  // A package of that name and version which says itself that it is for another kernel.
  if (need.capabilities.length > 0 && record.provides.some((provided) => isOtherUname(provided, need))) return null;
  return { match: 'nevra', capability: null };
}

function isOtherUname(provided: string, need: Need): boolean {
  return need.capabilities.some((wanted) => provided.startsWith(wanted.slice(0, wanted.indexOf(' = ') + 3)));
}

/** What every package of a set must agree with. */
export interface Anchor {
  /** The kernel's, or of the package chosen first. */
  readonly build: Build | null;
  /** What `build` is of, for messages. */
  readonly of: string;
  readonly kernel: KernelBuild | null;
}

/** Whether a signature will vouch for the package, its own or one over the index. */
export function isSigned({ trust }: Pick<PackageRecord, 'trust'>): boolean {
  return gradeOf(trust) !== 'nobody';
}

/**
 * The best of the candidates that the same vendor built, what is signed first: the kernel's own rebuild and build first, then the newest
 * rebuild, then the repository that was asked first.
 * @throws TapprepError VENDOR_MISMATCH with both vendors when all are another's
 */
export function chooseOne(candidates: readonly Choice[], anchor: Anchor): Choice | null {
  const vendor = anchor.build?.vendor ?? null;
  const ours = candidates.filter(({ record }) => vendor === null || record.vendor === null || record.vendor === vendor);
  const [best] = ours.toSorted((a, b) => compareChoices(a, b, anchor));
  if (best !== undefined) return best;
  const [other] = candidates;
  if (other === undefined) return null;
  const { name, version } = other.record;
  throw new TapprepError(
    'VENDOR_MISMATCH',
    `${name} ${version} is there, but ${other.record.vendor} built it, and ${vendor} built ${anchor.of}: the same name and version is not the same kernel`,
    {
      remedy: tapprep('mirrors', 'list'),
      facts: {
        package: name,
        version,
        found: other.record.vendor,
        expected: vendor,
        repository: other.record.repository.id,
      },
    },
  );
}

function compareChoices(a: Choice, b: Choice, { build, kernel }: Anchor): number {
  return (
    Number(isSigned(b.record)) - Number(isSigned(a.record)) ||
    EVIDENCE.indexOf(a.match) - EVIDENCE.indexOf(b.match) ||
    Number(b.record.version === kernel?.version) - Number(a.record.version === kernel?.version) ||
    Number(isSameBuild(b.record, build)) - Number(isSameBuild(a.record, build)) ||
    compareEvr(b.record.version, a.record.version)
  );
}

/** Whether build host and time are known on both sides and equal: R12, all packages of one rpmbuild run share them. */
function isSameBuild(record: Build, build: Build | null): boolean {
  if (build === null || record.buildTime === null || record.buildHost === null) return false;
  return record.buildTime === build.buildTime && record.buildHost === build.buildHost;
}

/** Whether build host or time are known on both sides and differ. */
export function isOtherBuild(record: Build, build: Build): boolean {
  return differs(record.buildTime, build.buildTime) || differs(record.buildHost, build.buildHost);
}

function differs(a: string | number | null, b: string | number | null): boolean {
  return a !== null && b !== null && a !== b;
}
