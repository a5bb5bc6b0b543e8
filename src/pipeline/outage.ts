/** Whether it is this machine that has no network, rather than each source that is not there. Pure. */
import { countOf } from '../count.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import { shellLine } from '../shell-words.ts';

const UNRESOLVED: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'EAI_AGAIN']);
const UNREACHED: ReadonlySet<unknown> = new Set([...UNRESOLVED, 'EHOSTUNREACH', 'ENETUNREACH']);

interface Attempted {
  readonly host: string;
  readonly reason: unknown;
}

/** One sentence for failures that are all the same outage; null where any host could be reached. */
export function describeOutage(errors: readonly unknown[]): TapprepError | null {
  const attempts = errors.map(attemptsOf);
  if (attempts.length === 0 || attempts.some((each) => each.length === 0)) return null;
  const all = attempts.flat();
  const hosts = [...new Set(all.map(({ host }) => host))].toSorted();
  const failed = (reasons: ReadonlySet<unknown>): boolean => all.every(({ reason }) => reasons.has(reason));
  if (!failed(UNREACHED)) return null;
  const what = failed(UNRESOLVED) ? 'resolved' : 'reached';
  // Other hosts may well be reached: nobody asked them.
  const which =
    hosts.length === 1
      ? `${hosts[0]} could not be ${what}, and no other host was asked`
      : `none of ${countOf(hosts.length, 'host')} could be ${what}`;
  return new TapprepError('NETWORK', which, {
    hint: shellLine`getent hosts ${hosts[0] ?? ''}    # without a network: tapprep bundle --help`,
    facts: { hosts, reasons: [...new Set(all.map(({ reason }) => reason))] },
    cause: errors[0],
  });
}

/** Each address that was tried, and what came of it; empty where something else was wrong. */
function attemptsOf(error: unknown): readonly Attempted[] {
  if (!isTapprepError(error, 'NETWORK')) return [];
  const { failures } = error.facts;
  const tried: readonly unknown[] = Array.isArray(failures) ? failures : [error.facts];
  const attempts = tried.flatMap((each) => toAttempt(each) ?? []);
  return attempts.length === tried.length ? attempts : [];
}

function toAttempt(facts: unknown): Attempted | null {
  if (typeof facts !== 'object' || facts === null || !('url' in facts) || !('reason' in facts)) return null;
  // Of the host itself nobody knows.
  if ('proxy' in facts) return null;
  const url = String(facts.url);
  return URL.canParse(url) ? { host: new URL(url).hostname, reason: facts.reason } : null;
}
