/** What came and what changed between two lists of installed packages. Pure. */
import type { InstallReport } from '../types.ts';
import type { ListedPackage } from './package-list.ts';

/** What came and what changed its version between two package lists. */
export function compareLists(
  before: readonly ListedPackage[],
  after: readonly ListedPackage[],
): {
  readonly added: readonly ListedPackage[];
  readonly replaced: InstallReport['replaced'];
  /** What went and has no other version in its place. */
  readonly removed: readonly ListedPackage[];
} {
  const old = new Set(before.map(packageKey));
  const byName = Map.groupBy(before, ({ name }) => name);
  const current = new Set(after.map(packageKey));
  const added: ListedPackage[] = [];
  const replaced: { name: string; from: string; to: string }[] = [];
  for (const item of after) {
    if (old.has(packageKey(item))) continue;
    const gone = byName.get(item.name)?.find((one) => isSamePackage(one, item) && !current.has(packageKey(one)));
    if (gone === undefined) added.push(item);
    else replaced.push({ name: item.name, from: gone.version, to: item.version });
  }
  const successors = new Set(replaced.map(({ name, from }) => `${name}\0${from}`));
  const removed = before.filter(
    (item) => !current.has(packageKey(item)) && !successors.has(`${item.name}\0${item.version}`),
  );
  return { added, replaced, removed };
}

/** What tells two packages apart. */
export function packageKey(item: { readonly name: string; readonly version: string; readonly arch: string }): string {
  return `${item.name}\0${item.arch}\0${item.version}`;
}

const INDEPENDENT: ReadonlySet<string> = new Set(['all', 'noarch']);

/** Whether one takes the place of the other: a package may become one for every architecture, or stop to be one. */
export function isSamePackage(
  a: { readonly name: string; readonly arch: string },
  b: { readonly name: string; readonly arch: string },
): boolean {
  return a.name === b.name && (a.arch === b.arch || INDEPENDENT.has(a.arch) || INDEPENDENT.has(b.arch));
}

/** Epoch 0 is the same as none. */
export function isSameVersion(a: string, b: string): boolean {
  return a.replace(/^0:/, '') === b.replace(/^0:/, '');
}
