/** `tapprep --version --json`: what is running here, for a report or a bug. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import { STAP_RELEASES } from '../systemtap/releases.ts';
import { readVersion } from './package-root.ts';

export interface VersionFacts {
  readonly version: string;
  /** Of the sources; null where they were no checkout. */
  readonly commit: string | null;
  readonly node: string;
  /** Day on which an entry of mirrors.json was last verified, YYYY-MM-DD. */
  readonly mirrors: string;
  /** Releases of SystemTap whose tested kernels are known, oldest first. */
  readonly systemtap: readonly string[];
}

/** @param packageRoot where mirrors.json and dist/ lie */
export function readVersionFacts(packageRoot: string, node: string): VersionFacts {
  const list = readFileSync(join(packageRoot, 'mirrors.json'), 'utf8');
  const days = Array.from(list.matchAll(/"date": "(\d{4}-\d\d-\d\d)"/g), ([, day = '']) => day);
  return {
    version: readVersion(),
    commit: readCommit(join(packageRoot, 'dist/build.json')),
    node,
    mirrors: days.toSorted().at(-1) ?? '',
    systemtap: STAP_RELEASES.map(({ version }) => version),
  };
}

function readCommit(path: string): string | null {
  try {
    const { commit } = JSON.parse(readFileSync(path, 'utf8')) as { commit: string | null };
    return commit;
  } catch (error) {
    // Run from its sources.
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
