/** Every path of a directory tree. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Sorted, from the tree's own root ("/etc"), links not followed, file systems of the kernel's left out. */
export function listPaths(root: string): readonly string[] {
  const walk = (directory: string): readonly string[] =>
    readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
      const path = join(directory, entry.name);
      if (path === '/proc' || path === '/sys' || path === '/dev') return [];
      return entry.isDirectory() ? [path, ...walk(path)] : [path];
    });
  return walk('/').toSorted();
}
