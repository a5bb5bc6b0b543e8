/** From chosen records to items of a plan. Pure. */
import { TapprepError } from '../../errors.ts';
import { gradeOf } from '../../trust/grade.ts';
import type { PlanItem, TrustRequirement } from '../../types.ts';
import { fileNameOf } from '../location.ts';
import type { PlanRequest } from '../plan.ts';
import type { PackageRecord } from '../reader.ts';
import type { Choice, KernelBuild } from './choose.ts';

/** A kernel package, with what its own header will have to say. @throws TapprepError UNSAFE_URL */
export function toItem(
  { need, record, match, capability }: Choice,
  records: readonly PackageRecord[],
  kernel: KernelBuild | null,
): PlanItem {
  return {
    kind: need.role === 'image' ? 'image' : 'package',
    ...describeItem(record, records),
    trust: need.role === 'debuginfo' ? record.trust : withoutBuildId(record.trust),
    role: need.role,
    match,
    install: need.role !== 'image',
    replaces: null,
    expects: {
      vendor: record.vendor ?? kernel?.vendor ?? null,
      buildHost: record.buildHost,
      buildTime: record.buildTime,
      sourceRpm: record.source,
      provides: capability === null ? [] : [capability],
    },
  };
}

/** Of what nobody signed only the debug information has to name the kernel's build. */
function withoutBuildId(trust: TrustRequirement): TrustRequirement {
  return gradeOf(trust) === 'nobody' && trust.kind !== 'signed-index' ? { ...trust, buildId: null } : trust;
}

/** A package of SystemTap. @throws TapprepError UNSAFE_URL */
export function toToolItem(record: PackageRecord, records: readonly PackageRecord[], request: PlanRequest): PlanItem {
  const older = request.installed?.find(({ name, arch }) => name === record.name && arch === record.arch);
  return {
    kind: 'package',
    ...describeItem(record, records),
    trust: withoutBuildId(record.trust),
    role: 'systemtap',
    match: 'version',
    install: true,
    replaces: older?.version ?? null,
  };
}

/** A package that another needs, or a tool. @throws TapprepError UNSAFE_URL */
export function toDependencyItem(
  record: PackageRecord,
  known: Pick<PlanItem, 'role' | 'replaces'> & { readonly because: NonNullable<PlanItem['because']> | null },
): PlanItem {
  const { because, ...rest } = known;
  return {
    kind: 'package',
    ...describeItem(record, []),
    ...rest,
    match: 'dependency',
    install: true,
    ...(because === null ? {} : { because }),
  };
}

function describeItem(
  record: PackageRecord,
  records: readonly PackageRecord[],
): Omit<PlanItem, 'kind' | 'role' | 'match' | 'install' | 'replaces'> {
  const [url = ''] = record.urls;
  const fileName = url === '' ? null : fileNameOf(url);
  if (fileName === null) {
    throw new TapprepError(
      'UNSAFE_URL',
      `${record.repository.id} names ${record.name} at ${url}, which is no plain file name`,
    );
  }
  const { name, version, arch, sizeBytes, installedBytes, trust, repository } = record;
  const urls = [...new Set([...record.urls, ...otherPlaces(record, records)])];
  return { name, version, arch, fileName, urls, sizeBytes, installedBytes, trust, repository: repository.id };
}

/** The same bytes in other repositories: a strong digest makes them the same wherever they come from. */
function otherPlaces(record: PackageRecord, records: readonly PackageRecord[]): readonly string[] {
  const { digest } = record;
  if (digest === null || digest.algorithm === 'sha1') return [];
  return records
    .filter((other) => other.digest?.algorithm === digest.algorithm && other.digest.hex === digest.hex)
    .flatMap((other) => other.urls);
}
