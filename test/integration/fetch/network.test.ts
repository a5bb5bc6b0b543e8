import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import type { LookupFunction } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHttpTransport } from '../../../src/fetch/http.ts';
import type { Transport } from '../../../src/fetch/transport.ts';
import { type Certificate, makeCertificate } from '../../helpers/certificates.ts';
import type { ChildTask } from '../../helpers/fetch-child.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { type FaultServer, startFaultServer } from '../../helpers/fault-server.ts';
import { FAST_LIMITS, type FetchLab, holds, openFetchLab, randomContent, requestFor } from '../../helpers/fetch-lab.ts';
import { type ProxyServer, startProxy } from '../../helpers/proxy-server.ts';

const FETCH_CHILD = fileURLToPath(new URL('../../helpers/fetch-child.ts', import.meta.url));
const content = randomContent(100_000);
let lab: FetchLab;
let plain: FaultServer;
const closing: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  lab = await openFetchLab();
  plain = await startFaultServer(content);
  closing.push(lab, plain);
});

afterEach(async () => {
  await Promise.all(closing.splice(0).map((each) => each.close()));
});

function transportWith(options: {
  readonly certificateAuthority?: readonly string[];
  readonly lookup?: LookupFunction;
}): Transport {
  return createHttpTransport({ env: {}, ...FAST_LIMITS, ...options });
}

async function serveTls(certificate: Certificate): Promise<FaultServer> {
  const server = await startFaultServer(content, { tls: certificate, elsewhere: plain.url });
  closing.push(server);
  return server;
}

describe('TLS', () => {
  let good: Certificate;
  beforeAll(() => {
    good = makeCertificate('IP:127.0.0.1', 2);
  });

  test('a host that proves its name is read', async () => {
    const server = await serveTls(good);
    const fetcher = await lab.fetcher({ transport: transportWith({ certificateAuthority: [good.cert] }) });
    const file = await fetcher.fetchFile(requestFor(content, `${server.url}file.bin`));
    expect(await holds(file.path, content)).toBe(true);
  });

  test('a certificate for another name is refused, and the next mirror is asked', async () => {
    const other = makeCertificate('DNS:elsewhere.example', 2);
    const server = await serveTls(other);
    const fetcher = await lab.fetcher({ transport: transportWith({ certificateAuthority: [other.cert] }) });
    const error = await failureOf(fetcher.fetchFile(requestFor(content, `${server.url}file.bin`)));
    expect(error).toMatchObject({ code: 'NETWORK', facts: { reason: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
    expect(error.message).toContain('its certificate is for another name');
    const file = await fetcher.fetchFile(requestFor(content, `${server.url}file.bin`, `${plain.url}file.bin`));
    expect(await holds(file.path, content)).toBe(true);
    expect(server.requests).toEqual([]);
  });

  test('an expired certificate is refused with a word about the clock', async () => {
    const expired = makeCertificate('IP:127.0.0.1', -1);
    const server = await serveTls(expired);
    const fetcher = await lab.fetcher({ transport: transportWith({ certificateAuthority: [expired.cert] }) });
    const error = await failureOf(fetcher.fetchFile(requestFor(content, `${server.url}file.bin`)));
    expect(error).toMatchObject({ code: 'NETWORK', facts: { reason: 'CERT_HAS_EXPIRED' } });
    expect(error.hint).toContain('clock');
  });

  test('a certificate of nobody is refused', async () => {
    const server = await serveTls(good);
    const error = await failureOf((await lab.fetcher()).fetchFile(requestFor(content, `${server.url}file.bin`)));
    expect(error).toMatchObject({ code: 'NETWORK', facts: { reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
  });

  test('an authority that only this machine trusts is trusted, as curl and apt do', async () => {
    const server = await serveTls(good);
    const path = join(lab.cacheDir, 'authority.pem');
    await lab.prepared();
    await writeFile(path, good.cert);
    const request = requestFor(content, `${server.url}file.bin`);
    const task: ChildTask = { cacheDir: lab.cacheDir, request, lockMs: 500 };
    const child = await promisify(execFile)(process.execPath, [FETCH_CHILD, JSON.stringify(task)], {
      env: { SSL_CERT_FILE: path },
    });
    expect(JSON.parse(child.stdout)).toMatchObject({ sizeBytes: content.length, fromCache: false });
    expect(server.requests).toEqual(['GET /file.bin -']);
  });

  test('a redirect from https to http is refused even for bytes with a digest', async () => {
    const server = await serveTls(good);
    server.script('redirect-host');
    const fetcher = await lab.fetcher({ transport: transportWith({ certificateAuthority: [good.cert] }) });
    const error = await failureOf(fetcher.fetchFile(requestFor(content, `${server.url}file.bin`)));
    expect(error.code).toBe('UNSAFE_URL');
    expect(plain.requests).toEqual([]);
  });
});

describe('redirects', () => {
  test('to another host: followed for bytes with a digest, refused for bytes without', async () => {
    const other = await startFaultServer(content, { elsewhere: `${plain.url}there` });
    closing.push(other);
    const fetcher = await lab.fetcher();
    other.script('redirect-host');
    const file = await fetcher.fetchFile(requestFor(content, `${other.url}file.bin`));
    expect(file.url).toBe(`${plain.url}there`);
    const unprotected = { urls: [`${other.url}InRelease`], sizeBytes: null, digest: null, maxBytes: 1 << 20 };
    other.script('redirect-host');
    expect((await failureOf(fetcher.fetchMetadata(unprotected))).code).toBe('UNSAFE_URL');
    other.script('redirect-host');
    expect((await fetcher.fetchMetadata({ ...unprotected, signed: true })).url).toBe(`${plain.url}there`);
  });

  test('in a loop end after a few', async () => {
    plain.script('redirect-loop');
    const error = await failureOf((await lab.fetcher()).fetchFile(requestFor(content, `${plain.url}file.bin`)));
    expect(error.message).toContain('redirects more than 5 times');
    expect(plain.requests).toHaveLength(6);
  });
});

function resolveNothing(hostname: string, _options: unknown, done: Parameters<LookupFunction>[2]): void {
  done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), '');
}

function resolveToBoth(_hostname: string, _options: unknown, done: Parameters<LookupFunction>[2]): void {
  const both = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ];
  done(null, both);
}

describe('names and addresses', () => {
  test('a name that does not resolve is NETWORK and says so', async () => {
    const fetcher = await lab.fetcher({ transport: transportWith({ lookup: resolveNothing }) });
    const error = await failureOf(fetcher.fetchFile(requestFor(content, 'http://mirror.invalid/file.bin')));
    expect(error).toMatchObject({ code: 'NETWORK', facts: { reason: 'ENOTFOUND' } });
    expect(error.message).toContain('the host name cannot be resolved');
  });

  test('a host whose IPv6 address is dead is reached by IPv4', async () => {
    const fetcher = await lab.fetcher({ transport: transportWith({ lookup: resolveToBoth }) });
    const file = await fetcher.fetchFile(requestFor(content, `http://two.example:${plain.port}/file.bin`));
    expect(await holds(file.path, content)).toBe(true);
  });

  test('nobody listens: NETWORK after the attempts, with the address', async () => {
    const url = plain.url;
    await plain.close();
    closing.splice(closing.indexOf(plain), 1);
    const fetcher = await lab.fetcher({ limits: { attempts: 9, contactAttempts: 2 } });
    const error = await failureOf(fetcher.fetchFile(requestFor(content, `${url}file.bin`)));
    expect(error).toMatchObject({ code: 'NETWORK', facts: { reason: 'ECONNREFUSED' } });
    // Asked twice: a network that is not there is told of soon.
    expect(lab.events.filter((event) => event.type === 'note' && event.text.includes('trying again'))).toHaveLength(1);
    expect(error.message).toContain(`${url}file.bin`);
  });

  test.each(['gopher://127.0.0.1/file', 'ftp://127.0.0.1/file%0d%0aDELE', 'file://elsewhere/file'])(
    '%s is UNSAFE_URL',
    async (url) => {
      const error = await failureOf((await lab.fetcher()).fetchFile(requestFor(content, url)));
      expect(error.code).toBe('UNSAFE_URL');
    },
  );
});

describe('proxies', () => {
  let certificate: Certificate;
  let proxy: ProxyServer;
  beforeAll(() => {
    certificate = makeCertificate('IP:127.0.0.1', 2);
  });

  async function fetchVia(env: Record<string, string>, url: string) {
    const transport = createHttpTransport({ env, ...FAST_LIMITS, certificateAuthority: [certificate.cert] });
    return await (await lab.fetcher({ transport })).fetchFile(requestFor(content, url));
  }

  test('http goes through HTTP_PROXY, but not for a host of NO_PROXY', async () => {
    proxy = await startProxy();
    closing.push(proxy);
    const HTTP_PROXY = `http://127.0.0.1:${proxy.port}`;
    const file = await fetchVia({ HTTP_PROXY }, `${plain.url}file.bin`);
    expect(await holds(file.path, content)).toBe(true);
    expect(proxy.requests).toEqual([`GET ${plain.url}file.bin`]);
    await fetchVia({ HTTP_PROXY, NO_PROXY: '127.0.0.1' }, `${plain.url}again.bin`);
    expect(proxy.requests).toHaveLength(1);
  });

  test('https goes through https_proxy by CONNECT, with a password', async () => {
    proxy = await startProxy('user:secret');
    const server = await startFaultServer(content, { tls: certificate });
    closing.push(proxy, server);
    const file = await fetchVia({ https_proxy: `http://user:secret@127.0.0.1:${proxy.port}` }, `${server.url}file.bin`);
    expect(await holds(file.path, content)).toBe(true);
    expect(proxy.requests).toEqual([`CONNECT 127.0.0.1:${server.port}`]);
  });

  test('a proxy that wants a password is named, and no password is ever told', async () => {
    proxy = await startProxy('user:secret');
    const server = await startFaultServer(content, { tls: certificate });
    closing.push(proxy, server);
    const http = await failureOf(fetchVia({ http_proxy: `http://127.0.0.1:${proxy.port}` }, `${plain.url}file.bin`));
    expect(http).toMatchObject({ code: 'NETWORK', facts: { status: 407 } });
    expect(http.hint).toContain('http_proxy=');
    const wrong = `http://user:guessed@127.0.0.1:${proxy.port}`;
    const https = await failureOf(fetchVia({ https_proxy: wrong }, `${server.url}file.bin`));
    expect(https.code).toBe('NETWORK');
    expect(https.hint).toContain('https_proxy=');
    expect(inspect([https, lab.events], { depth: null })).not.toContain('guessed');
    expect([...proxy.requests, ...plain.requests]).toEqual([]);
  });

  test.each([
    ['refuses', 'http://127.0.0.1:9', '127.0.0.1:9'],
    ['has no address', 'http://no.such.invalid:3128', 'no.such.invalid:3128'],
  ])('a proxy that %s is named, and not the host behind it', async (_, http_proxy, named) => {
    const error = await failureOf(fetchVia({ http_proxy }, `${plain.url}file.bin`));
    expect(error).toMatchObject({ code: 'NETWORK', facts: { proxy: named } });
    expect(error.message).toContain(`could not be read through the proxy ${named} of http_proxy: `);
    expect(error.hint).toContain('grep -i _proxy');
  });

  test('a host that refuses is not taken for the proxy that no_proxy left out', async () => {
    const env = { http_proxy: 'http://127.0.0.1:9', no_proxy: '127.0.0.1' };
    const error = await failureOf(fetchVia(env, 'http://127.0.0.1:7/file.bin'));
    expect(error.message).not.toContain('proxy');
  });

  test('a proxy variable that is no address is USAGE, without its password', () => {
    const env = { http_proxy: 'http://u:secret@:bad' };
    expect(() => createHttpTransport({ env, ...FAST_LIMITS })).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.not.stringContaining('secret') }),
    );
  });
});

test('the password in an address is sent but never told or kept', async () => {
  const url = plain.url.replace('://', '://user:hidden-word@');
  const fetcher = await lab.fetcher();
  plain.script('500', 'truncated', 'fine');
  const file = await fetcher.fetchFile(requestFor(content, `${url}file.bin`));
  plain.script('403');
  const error = await failureOf(fetcher.fetchFile(requestFor(randomContent(10), `${url}other.bin`)));
  expect(plain.authorizations).toContain(`Basic ${Buffer.from('user:hidden-word').toString('base64')}`);
  const told = inspect([file, lab.events, error], { depth: null });
  expect(told + (await lab.allText())).not.toContain('hidden-word');
});
