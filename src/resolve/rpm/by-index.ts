/** What the index says of a release, whoever packs it: the package that provides its uname -r gives all the names. Pure. */
import type { RpmTarget } from '../../types.ts';
import { versionRelease } from '../../version/evr.ts';
import { namePackages } from '../package-names.ts';
import { providesRelease, type PackageRecord } from '../reader.ts';

/**
 * The target with the names that the index gives its packages, where those are not the table's: a devel package that
 * provides the release, or has files of it, decides; where there is none the kernel's own package does.
 */
export function nameByIndex(target: RpmTarget, records: readonly PackageRecord[]): RpmTarget {
  const known = namePackages(target);
  const devels = new Set(known.filter(({ role }) => role === 'devel').map(({ name }) => name));
  const own = records.filter(
    (record) => providesRelease(record, target.release) || record.holds?.includes(target.release) === true,
  );
  const devel = own.find(({ name }) => devels.has(name)) ?? own.find(({ name }) => name.endsWith('-devel'));
  const image = own.find(({ name }) => name.endsWith('-core')) ?? own.find(({ name }) => !name.endsWith('-devel'));
  const found = devel ?? (target.kernelFamily === 'rpm' ? image : undefined);
  if (found === undefined || (devels.has(found.name) && target.kernelFamily !== 'rpm')) return target;
  const stem = found.name.replace(/-(?:devel|core|modules|modules-core)$/, '');
  return {
    ...target,
    kernelFamily: 'rpm',
    packageArch: found.arch === 'noarch' ? target.packageArch : found.arch,
    stem,
    variant: null,
    versionRelease: versionRelease(found.version),
  };
}
