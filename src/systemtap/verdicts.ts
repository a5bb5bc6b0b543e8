/** What was seen of SystemTaps on kernels: one small file for each kernel build, in the cache. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import { findPrivateDirectory, openPrivateDirectory } from '../files/private-directory.ts';
import { writeAtomic } from '../fetch/write-atomic.ts';
import type { Target } from '../types.ts';
import type { FitRung } from './incompatibilities.ts';
import { forFamily } from '../package-system/systems.ts';
import { verdictFileSchema } from './verdicts-schema.ts';

export interface Verdict {
  /** Name of the candidate (nameOf). */
  readonly candidate: string;
  /** How each rung ended; "skip" where it could not be tried. */
  readonly rungs: Readonly<Record<FitRung, 'pass' | 'fail' | 'skip'>>;
  /** The first failure in the tool's own words; null when there was none. */
  readonly reason: string | null;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export interface VerdictFile {
  readonly schema: 'tapprep-verdicts/1';
  /** For people. */
  readonly kernel: string;
  readonly verdicts: readonly Verdict[];
}

/** Below the cache. */
const PLACE = ['systemtap', 'verdicts'] as const;
const MAX_VERDICTS = 50;
const MAX_REASON = 1000;

/**
 * Identifies a kernel build: of a Debian or Ubuntu kernel by its package version, which stands for one build whoever
 * looks; otherwise by build-id, else by uname -v, because other vendors rebuild the same version.
 */
export function kernelBuildKey(target: Target, packageVersion: string | null): string {
  const { distro, release, arch, buildId, unameV } = target;
  const version = forFamily(target, { deb: (own) => packageVersion ?? own.packageVersion, rpm: () => null });
  const build =
    version !== null
      ? `package ${version}`
      : buildId !== null
        ? `build-id ${buildId}`
        : unameV !== null
          ? unameV
          : `${distro} ${packageVersion ?? 'of unknown build'}`;
  return `${release} ${arch} ${build}`;
}

/** The verdicts on a kernel build, the newest first; none where nothing was kept or the file cannot be read as one. */
export async function recallVerdicts(cacheDir: string, kernel: string): Promise<readonly Verdict[]> {
  try {
    const directory = await findPrivateDirectory(cacheDir, ...PLACE);
    if (directory === null) return [];
    const { data } = verdictFileSchema.safeParse(JSON.parse(await readFile(fileOf(directory, kernel), 'utf8')));
    return data?.kernel === kernel ? data.verdicts : [];
  } catch (error) {
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return [];
    throw error;
  }
}

/**
 * Keeps a verdict in the place of an earlier one on the same candidate; of a rung that was not tried this time the
 * earlier outcome stays.
 * @throws TapprepError NO_SPACE, PERMISSION
 */
export async function rememberVerdict(cacheDir: string, kernel: string, verdict: Verdict): Promise<void> {
  const path = fileOf(await openPrivateDirectory(cacheDir, ...PLACE), kernel);
  const known = await recallVerdicts(cacheDir, kernel);
  const earlier = known.find(({ candidate }) => candidate === verdict.candidate);
  const others = known.filter((each) => each !== earlier);
  const higher = verdict.rungs['kernel.function'];
  const stays = higher === 'skip' && verdict.rungs.hello === 'pass' && earlier !== undefined;
  const kept: Verdict = {
    ...verdict,
    rungs: { ...verdict.rungs, 'kernel.function': stays ? earlier.rungs['kernel.function'] : higher },
    reason: verdict.reason?.slice(0, MAX_REASON) ?? null,
  };
  const file: VerdictFile = {
    schema: 'tapprep-verdicts/1',
    kernel,
    verdicts: [kept, ...others].slice(0, MAX_VERDICTS),
  };
  await writeAtomic(path, `${JSON.stringify(file, null, 1)}\n`);
}

function fileOf(directory: string, kernel: string): string {
  const name = createHash('sha256').update(kernel).digest('hex').slice(0, 24);
  return join(directory, `${name}.json`);
}
