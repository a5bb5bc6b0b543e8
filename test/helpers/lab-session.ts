/** A session as the command line opens it, on the cache that everybody's rehearsals share; and the kernels of today. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { declareDistribution } from '../../src/detect/declared-facts.ts';
import { findCurrentKernel } from '../../src/pipeline/current-kernel.ts';
import { openSession, type Session } from '../../src/pipeline/session.ts';

/** With this machine's network. */
export function openLabSession(): Promise<Session> {
  return openSession({
    packageRoot: join(import.meta.dirname, '../..'),
    cacheDir: join(homedir(), '.cache/tapprep'),
    configHome: null,
    mirrorFiles: [],
    mirrors: [],
    offline: false,
    env: process.env,
    tapprepVersion: 'lab',
    emit: () => undefined,
    now: Date.now,
    signal: new AbortController().signal,
  });
}

/** The kernel that a Debian installs today, from the archive of this machine's own apt sources. @param distro ID:VERSION */
export async function findLabKernel(distro: string): Promise<string> {
  const facts = declareDistribution(distro, null);
  return findCurrentKernel(await openLabSession(), { host: null, facts }, { allowExpiredRelease: true });
}
