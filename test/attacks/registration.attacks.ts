/** Against the registration of a host: what its servers know it by is for them alone. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { PROBE_REQUEST } from '../../src/fetch/transport.ts';
import { type Attack, held, succeeded } from './attack.ts';

type HttpModule = typeof import('../../src/fetch/http.ts');
type IdentityModule = typeof import('../../src/fetch/identity.ts');

const TOKEN = 'aTokenThatIsForOneServer';

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

export const attacks: readonly Attack[] = [
  {
    name: 'a registered repository sends to a server of the attacker, who reads the token of the registration there',
    guard: [
      {
        file: 'src/fetch/identity.ts',
        text: "return base.endsWith('/') ? url.startsWith(base) : url === base;",
        replacement: 'return base.length > 0 && url.length > 0;',
      },
    ],
    attempt: async (tree) => {
      const { createHttpTransport } = await tree.load<HttpModule>('src/fetch/http.ts');
      const { createIdentities } = await tree.load<IdentityModule>('src/fetch/identity.ts');
      const seen: string[] = [];
      const evil = createServer((request, response) => {
        seen.push(request.url ?? '');
        response.end('anything');
      });
      const there = await listen(evil);
      const own = createServer((_request, response) => {
        response.writeHead(302, { location: `${there}repodata/repomd.xml` }).end();
      });
      const here = await listen(own);
      try {
        const identities = createIdentities();
        const remedy = { kind: 'register', by: 'user' };
        identities.add(here, { name: 'a token', certificate: null, authorities: null, token: TOKEN, remedy });
        const limits = { connectMs: 5000, responseMs: 5000, idleMs: 5000 };
        const answer = await createHttpTransport({ env: {}, identities, ...limits }).open(
          `${here}repodata/repomd.xml`,
          { ...PROBE_REQUEST, signal: new AbortController().signal },
        );
        await text(answer.body);
        return seen.some((url) => url.includes(TOKEN)) ? succeeded(seen.join(' ')) : held('the base of the identity');
      } finally {
        for (const server of [own, evil]) {
          server.closeAllConnections();
          server.close();
        }
      }
    },
  },
];
