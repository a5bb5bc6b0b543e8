/** Every way in which a server, a name, a certificate or a proxy can fail, each at the start and in the middle of a file. */
import type { LookupFunction } from 'node:net';
import { createHttpTransport } from '../../src/fetch/http.ts';
import type { FetchRequest, FetcherOptions } from '../../src/fetch/request.ts';
import { makeCertificate } from '../helpers/certificates.ts';
import { FAULTS, type Fault, type FaultServer, startFaultServer } from '../helpers/fault-server.ts';
import { FAST_LIMITS, holds, openFetchLab, randomContent, requestFor } from '../helpers/fetch-lab.ts';
import { startProxy } from '../helpers/proxy-server.ts';
import { type Trial, require, requireCoded } from './trial.ts';

const content = randomContent(400_000);
/** Large enough to be digested on the thread. */
const large = randomContent((16 << 20) + 12_345);

/** Without a digest nobody can tell these from the right file: the signature of an index is what tells. */
const NEEDS_DIGEST: ReadonlySet<Fault> = new Set(['wrong-bytes', 'too-short', 'too-long']);

/** Fetches with a fault, then without: what must hold after each. */
async function survive(
  bytes: Buffer,
  request: FetchRequest,
  options: Partial<FetcherOptions>,
  repair: () => FetchRequest,
): Promise<void> {
  const lab = await openFetchLab();
  try {
    const fetcher = await lab.fetcher({ ...options });
    try {
      require(await holds((await fetcher.fetchFile(request)).path, bytes), 'a wrong file was returned');
    } catch (error) {
      requireCoded(error);
    }
    const wrong = (await lab.finalFiles()).filter((file) => !file.right);
    require(wrong.length === 0, `a wrong file has a final name: ${wrong[0]?.path ?? ''}`);
    const again = await (await lab.fetcher({})).fetchFile(repair());
    require(await holds(again.path, bytes), 'the next run returned a wrong file');
    const leftovers = await lab.leftovers();
    require(leftovers.length === 0, `left over: ${leftovers.join(' ')}`);
  } finally {
    await lab.close();
  }
}

function byServer(bytes: Buffer, faults: readonly Fault[], isKnown: boolean): Trial {
  return {
    name: `${faults.join(', ')}${isKnown ? '' : ', no digest'}${bytes === large ? ', large' : ''}`,
    run: async () => {
      const server = await startFaultServer(bytes);
      try {
        server.script(...faults);
        const known = requestFor(bytes, `${server.url}file.bin`);
        const request = isKnown ? known : { ...known, digest: null, sizeBytes: null };
        await survive(bytes, request, {}, () => (server.script(), request));
      } finally {
        await server.close();
      }
    },
  };
}

function withServers(
  name: string,
  use: (
    plain: FaultServer,
    closing: { close(): Promise<void> }[],
  ) => Promise<readonly [string, Partial<FetcherOptions>]>,
): Trial {
  return {
    name,
    run: async () => {
      const plain = await startFaultServer(content);
      const closing: { close(): Promise<void> }[] = [plain];
      try {
        const [url, options] = await use(plain, closing);
        await survive(content, requestFor(content, url), options, () => requestFor(content, `${plain.url}file.bin`));
      } finally {
        for (const each of closing) await each.close();
      }
    },
  };
}

function http(options: Partial<Parameters<typeof createHttpTransport>[0]>): Partial<FetcherOptions> {
  return { transport: createHttpTransport({ env: {}, ...FAST_LIMITS, ...options }) };
}

/** A name that resolves to these addresses, or to nothing. */
function resolving(...addresses: readonly { readonly address: string; readonly family: number }[]): LookupFunction {
  return (hostname, _options, done) => {
    if (addresses.length > 0) done(null, [...addresses]);
    else done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), '');
  };
}

function byCertificate(name: string, subject: string, days: number): Trial {
  return withServers(name, async (_plain, closing) => {
    const certificate = makeCertificate(subject, days);
    const server = await startFaultServer(content, { tls: certificate });
    closing.push(server);
    return [`${server.url}file.bin`, http({ certificateAuthority: [certificate.cert] })];
  });
}

function byProxy(name: string, password: string | null, given: string): Trial {
  return withServers(name, async (plain, closing) => {
    const proxy = await startProxy(password);
    closing.push(proxy);
    return [`${plain.url}file.bin`, http({ env: { http_proxy: `http://${given}127.0.0.1:${proxy.port}` } })];
  });
}

/** All of them. */
export function networkTrials(): readonly Trial[] {
  const known = FAULTS.flatMap((fault) => [[fault], ['truncated', fault]] as const);
  return [
    ...known.map((faults) => byServer(content, faults, true)),
    ...known
      .filter((faults) => !faults.some((fault) => NEEDS_DIGEST.has(fault)))
      .map((faults) => byServer(content, faults, false)),
    ...FAULTS.map((fault) => byServer(large, ['truncated', fault], true)),
    {
      name: 'the file changes between two requests',
      run: async () => {
        const server = await startFaultServer(content);
        const next = randomContent(content.length);
        try {
          server.script('truncated');
          const request = { ...requestFor(next, `${server.url}file.bin`), digest: null };
          setTimeout(() => server.serve(next), 20);
          await survive(next, request, {}, () => (server.serve(next), { ...request, fresh: true }));
        } catch (error) {
          // The old content whole, before it changed, is right as well.
          require(String(error).includes('a wrong file was returned'), String(error));
        } finally {
          await server.close();
        }
      },
    },
    byCertificate('TLS: expired', 'IP:127.0.0.1', -1),
    byCertificate('TLS: another name', 'DNS:elsewhere.example', 2),
    withServers('TLS: an unknown authority', async (_plain, closing) => {
      const server = await startFaultServer(content, { tls: makeCertificate('IP:127.0.0.1', 2) });
      closing.push(server);
      return [`${server.url}file.bin`, {}];
    }),
    withServers('DNS: no such name', async () => ['http://mirror.invalid/file.bin', http({ lookup: resolving() })]),
    withServers('IPv6 dead, IPv4 alive', async (plain) => [
      `http://two.example:${plain.port}/file.bin`,
      http({ lookup: resolving({ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }) }),
    ]),
    withServers('nobody listens', async () => ['http://127.0.0.1:9/file.bin', {}]),
    byProxy('a proxy', null, ''),
    byProxy('a proxy with a password', 'user:secret', 'user:secret@'),
    byProxy('a proxy with a wrong password', 'user:secret', 'user:guessed@'),
    withServers('a dead proxy', async (plain) => [
      `${plain.url}file.bin`,
      http({ env: { http_proxy: 'http://127.0.0.1:9' } }),
    ]),
  ];
}
