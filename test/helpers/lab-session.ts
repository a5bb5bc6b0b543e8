/** A session as the command line opens it, on the cache that everybody's rehearsals share; and the kernels of today. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { declareDistribution, declareFacts } from '../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../src/detect/target.ts';
import { findCurrentKernel } from '../../src/pipeline/current-kernel.ts';
import type { OpenTarget } from '../../src/pipeline/open-target.ts';
import { withRehearsal } from '../../src/pipeline/rehearse.ts';
import { openSession, type Session } from '../../src/pipeline/session.ts';
import type { Mend } from '../../src/systemtap/mends/table.ts';

/** With this machine's network. @param mends another table than tapprep's */
export function openLabSession(mends?: readonly Mend[]): Promise<Session> {
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
    ...(mends === undefined ? {} : { mends }),
  });
}

/** The kernel that a Debian installs today, from the archive of this machine's own apt sources. @param distro ID:VERSION */
export async function findLabKernel(distro: string): Promise<string> {
  const facts = declareDistribution(distro, null);
  return findCurrentKernel(await openLabSession(), { host: null, facts }, { allowExpiredRelease: true });
}

/** What the root of a rehearsal in the lab is made with. */
export const LAB_ROOT_OPTIONS = { debuginfo: true, allowExpiredRelease: true, yes: true, isRoot: true } as const;

/** A kernel of a distribution as `--distro` and `--kernel` name it. @param distro ID:VERSION */
export function declareLabTarget(distro: string, release: string): OpenTarget {
  const facts = declareFacts({ distro, release, arch: null, unameV: null });
  return { host: null, facts, target: identifyTarget(facts, { arch: null, unameV: null }) };
}

/** vmlinuz of the kernel, as its rehearsal boots it. @param distro ID:VERSION */
export async function findLabImage(distro: string, release: string): Promise<string> {
  const open = declareLabTarget(distro, release);
  return withRehearsal(await openLabSession(), open, LAB_ROOT_OPTIONS, ({ kernelImage }) =>
    Promise.resolve(kernelImage),
  );
}
