/** Closures of a repository on disk: ours, and dnf's for the same requests. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isTapprepError } from '../../src/errors.ts';
import { findClosure, findUnlistedPaths } from '../../src/resolve/rpm/closure.ts';
import { createPool, type Pool } from '../../src/resolve/rpm/solver/pool.ts';
import type { Wish } from '../../src/resolve/rpm/solver/solve.ts';
import { findOwners } from '../../src/resolve/rpm-md/file-owners.ts';
import { createPackageSink } from '../../src/resolve/rpm-md/package-sink.ts';
import { readPrimary } from '../../src/resolve/rpm-md/primary.ts';
import { parseFilelists, parseRepomd } from '../../src/resolve/rpm-md/repomd.ts';

/** Labels of packages; null where there is no closure. */
export type Closure = readonly string[] | null;
type Request = readonly string[];

/** Reads DIRECTORY/repodata once; the returned function answers one request for an empty x86_64 system. */
export async function openClosures(directory: string): Promise<(request: Request) => Promise<Closure>> {
  const sink = createPackageSink();
  const repomd = readFileSync(join(directory, 'repodata/repomd.xml'), 'utf8');
  const primary = parseRepomd(repomd, 'repomd.xml');
  const filelists = parseFilelists(repomd, 'repomd.xml');
  sink.catalogue.startRepository();
  await readPrimary(join(directory, primary.href), primary, 'primary.xml', {
    wantsName: () => false,
    everything: sink,
  });
  const { catalogue } = sink;
  const makePool = (files: ReadonlyMap<string, readonly number[]>): Pool =>
    createPool(catalogue, { arch: 'x86_64', installed: new Set(), isExcluded: () => false, priorities: [99], files });
  const plain = makePool(new Map());
  const all = Array.from({ length: catalogue.size() - 1 }, (_, at) => at + 1);
  const paths = findUnlistedPaths(plain, all);
  const files = new Map<string, number[]>();
  const numbers = new Map(all.map((solvable) => [plain.label(solvable), solvable]));
  if (paths.size > 0 && filelists !== null) {
    for (const [path, owners] of await findOwners(join(directory, filelists.href), filelists, 'filelists.xml', paths)) {
      const found = owners.map((owner) => owner.replace(/^(\S+) (\S+) (\S+)$/, '$1-$2.$3'));
      files.set(
        path,
        found.flatMap((label) => numbers.get(label) ?? []),
      );
    }
  }
  const pool = files.size === 0 ? plain : makePool(files);
  return async (request) => {
    try {
      const members = findClosure(
        pool,
        request.map((name) => toWish(name, pool)),
      );
      return members.map(({ solvable }) => pool.label(solvable)).toSorted(compareText);
    } catch (error) {
      if (isTapprepError(error, 'UNSATISFIED_DEPENDENCY')) return null;
      throw error;
    }
  };
}

/** As dnf reads a plain name: the packages called so, and those that obsolete one of them. */
function toWish(name: string, pool: Pool): Wish {
  const own = pool.named(pool.catalogue.symbols.find(name)).filter((solvable) => pool.isUsable(solvable));
  const candidates = new Set(own);
  for (let solvable = 1; solvable < pool.size(); solvable += 1) {
    if (pool.isUsable(solvable) && pool.obsoletedBy(solvable).some((old) => own.includes(old)))
      candidates.add(solvable);
  }
  return { text: name, candidates: [...candidates].toSorted((a, b) => a - b) };
}

/** What dnf is to heed beside the repository. */
export interface JudgeSettings {
  /** Enabled stream by module; null: the module is disabled. */
  readonly modules?: Readonly<Record<string, string | null>>;
  readonly excludes?: readonly string[];
  /** More repositories, by URL, with their priorities; that of the first is 99. */
  readonly priority?: readonly (readonly [string, number])[];
}

/** What dnf's library says to each request. */
export function judgeByDnf(
  directory: string,
  requests: readonly Request[],
  settings: JudgeSettings = {},
): readonly Closure[] {
  const { status, stdout, stderr } = spawnSync(
    '/usr/bin/python3',
    [join(import.meta.dirname, 'dnf-judge.py'), `file://${directory}`, JSON.stringify(settings)],
    { input: requests.map((names) => `${names.join(' ')}\n`).join(''), encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(stderr);
  const lines = stdout.trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as string[] | null)?.toSorted(compareText) ?? null);
}

/** Names of all packages, each once. */
export async function listNames(directory: string): Promise<readonly string[]> {
  const sink = createPackageSink();
  const primary = parseRepomd(await readFile(join(directory, 'repodata/repomd.xml'), 'utf8'), 'repomd.xml');
  sink.catalogue.startRepository();
  await readPrimary(join(directory, primary.href), primary, 'primary.xml', {
    wantsName: () => false,
    everything: sink,
  });
  const { catalogue } = sink;
  const all = Array.from({ length: catalogue.size() - 1 }, (_, at) => catalogue.symbols.text(catalogue.nameOf(at + 1)));
  return [...new Set(all)].toSorted(compareText);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
