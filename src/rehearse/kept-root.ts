/** Rehearsal roots, kept from run to run: complete under its own name, or not there at all. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import { isCacheName } from '../files/cache-names.ts';
import { clearLeft } from '../files/clear-left.ts';
import { writeWhole } from '../files/write-whole.ts';
import type { InstalledVersion } from '../resolve/plan.ts';
import type { Plan } from '../types.ts';
import { rootSchema } from './kept-root-schema.ts';

/** What is known of a kept root; written last, so that it stands for a complete one. */
export interface RootRecord {
  readonly schema: 'tapprep-root/1';
  /** Digest over what was to be installed. */
  readonly key: string;
  /** Packages of the base system, before anything was installed. */
  readonly base: readonly InstalledVersion[];
}

export interface KeptRoot {
  readonly directory: string;
  readonly base: readonly InstalledVersion[];
  readonly key: string;
}

/** Identifies what a plan would put into a root: the same key, the same root. A kernel for the VM is kept beside it. */
export function keyOfPlan(plan: Plan): string {
  const lines = plan.items
    .filter(({ install, role }) => install || role !== 'image')
    .map(({ name, version, arch }) => `${name} ${version} ${arch}`);
  return createHash('sha256').update(lines.toSorted().join('\n')).digest('hex');
}

/** The complete root of this name, or null. */
export async function findKeptRoot(rootsDir: string, name: string): Promise<KeptRoot | null> {
  try {
    const { data } = rootSchema.safeParse(JSON.parse(await readFile(join(rootsDir, `${name}.json`), 'utf8')));
    return data === undefined ? null : { directory: join(rootsDir, name), base: data.base, key: data.key };
  } catch (error) {
    // A half-written record cannot be there (it is renamed into place); a foreign one is as good as none.
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * Builds a root under a name of its own and gives it its final name when `build` is done.
 * What an earlier run left half-built is removed first; the caller works exclusively on this name.
 */
export async function buildKeptRoot(
  rootsDir: string,
  name: string,
  build: (directory: string) => Promise<{ readonly base: readonly InstalledVersion[]; readonly key: string }>,
): Promise<KeptRoot> {
  const directory = join(rootsDir, name);
  const making = `${directory}.making`;
  await mkdir(rootsDir, { recursive: true });
  await rm(`${directory}.json`, { force: true });
  await Promise.all([making, directory].map(clearLeft));
  const { base, key } = await build(making);
  await rename(making, directory);
  const record: RootRecord = { schema: 'tapprep-root/1', key, base };
  await writeWhole(`${directory}.json`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  return { directory, base, key };
}

/** Names of the complete roots in the cache. */
export async function listKeptRoots(rootsDir: string): Promise<readonly string[]> {
  try {
    const names = await readdir(rootsDir);
    return names
      .filter((entry) => entry.endsWith('.json') && isCacheName(`roots/${entry}`))
      .map((entry) => entry.slice(0, -'.json'.length));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** First step of removing them: a root that is removed in part is none, also when the removal is ended half-way. */
export async function forgetKeptRoots(rootsDir: string): Promise<void> {
  for (const name of await listKeptRoots(rootsDir)) await rm(join(rootsDir, `${name}.json`), { force: true });
}
