/** By what servers know who asks: client certificates and tokens, each shown below the addresses that it is for and nowhere else. */
import { type HintRemedy, redact } from '../errors.ts';
import { TransferError } from './failure.ts';

export interface Identity {
  /** For people: what is shown, "the client certificate /etc/pki/entitlement/1.pem". */
  readonly name: string;
  /** PEM; null where the server asks for none. */
  readonly certificate: { readonly cert: string; readonly key: string } | null;
  /** PEM, instead of the authorities that this machine believes. */
  readonly authorities: readonly string[] | null;
  /** Stands behind the "?" of every address. */
  readonly token: string | null;
  /** What to do where the server does not take it. */
  readonly remedy: HintRemedy;
}

export interface Identities {
  /** Everything below `base`, which ends in "/" or is one whole address, is asked with it from now on. */
  add(base: string, identity: Identity): void;
  /** The one of the longest base. */
  of(url: string): Identity | null;
}

export function createIdentities(): Identities {
  const known = new Map<string, Identity>();
  return {
    add: (base, identity) => known.set(new URL(base).href, identity),
    of: (url) => {
      if (known.size === 0) return null;
      const { href } = new URL(url);
      const bases = [...known.keys()].filter((base) => fits(base, href)).toSorted((a, b) => b.length - a.length);
      return known.get(bases[0] ?? '') ?? null;
    },
  };
}

function fits(base: string, url: string): boolean {
  return base.endsWith('/') ? url.startsWith(base) : url === base;
}

/** The address that is asked: with the token, where it has no query of its own. */
export function withToken(url: string, identity: Identity | null): string {
  const token = identity?.token ?? null;
  return token === null || new URL(url).search !== '' ? url : `${url}?${token}`;
}

/** What servers answer who take nobody, or not this one: nginx 400, SUSE's 401, Red Hat's 403. */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403]);

/** The refusal of an identity as a status; null for every other answer. */
export function refusalByStatus(url: string, status: number, identity: Identity): TransferError | null {
  return REFUSALS.has(status) ? refused(url, `answered ${status}`, { status }, identity) : null;
}

/** The refusal of a client certificate while TLS is set up; null for every other failure. @param code of Node's error */
export function refusalByTls(url: string, code: unknown, identity: Identity): TransferError | null {
  if (identity.certificate === null || typeof code !== 'string') return null;
  const isAlert = /^ERR_SSL_.*ALERT|^EPROTO$/.test(code);
  return isAlert ? refused(url, `ended the connection (${code})`, { reason: code }, identity) : null;
}

function refused(
  url: string,
  what: string,
  facts: Readonly<Record<string, unknown>>,
  { name, remedy }: Identity,
): TransferError {
  const message = `${url} ${what}: it does not take the registration of this system, ${name}`;
  return new TransferError('NOT_REGISTERED', message, 'never', { facts: { url: redact(url), ...facts }, remedy });
}
