/** The packages that have to be exactly this kernel's: headers, debug package, image. Pure. */
import { debNaming } from '../../detect/kernel-families.ts';
import type { DebTarget, PackageName } from '../../types.ts';
import { type PlanRequest, wantsKernelPackage } from '../plan.ts';
import { isBuildOf, stripEpoch } from './build-version.ts';
import type { Installed } from './installation.ts';
import { imageNames, kernelRoleOf, namesByIndex } from './kernel-names.ts';
import { explainMiss } from './miss.ts';
import type { DebRecord } from './packages-index.ts';
import type { Pool } from './pool.ts';

/** Of the debug package of a signed Ubuntu kernel: the real one holds a vmlinux and is never so small. */
const STUB_BYTES = 10 * 1000 * 1000;

/** A package in one version, there or to be fetched. */
export interface NamedVersion {
  readonly name: string;
  readonly version: string;
}

/**
 * Headers and debug package of exactly this kernel.
 * @throws TapprepError NO_EXACT_PACKAGE
 */
export function chooseKernelPackages(
  target: DebTarget,
  pool: Pool,
  installed: Installed,
  request: PlanRequest,
  notes: string[],
): readonly NamedVersion[] {
  const names = namesByIndex(target, pool.names).filter(({ role }) => wantsKernelPackage(target, request, role));
  if (wantsKernelPackage(target, request, 'debuginfo') && !names.some(({ role }) => role === 'debuginfo'))
    notes.push('no debug package is known to be published of this kernel, and kernel.function probes need one');
  const groups = Map.groupBy(names, ({ name, alternative }) =>
    alternative === undefined ? name : String(alternative),
  );
  return [...groups.values()].flatMap((group) => {
    if (group[0]?.role === 'debuginfo' && !isPublished(group, target, pool, installed)) {
      notes.push(
        `no repository has ${group.map(({ name }) => name).join(' or ')}: nothing is known of debug packages of this kernel, and kernel.function probes need them`,
      );
      return [];
    }
    return [chooseExact(group, target, pool, installed, notes)];
  });
}

/** Whether debug packages of a kernel are published at all, where only the index can tell. */
function isPublished(
  group: readonly PackageName[],
  { kernelFamily }: DebTarget,
  pool: Pool,
  installed: Installed,
): boolean {
  if (debNaming(kernelFamily).debuginfoUnseen !== true) return true;
  return group.some(({ name }) => installed.has(name) || pool.versions(name).length > 0);
}

/** One of several alternative names, in the version of the kernel; what is installed in that version comes first. */
function chooseExact(
  names: readonly Pick<PackageName, 'name' | 'version'>[],
  target: DebTarget,
  pool: Pool,
  installed: Installed,
  notes: string[],
): NamedVersion {
  const version = names[0]?.version ?? null;
  const isRight = (found: string): boolean => version === null || isBuildOf(stripEpoch(found), version);
  for (const { name } of names) {
    const there = installed.get(name);
    if (there !== undefined && isRight(there)) return { name, version: there };
  }
  let passedOver: string | null = null;
  for (const { name } of names) {
    const fitting = pool.versions(name).filter((record) => isRight(record.version));
    const [record] = fitting;
    if (record === undefined) continue;
    if (isStub(record)) {
      passedOver = `${record.name} ${record.version} has ${record.sizeBytes} bytes, which is the stub of a signed kernel and holds no vmlinux`;
      continue;
    }
    if (version === null && fitting.length > 1) notes.push(describeChoice(fitting));
    return record;
  }
  throw explainMiss({ names: names.map(({ name }) => name), version, passedOver }, target, pool);
}

function isStub({ name, sizeBytes }: DebRecord): boolean {
  return (
    name.endsWith('-dbgsym') && !name.startsWith('linux-image-unsigned-') && (sizeBytes ?? STUB_BYTES) < STUB_BYTES
  );
}

function describeChoice(fitting: readonly DebRecord[]): string {
  const [first] = fitting;
  const versions = fitting.map(({ version, repository }) => `${version} (${repository.id})`).join(', ');
  return `uname -v does not tell the version and ${first?.name} exists as ${versions}: the newest is taken, and the build-id decides whether it is the one`;
}

/**
 * The kernel of a rehearsal: the image, and the packages named for this release that it is made of since 6.19.
 * @throws TapprepError NO_EXACT_PACKAGE
 */
export function chooseImage(
  target: DebTarget,
  pool: Pool,
  installed: Installed,
  notes: string[],
): readonly NamedVersion[] {
  const version = target.packageVersion === null ? null : stripEpoch(target.packageVersion);
  const others = pool.names.filter((name) => kernelRoleOf(name, target.release) === 'image');
  const names = [...new Set([...imageNames(target), ...others])];
  const image = chooseExact(
    names.map((name) => ({ name, version })),
    target,
    pool,
    installed,
    notes,
  );
  const found = new Map<string, DebRecord>();
  const agenda = [pool.find(image.name, image.version)];
  for (let record = agenda.pop(); record !== undefined; record = agenda.pop()) {
    if (record === null || found.has(record.name)) continue;
    found.set(record.name, record);
    for (const { group } of pool.requires(record)) {
      const part = group.find(({ name }) => name.includes(target.release));
      if (part !== undefined) agenda.push(pool.find(part.name, part.version ?? record.version));
    }
  }
  return found.size === 0 ? [image] : [...found.values()];
}
