/** Why no repository has a package: what they have in its place. Pure. */
import { TapprepError } from '../../errors.ts';
import { tapprep } from '../../make-remedy.ts';
import type { RpmTarget } from '../../types.ts';
import { compareEvr, versionRelease } from '../../version/evr.ts';
import { findNeighbours } from '../match.ts';
import type { PackageRecord } from '../reader.ts';
import type { Need } from './needs.ts';
import { isRebuild } from './rebuild.ts';

/** The error for a need that no record answers. */
export function explainMiss(need: Need, records: readonly PackageRecord[], target: RpmTarget): TapprepError {
  const wanted = `${need.names.join(' or ')} ${need.version}${need.prefix ? '.*' : ''}`;
  const named = records.filter((record) => need.names.includes(record.name));
  const ofArch = named.filter((record) => record.arch === need.arch);
  const parts = [
    describeOtherArch(need, named),
    describeOtherVariant(need, records),
    describeNeighbours(need, ofArch),
  ].filter((part) => part !== null);
  const seen = parts.length === 0 ? `they have no other ${need.names[0]} for ${need.arch}` : parts.join('; ');
  return new TapprepError('NO_EXACT_PACKAGE', `no repository has ${wanted} for ${need.arch}: ${seen}`, {
    remedy: tapprep('mirrors', 'list'),
    facts: {
      role: need.role,
      wanted: need.names,
      version: need.version,
      arch: need.arch,
      release: target.release,
      seen: [...new Set(ofArch.map((record) => record.version))].toSorted(compareEvr).slice(-20),
    },
  });
}

function describeOtherArch(need: Need, named: readonly PackageRecord[]): string | null {
  const archs = named.filter((record) => isVersion(record, need) && record.arch !== need.arch).map(({ arch }) => arch);
  return archs.length === 0 ? null : `it is there for ${[...new Set(archs)].join(' and ')} only`;
}

/** The same version under another variant's name: kernel-debug-devel where kernel-devel is wanted. */
function describeOtherVariant(need: Need, records: readonly PackageRecord[]): string | null {
  const end = /-(?:devel|debuginfo)$/.exec(need.names[0] ?? '')?.[0];
  if (end === undefined) return null;
  const others = records.filter(
    (record) =>
      record.name.endsWith(end) &&
      !need.names.includes(record.name) &&
      record.arch === need.arch &&
      isVersion(record, need),
  );
  const names = [...new Set(others.map(({ name }) => name))].slice(0, 3);
  return names.length === 0 ? null : `of that version they have ${names.join(' and ')}, which is of another variant`;
}

function describeNeighbours(need: Need, ofArch: readonly PackageRecord[]): string | null {
  const { older, newer } = findNeighbours(need.version, ofArch, versionOf, compareEvr);
  const name = need.names[0] ?? '';
  if (older !== null && newer !== null) return `the nearest are ${name} ${versionOf(older)} and ${versionOf(newer)}`;
  if (older !== null) return `every ${name} is older, the newest is ${versionOf(older)}`;
  if (newer !== null) return `every ${name} is newer, the oldest is ${versionOf(newer)}`;
  return null;
}

function versionOf(record: PackageRecord): string {
  return versionRelease(record.version);
}

function isVersion(record: PackageRecord, need: Need): boolean {
  const version = versionOf(record);
  return version === need.version || (need.prefix && isRebuild(version, need.version));
}
