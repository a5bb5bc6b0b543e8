/** The plan for a Debian or Ubuntu kernel: exact kernel packages, SystemTap and compiler, and all that they need. Pure. */
import { isTapprepError } from '../../errors.ts';
import { gradeOf } from '../../trust/grade.ts';
import { refuseUnsigned } from '../../trust/unsigned.ts';
import type { DebTarget, MatchEvidence, PackagePlan, PlanItem, Role } from '../../types.ts';
import { namePackages } from '../package-names.ts';
import { assemblePlan, type PlanRequest } from '../plan.ts';
import { findClosure } from './closure.ts';
import {
  assumeBase,
  type Chosen,
  type Installed,
  listInstalled,
  refuseSplitVersions,
  requireSameArchitecture,
} from './installation.ts';
import { imageNames, kernelRoleOf, SYSTEMTAP, TOOLCHAIN } from './kernel-names.ts';
import { chooseImage, chooseKernelPackages } from './choose-kernel.ts';
import type { DebRecord } from './packages-index.ts';
import { recordItem } from './record-item.ts';
import { createPool, type Requirement, type Pool } from './pool.ts';
import { orderWaves } from './waves.ts';

/**
 * Plans from the records that `wantedNames` asked for.
 * @throws TapprepError NO_EXACT_PACKAGE with the nearest versions and where the exact one went, UNSATISFIED_DEPENDENCY
 *   with both sides, MIXED_ARCHITECTURE, BAD_METADATA for relations that cannot be read, UNSIGNED where nobody signed what is there.
 */
export function planDeb(target: DebTarget, records: readonly DebRecord[], request: PlanRequest): PackagePlan {
  const signed = records.filter(({ trust }) => gradeOf(trust) !== 'nobody');
  if (request.allowUnsigned === true || signed.length === records.length) return planFrom(target, records, request);
  try {
    return planFrom(target, signed, request);
  } catch (error) {
    if (!isTapprepError(error)) throw error;
    requireSignedPlan(planFrom(target, records, request));
    throw error;
  }
}

/** What is only whole with packages that nobody signed is refused by the first of them. @throws TapprepError UNSIGNED */
function requireSignedPlan({ items }: PackagePlan): void {
  const unsigned = items.find(({ trust }) => gradeOf(trust) === 'nobody');
  if (unsigned === undefined) return;
  const { name, version, repository } = unsigned;
  const sentence = `${name} ${version} is only in ${repository}, which signs nothing`;
  throw refuseUnsigned(sentence, { package: name, repository });
}

function planFrom(target: DebTarget, records: readonly DebRecord[], request: PlanRequest): PackagePlan {
  const pool = createPool(records);
  const notes: string[] = [];
  const installed = readInstalled(target, pool, request, notes);
  const kernel = chooseKernelPackages(target, pool, installed, request, notes);
  const image = request.roles.image ? chooseImage(target, pool, installed, notes) : [];
  const tools = [...(request.roles.systemtap === 'distro' ? [SYSTEMTAP] : []), ...TOOLCHAIN];
  const wishes = [...kernel.map(({ name, version }) => exactly(name, version)), ...tools.map(anyVersion)];
  const chosen = findClosure(wishes, pool, installed, target.packageArch);
  refuseSplitVersions(chosen, request.installed ?? []);
  const context: ItemContext = {
    target,
    installed: request.installed === null ? new Map() : installed,
    chosen,
    waves: orderWaves(chosen, pool, installed),
  };
  const unpackedOnly = image
    .filter(({ name, version }) => !chosen.has(name) && context.installed.get(name) !== version)
    .flatMap(({ name, version }) => pool.find(name, version) ?? []);
  return assemblePlan(
    target,
    [
      ...Array.from(chosen.values(), (record) => toItem(record, context, true)),
      ...unpackedOnly.map((record) => toItem(record, context, false)),
    ],
    [...kernel, ...image, ...tools.map((name) => ({ name, version: installed.get(name) ?? '' }))]
      .filter(({ name, version }) => !chosen.has(name) && context.installed.get(name) === version)
      .map(({ name, version }) => ({ role: roleOf(name, target), name, version })),
    notes,
  );
}

/**
 * Packages by their names and all that they need, in the newest version that goes together. The target says only of which
 * architecture and distribution they are.
 * @throws TapprepError UNSATISFIED_DEPENDENCY, BAD_METADATA
 */
export function planNames(
  target: DebTarget,
  records: readonly DebRecord[],
  names: readonly string[],
  { installed: known, allowUnsigned }: Pick<PlanRequest, 'installed' | 'allowUnsigned'>,
): readonly PlanItem[] {
  const open = records.filter(({ trust }) => allowUnsigned === true || gradeOf(trust) !== 'nobody');
  const pool = createPool(open);
  const installed = known === null ? assumeBase(pool) : listInstalled(known, target.packageArch);
  const chosen = findClosure(names.map(anyVersion), pool, installed, target.packageArch);
  const waves = orderWaves(chosen, pool, installed);
  return Array.from(chosen.values(), (record) => toItem(record, { target, installed, chosen, waves }, true));
}

function readInstalled(target: DebTarget, pool: Pool, request: PlanRequest, notes: string[]): Installed {
  if (request.installed !== null) {
    requireSameArchitecture(request.installed, target);
    return listInstalled(request.installed, target.packageArch);
  }
  notes.push(
    'the installed packages are not known: what every system has (Essential, priority required) and what that needs are taken to be there',
  );
  return assumeBase(pool);
}

function exactly(name: string, version: string): Requirement {
  return { text: `${name} (= ${version})`, group: [{ name, qualifier: null, relation: '=', version }] };
}

function anyVersion(name: string): Requirement {
  return { text: name, group: [{ name, qualifier: null, relation: null, version: null }] };
}

interface ItemContext {
  readonly target: DebTarget;
  readonly installed: Installed;
  readonly chosen: Chosen;
  readonly waves: ReadonlyMap<string, number>;
}

function toItem(record: DebRecord, context: ItemContext, install: boolean): PlanItem {
  const { installed, waves } = context;
  const role = roleOf(record.name, context.target);
  return {
    kind: install ? 'package' : 'image',
    ...recordItem(record),
    role,
    match: matchOf(record.name, role, context.target),
    install,
    replaces: install ? (installed.get(record.name) ?? null) : null,
    wave: waves.get(record.name) ?? 0,
  };
}

const ROLES: readonly (readonly [RegExp, Role])[] = [
  [/^linux-headers-/, 'headers'],
  [/^systemtap(?:$|-)/, 'systemtap'],
  [/^(?:gcc|cpp)(?:$|-\d)|^make$/, 'toolchain'],
];

/** What a package of that name is to the target. */
export function roleOf(name: string, target: DebTarget): Role {
  const exact = namePackages(target).find((each) => each.name === name)?.role ?? kernelRoleOf(name, target.release);
  if (exact !== null) return exact;
  if (name.startsWith('linux-') && !name.startsWith('linux-headers-') && name.endsWith(target.release)) return 'image';
  if (imageNames(target).includes(name)) return 'image';
  return ROLES.find(([pattern]) => pattern.test(name))?.[1] ?? 'dependency';
}

/** By what a package of that name fits the target. */
export function matchOf(name: string, role: Role, target: DebTarget): MatchEvidence {
  const isNamed =
    kernelRoleOf(name, target.release) !== null || namePackages(target).some((each) => each.name === name);
  if (role !== 'image' && !isNamed) return 'dependency';
  return target.packageVersion === null ? 'abi-name' : 'version';
}
