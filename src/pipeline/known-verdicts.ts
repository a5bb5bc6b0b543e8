/** All that is known of SystemTaps on a kernel build before anything is tried. */
import type { KernelBuild } from '../systemtap/kernel-build.ts';
import { readShippedVerdicts } from '../systemtap/verdict-list.ts';
import { recallVerdicts, type Verdict } from '../systemtap/verdicts.ts';
import type { Session } from './session.ts';

/** Where verdicts are, and whether they may be looked at. */
export type VerdictSources = Pick<Session, 'cacheDir' | 'packageRoot' | 'ignoresVerdicts'>;

/** This machine's own first, then what was imported, then what the package ships; none where predictions are to stand alone. */
export async function findVerdicts(
  { cacheDir, packageRoot, ignoresVerdicts }: VerdictSources,
  build: KernelBuild,
): Promise<readonly Verdict[]> {
  if (ignoresVerdicts) return [];
  return [...(await recallVerdicts(cacheDir, build)), ...(await readShippedVerdicts(packageRoot, build))];
}
