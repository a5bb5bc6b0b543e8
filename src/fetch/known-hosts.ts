/** What a run knows of the hosts that it asked: one that failed is not asked again, by whatever needs it next. */
import { adviceOf, reasonKey } from '../errors.ts';
import { TransferError } from './failure.ts';
import type { FetchLimits } from './limits.ts';

export interface KnownHosts {
  /** Why the host of an address is not asked again; null where it may be. */
  refusal(url: string): TransferError | null;
  /** A failure of the connection, not of a file. */
  failed(url: string, error: TransferError): void;
  /** Bytes came: what failed before does not count any more. */
  answered(url: string): void;
  /** Whether this reason was told of this host before; afterwards it was. */
  wasTold(url: string, error: TransferError): boolean;
}

interface Seen {
  failures: number;
  given: boolean;
  last: TransferError | null;
}

const UNRESOLVED: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'EAI_AGAIN']);

/** Nobody could say where the host is. */
export function isUnresolved({ facts }: TransferError): boolean {
  return UNRESOLVED.has(facts['reason']);
}

/** How many failures in a row a host may have, of all files together: without a connection, and without an answer in time. */
export function createKnownHosts({
  attempts,
  contactAttempts,
}: Pick<FetchLimits, 'attempts' | 'contactAttempts'>): KnownHosts {
  const hosts = new Map<string, Seen>();
  const told = new Set<string>();
  let anyAnswered = false;
  let anyUnresolved = false;

  function seen(url: string): Seen {
    const { host } = new URL(url);
    const known = hosts.get(host) ?? { failures: 0, given: false, last: null };
    hosts.set(host, known);
    return known;
  }

  return {
    refusal: (url) => {
      const { given, last } = seen(url);
      if (last === null || !given) return null;
      return new TransferError(last.code, last.message, 'never', {
        ...adviceOf(last),
        facts: { ...last.facts, remembered: true },
      });
    },
    failed: (url, error) => {
      const host = seen(url);
      if (error.facts['status'] !== undefined) anyAnswered = true;
      if (!error.unreached && error.code !== 'TIMEOUT') return;
      host.last = error;
      host.failures += 1;
      host.given ||= host.failures >= (error.unreached ? contactAttempts : attempts);
      if (!isUnresolved(error)) return;
      // The first host that has no address may have had bad luck; with the second it is this machine that has no network.
      if (anyUnresolved && !anyAnswered) host.given = true;
      if (host.given) anyUnresolved = true;
    },
    answered: (url) => {
      anyAnswered = true;
      Object.assign(seen(url), { failures: 0, given: false });
    },
    wasTold: (url, error) => {
      const key = `${new URL(url).host} ${reasonKey(error)}`;
      const before = told.has(key);
      told.add(key);
      return before;
    },
  };
}
