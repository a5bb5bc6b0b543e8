/** What is kept of a failure that no row of the tables explains: a small file, as `explain --feedback` writes them. */
import { join } from 'node:path';
import { formatCase } from '../diagnose/cases/case-file.ts';
import { redactLog } from '../diagnose/cases/redact-log.ts';
import { openPrivateDirectory } from '../files/private-directory.ts';
import { writeWhole } from '../files/write-whole.ts';
import { draftMend } from '../systemtap/mends/draft.ts';
import { digest } from '../systemtap/mends/edit.ts';
import { describeLookedUp, type LookedUp } from '../systemtap/mends/look-up.ts';
import type { OpenTarget } from './open-target.ts';
import type { Session } from './session.ts';

/** A SystemTap that failed on a kernel, and nothing that tapprep knows mends it. */
export interface UnknownFailure {
  /** "4.8-2 of the distribution". */
  readonly name: string;
  /** Upstream. */
  readonly version: string;
  /** What it and its compiler said. */
  readonly log: string;
  readonly missing: readonly LookedUp[];
}

/** Below the cache. */
const PLACE = 'cases';
const MAX_LOG = 20_000;

/**
 * The same failure on the same kernel is the same file. Its head has a draft of the row that would mend it.
 * @returns the path, on this machine
 * @throws TapprepError NO_SPACE, PERMISSION, CACHE_UNUSABLE
 */
export async function leaveCase(
  { cacheDir }: Pick<Session, 'cacheDir'>,
  { facts, target }: Pick<OpenTarget, 'facts' | 'target'>,
  { name, version, log, missing }: UnknownFailure,
): Promise<string> {
  const cause = missing.map(describeLookedUp).join('; ');
  const notes = { tried: `SystemTap ${name}`, row: JSON.stringify(draftMend(version, missing)) };
  const text = formatCase({
    expect: ['STAP_TOO_OLD'],
    cause: cause === '' ? null : cause,
    facts,
    notes,
    log: redactLog(log.slice(0, MAX_LOG)),
  });
  const key = digest(JSON.stringify([target.release, name, missing.map((each) => each.name)])).slice(0, 12);
  const path = join(await openPrivateDirectory(cacheDir, PLACE), `systemtap-${version}-${key}.txt`);
  await writeWhole(path, text, { mode: 0o600 });
  return path;
}
