/** What was seen of SystemTaps on kernels: one small file for each kernel release, in the cache. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import { findPrivateDirectory, openPrivateDirectory } from '../files/private-directory.ts';
import { writeAtomic } from '../fetch/write-atomic.ts';
import type { Blame, Fingerprint, PlannedMend, StepId } from '../types.ts';
import { type Candidate, nameOf } from './choose.ts';
import type { FitRung } from './incompatibilities.ts';
import { isSameBuild, type KernelBuild } from './kernel-build.ts';
import { isKnownMend, planMends } from './mends/planned.ts';
import { verdictFileSchema } from './verdicts-schema.ts';

/** A SystemTap that was tried, by all that tells it from others. */
export interface TriedCandidate {
  readonly kind: Candidate['kind'];
  /** Upstream, "5.1". */
  readonly version: string;
  /** "5.1-5"; null for one that is no package. */
  readonly packageVersion: string | null;
  /** Where its packages or its source come from; null for the distribution's own. */
  readonly from: { readonly distro: string; readonly suite: string } | null;
  /** In the order of the table, each with the digest of all that it changes. */
  readonly mends: PlannedMend['by'];
}

/** What compiling and loading showed of one SystemTap on one kernel build. */
export interface SeenVerdict {
  readonly kernel: KernelBuild;
  readonly systemtap: TriedCandidate;
  /** How each rung ended; "skip" where it could not be tried. */
  readonly rungs: Readonly<Record<FitRung, 'pass' | 'fail' | 'skip'>>;
  /** The first step that failed, and to whom that is due; null when none did. */
  readonly failed: { readonly step: StepId; readonly blame: Blame | null } | null;
  /** The first failure in the tool's own words; null when there was none. */
  readonly reason: string | null;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Version of the tapprep that saw it. */
  readonly tapprep: string;
}

/** Who saw it: this machine, somebody whose list was imported, or the package's own matrix. */
export type VerdictOrigin =
  | { readonly kind: 'here' }
  | {
      readonly kind: 'imported';
      /** The key that signed the list; null where it was taken without a signature. */
      readonly signer: Fingerprint | null;
      /** ISO 8601, UTC. */
      readonly at: string;
    }
  | { readonly kind: 'shipped' };

export interface StoredVerdict extends SeenVerdict {
  readonly origin: Exclude<VerdictOrigin, { readonly kind: 'shipped' }>;
}

export interface Verdict extends SeenVerdict {
  /** Name of the candidate (nameOf). */
  readonly candidate: string;
  readonly origin: VerdictOrigin;
}

export interface VerdictFile {
  readonly schema: 'tapprep-verdicts/2';
  readonly release: string;
  readonly arch: string;
  readonly verdicts: readonly StoredVerdict[];
}

/** Below the cache. */
const PLACE = ['systemtap', 'verdicts'] as const;
/** Of one kernel release. */
const MAX_VERDICTS = 500;
/** Characters. */
const MAX_REASON = 1000;
/** A tool's words are kept as lines of text. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** A candidate as a verdict names it. */
export function toTried(candidate: Candidate): TriedCandidate {
  const { kind, version, packageVersion, mends = [] } = candidate;
  const from = candidate.kind === 'distro' ? null : candidate.from;
  return { kind, version, packageVersion, from, mends: planMends('', mends).by };
}

/** A verdict as candidates are chosen by; null for one on a mend that this tapprep does not have, or has otherwise. */
export function toVerdict(seen: SeenVerdict, origin: VerdictOrigin): Verdict | null {
  if (!seen.systemtap.mends.every(isKnownMend)) return null;
  return { ...seen, candidate: nameOf(seen.systemtap), origin };
}

/** The verdicts on a kernel build that are kept here: this machine's own first; none where no file can be read as one. */
export async function recallVerdicts(cacheDir: string, build: KernelBuild): Promise<readonly Verdict[]> {
  const stored = (await readStored(cacheDir, build)).filter(({ kernel }) => isSameBuild(kernel, build));
  const verdicts = stored.flatMap(({ origin, ...seen }) => toVerdict(seen, origin) ?? []);
  const isOwn = ({ origin }: Verdict): boolean => origin.kind === 'here';
  return [...verdicts.filter(isOwn), ...verdicts.filter((each) => !isOwn(each))];
}

/**
 * Keeps a verdict of this machine in the place of an earlier one on the same candidate; of a rung that was not tried this
 * time the earlier outcome stays.
 * @throws TapprepError NO_SPACE, PERMISSION
 */
export async function rememberVerdict(cacheDir: string, verdict: SeenVerdict): Promise<void> {
  const known = await readStored(cacheDir, verdict.kernel);
  const earlier = known.find((each) => each.origin.kind === 'here' && isOnSame(each, verdict));
  const others = known.filter((each) => each !== earlier);
  const higher = verdict.rungs['kernel.function'];
  const stays = higher === 'skip' && verdict.rungs.hello === 'pass' && earlier !== undefined;
  const kept: StoredVerdict = {
    ...verdict,
    rungs: { ...verdict.rungs, 'kernel.function': stays ? earlier.rungs['kernel.function'] : higher },
    reason: verdict.reason?.replaceAll(CONTROL, ' ').slice(0, MAX_REASON) ?? null,
    origin: { kind: 'here' },
  };
  await writeStored(cacheDir, verdict.kernel, [kept, ...others]);
}

/** What became of verdicts that were brought from elsewhere. */
export interface Imported {
  readonly taken: number;
  /** This machine has seen that SystemTap on that kernel itself, and believes what it saw. */
  readonly own: number;
  /** An imported one that is as new is there already. */
  readonly known: number;
}

/** Keeps verdicts of others beside those of this machine, and never in their place. @throws TapprepError NO_SPACE, PERMISSION */
export async function importVerdicts(
  cacheDir: string,
  verdicts: readonly SeenVerdict[],
  origin: Extract<VerdictOrigin, { readonly kind: 'imported' }>,
): Promise<Imported> {
  const count = { taken: 0, own: 0, known: 0 };
  const groups = Map.groupBy(verdicts, ({ kernel }) => fileNameOf(kernel));
  for (const [first, ...rest] of groups.values()) {
    if (first === undefined) continue;
    let stored = await readStored(cacheDir, first.kernel);
    for (const verdict of [first, ...rest]) {
      const same = stored.filter((each) => isOnSame(each, verdict));
      if (same.some((each) => each.origin.kind === 'here')) count.own += 1;
      else if (same.some((each) => each.at >= verdict.at)) count.known += 1;
      else {
        count.taken += 1;
        stored = [...stored.filter((each) => !same.includes(each)), { ...verdict, origin }];
      }
    }
    await writeStored(cacheDir, first.kernel, stored);
  }
  return count;
}

/** Every verdict that is kept here, this machine's own and imported ones. */
export async function listVerdicts(cacheDir: string): Promise<readonly StoredVerdict[]> {
  const directory = await findPrivateDirectory(cacheDir, ...PLACE);
  const names = directory === null ? [] : (await readdir(directory)).toSorted();
  const files = await Promise.all(names.map((name) => readFileOf(cacheDir, name)));
  return files.flatMap((file) => file?.verdicts ?? []);
}

/** Those of them that this machine has seen itself. */
export function ownVerdicts(stored: readonly StoredVerdict[]): readonly SeenVerdict[] {
  return stored.flatMap(({ origin, ...seen }) => (origin.kind === 'here' ? [seen] : []));
}

/** Whether two verdicts are on the same SystemTap and the same kernel build. */
function isOnSame(a: SeenVerdict, b: SeenVerdict): boolean {
  return nameOf(a.systemtap) === nameOf(b.systemtap) && isSameBuild(a.kernel, b.kernel);
}

type Release = Pick<KernelBuild, 'release' | 'arch'>;

async function readStored(cacheDir: string, { release, arch }: Release): Promise<readonly StoredVerdict[]> {
  const file = await readFileOf(cacheDir, fileNameOf({ release, arch }));
  return file?.release === release && file.arch === arch ? file.verdicts : [];
}

async function readFileOf(cacheDir: string, name: string): Promise<VerdictFile | null> {
  try {
    const directory = await findPrivateDirectory(cacheDir, ...PLACE);
    if (directory === null) return null;
    return verdictFileSchema.safeParse(JSON.parse(await readFile(join(directory, name), 'utf8'))).data ?? null;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return null;
    throw error;
  }
}

async function writeStored(
  cacheDir: string,
  { release, arch }: Release,
  verdicts: readonly StoredVerdict[],
): Promise<void> {
  const path = join(await openPrivateDirectory(cacheDir, ...PLACE), fileNameOf({ release, arch }));
  const file: VerdictFile = { schema: 'tapprep-verdicts/2', release, arch, verdicts: verdicts.slice(0, MAX_VERDICTS) };
  await writeAtomic(path, `${JSON.stringify(file, null, 1)}\n`);
}

function fileNameOf({ release, arch }: Release): string {
  return `${createHash('sha256').update(`${release} ${arch}`).digest('hex').slice(0, 24)}.json`;
}
