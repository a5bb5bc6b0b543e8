/** Which transport opens which scheme. Each is loaded when it is first needed: got alone costs 90 ms. */
import { redact } from '../errors.ts';
import { TransferError } from './failure.ts';
import { createIdentities, type Identities } from './identity.ts';
import type { FetchLimits } from './limits.ts';
import type { Transport } from './transport.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Loader = (limits: FetchLimits, env: Environment, identities: Identities) => Promise<Transport>;

const loadHttp: Loader = async (limits, env, identities) => {
  const { createHttpTransport } = await import('./http.ts');
  return createHttpTransport({ env, identities, ...limits });
};

const LOADERS: Readonly<Record<string, Loader>> = {
  'http:': loadHttp,
  'https:': loadHttp,
  'ftp:': async (limits) => (await import('./ftp.ts')).createFtpTransport(limits.idleMs),
  'file:': async () => (await import('./file.ts')).createFileTransport(),
};

/** A transport for http:, https:, ftp: and file: URLs and for the schemes of `own`; anything else is UNSAFE_URL. */
export function createTransport(
  limits: FetchLimits,
  env: Environment,
  identities: Identities = createIdentities(),
  own: ReadonlyMap<string, Transport> = new Map(),
): Transport {
  const loaded = new Map<Loader, Promise<Transport>>();
  function transportFor(url: string): Promise<Transport> {
    const scheme = URL.canParse(url) ? new URL(url).protocol : '';
    const known = own.get(scheme);
    if (known !== undefined) return Promise.resolve(known);
    const loader = LOADERS[scheme];
    if (loader === undefined) {
      throw new TransferError('UNSAFE_URL', `${url} is neither http, https, ftp nor a file`, 'never', {
        facts: { url: redact(url) },
      });
    }
    let transport = loaded.get(loader);
    if (transport === undefined) {
      transport = loader(limits, env, identities);
      loaded.set(loader, transport);
    }
    return transport;
  }

  return {
    open: async (url, request) => (await transportFor(url)).open(url, request),
    probe: async (url, signal) => (await transportFor(url)).probe(url, signal),
  };
}
