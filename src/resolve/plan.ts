/** What every family's plan has in common: what is asked for, and how items become a Plan. Pure. */
import type { FolderItem, PackagePlan, Plan, PlanItem, PlannedMend, Role, Target } from '../types.ts';
import { packagesOf } from './provisions.ts';

/** What a plan is asked to hold. */
export interface PlanRequest {
  /**
   * Packages of the target, all of them: what is there need not be fetched. null where nothing is known of it (a
   * declared target, a bundle for elsewhere).
   */
  readonly installed: readonly InstalledVersion[] | null;
  readonly roles: {
    /** The kernel itself, for a rehearsal; only unpacked unless something to be installed depends on it. */
    readonly image: boolean;
    readonly debuginfo: boolean;
    /** none: SystemTap comes from elsewhere, compiler and make are still needed. */
    readonly systemtap: 'distro' | 'none';
  };
  /** What nobody signed may be in it (--allow-unsigned-packages). */
  readonly allowUnsigned?: boolean;
}

/** Whether a package of the kernel is wanted: not where somebody named a tree or a vmlinux in its place. Pure. */
export function wantsKernelPackage({ own }: Pick<Target, 'own'>, { roles }: PlanRequest, role: Role): boolean {
  if (role === 'image') return roles.image;
  if (role === 'headers' || role === 'devel') return (own?.buildTree ?? null) === null;
  return roles.debuginfo && own === undefined;
}

/** A package of the target as its package manager lists it. */
export interface InstalledVersion {
  readonly name: string;
  /** deb: full version with epoch; rpm: [epoch:]version-release. */
  readonly version: string;
  readonly arch: string;
}

const ROLE_ORDER: readonly Role[] = [
  'headers',
  'devel',
  'debuginfo',
  'debuginfo-common',
  'debugsource',
  'image',
  'systemtap',
  'toolchain',
  'dependency',
];

/** Puts items in their order, what matters to the reader first, and sums what they cost. */
export function assemblePlan(
  target: Target,
  items: readonly PlanItem[],
  present: Plan['present'],
  notes: readonly string[],
): PackagePlan {
  const sorted = items.toSorted(compareItems);
  return {
    schema: 'tapprep-plan/1',
    target,
    items: sorted,
    present,
    downloadBytes: sum(sorted.map((item) => item.sizeBytes)),
    installedBytes: sum(sorted.filter((item) => item.install).map((item) => item.installedBytes)),
    notes: [...new Set(notes)],
  };
}

/** A plan with folders beside its packages, and with what is mended on the target. */
export function withFolders(
  plan: Plan,
  folders: readonly FolderItem[],
  notes: readonly string[],
  mends: readonly PlannedMend[] = [],
): Plan {
  return {
    ...plan,
    ...(mends.length === 0 ? {} : { mends }),
    // What is tried first stands first.
    items: [...plan.items, ...folders],
    downloadBytes: plan.downloadBytes + sum(folders.map(({ sizeBytes }) => sizeBytes)),
    // One of them is placed.
    installedBytes: plan.installedBytes + (folders[0]?.installedBytes ?? 0),
    notes: [...new Set([...plan.notes, ...notes])],
  };
}

/** The same plan with fewer packages: what is there already need not come. */
export function withItems(plan: Plan, items: Plan['items'], present: Plan['present']): Plan {
  const [had, has] = [costOf(plan.items), costOf(items)];
  return {
    ...plan,
    items,
    present,
    downloadBytes: plan.downloadBytes - had.download + has.download,
    installedBytes: plan.installedBytes - had.installed + has.installed,
  };
}

function costOf(items: Plan['items']): { readonly download: number; readonly installed: number } {
  const packages = packagesOf(items);
  return {
    download: sum(packages.map(({ sizeBytes }) => sizeBytes)),
    installed: sum(packages.filter(({ install }) => install).map(({ installedBytes }) => installedBytes)),
  };
}

function compareItems(a: PlanItem, b: PlanItem): number {
  return ROLE_ORDER.indexOf(a.role) - ROLE_ORDER.indexOf(b.role) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
