/** What a directory holds, to be compared with another one. */
import { createHash } from 'node:crypto';
import { globSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** "DIGEST PATH" of every regular file below a root whose path does not match, sorted. */
export function fingerprint(root: string, ignored: RegExp): readonly string[] {
  return globSync('**/*', { cwd: root })
    .filter((path) => !ignored.test(path) && lstatSync(join(root, path)).isFile())
    .map((path) => `${sha256File(join(root, path))} ${path}`)
    .toSorted();
}

export function sha256File(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
