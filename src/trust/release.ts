/** Whether a signed Release file is the one that was asked for, and of today. Pure but for what it is given. */
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import type { Repository } from '../types.ts';
import type { ReleaseFile } from '../resolve/deb/release-file.ts';

/** A Release file is signed at its Date; a clock that is further behind than this is wrong. */
const CLOCK_TOLERANCE_MS = 24 * 3600_000;

/**
 * Checks suite and dates of a Release file whose signature was accepted; returns what the user should know.
 * @param now milliseconds since the epoch
 * @throws TapprepError BAD_METADATA (another suite), CLOCK_WRONG (dated in the future), EXPIRED_RELEASE.
 */
export function checkRelease(
  release: ReleaseFile,
  repository: Repository,
  name: string,
  now: number,
): readonly string[] {
  requireSuite(release, repository, name);
  requirePast(release, name, now);
  return requireValid(release, repository, name, now);
}

/** A mirror, or who stands between, may hand out another suite that the same key has signed. */
function requireSuite(release: ReleaseFile, repository: Repository, name: string): void {
  const asked = repository.suite;
  const stated = [release.suite, release.codename].filter((suite) => suite !== null);
  if (asked === null || asked.endsWith('/') || stated.length === 0) return;
  // "stretch/updates" of the older security archive calls itself "stretch".
  if (stated.some((suite) => suite === asked || suite === asked.split('/', 1)[0])) return;
  throw new TapprepError(
    'BAD_METADATA',
    `${name} was asked for suite ${asked} but its signed Release is of ${stated.join(', ')}`,
    { facts: { asked, suite: release.suite, codename: release.codename } },
  );
}

function requirePast(release: ReleaseFile, name: string, now: number): void {
  if (release.date === null || release.date <= now + CLOCK_TOLERANCE_MS) return;
  throw new TapprepError(
    'CLOCK_WRONG',
    `${name} was signed on ${day(release.date)} but the clock of this machine says ${day(now)}`,
    { hint: 'date -u; timedatectl status', facts: { date: release.date, now } },
  );
}

function requireValid(release: ReleaseFile, repository: Repository, name: string, now: number): readonly string[] {
  if (release.validUntil === null || now <= release.validUntil) return [];
  const days = Math.floor((now - release.validUntil) / 86_400_000);
  const expired = `${name} was valid until ${day(release.validUntil)}, now it is ${day(now)} (${days} days later)`;
  if (repository.allowExpiredRelease) {
    return [`${expired}; accepted because an expired Release is allowed for ${repository.id}`];
  }
  throw new TapprepError('EXPIRED_RELEASE', `${expired}: the mirror is stale, or someone replays an old index`, {
    remedy: tapprep('plan', '--allow-expired-release'),
    facts: { validUntil: release.validUntil, now, repository: repository.id },
  });
}

function day(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
