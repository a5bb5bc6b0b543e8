/** Where a front end would do something else than the plan. Pure. */
import type { FrontEndTransaction, PackageChange } from '../package-system/front-ends.ts';
import { isSameVersion } from './compare-lists.ts';

/** A package to be installed. */
export interface WantedPackage extends PackageChange {
  /** The version that it takes the place of by agreement; null: none may go. */
  readonly replaces: string | null;
}

export interface TransactionDifference {
  /** Installed, and would be gone or of another version. */
  readonly loses: readonly PackageChange[];
  /** Would be installed in place of another version, which the plan does not do. */
  readonly changes: readonly PackageChange[];
  /** In the plan, and would not come. */
  readonly leavesOut: readonly PackageChange[];
  /** Comes, and is not in the plan. */
  readonly adds: readonly PackageChange[];
}

export function compareTransaction(
  { adds, replaces, removes }: FrontEndTransaction,
  wanted: readonly WantedPackage[],
): TransactionDifference {
  const replacing = wanted.filter((item) => item.replaces !== null);
  return {
    loses: removes.filter((gone) => !replacing.some((item) => isSame({ ...item, version: item.replaces ?? '' }, gone))),
    changes: replaces.filter((change) => !replacing.some((item) => isSame(item, change))),
    leavesOut: wanted.filter((item) => ![...adds, ...replaces].some((change) => isSame(item, change))),
    adds: adds.filter((change) => !wanted.some((item) => isSame(item, change))),
  };
}

/** Whether the target would be another afterwards than the plan says, what comes beside it left aside. */
export function isHarmless({ loses, changes, leavesOut }: TransactionDifference): boolean {
  return loses.length === 0 && changes.length === 0 && leavesOut.length === 0;
}

/** Whether two packages are one, however its epoch is written. */
export function isSame(a: PackageChange, b: PackageChange): boolean {
  return a.name === b.name && a.arch === b.arch && isSameVersion(a.version, b.version);
}
