/** A real HTTP proxy on loopback: absolute-form requests and CONNECT, with a password when told. */
import { type IncomingMessage, createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';

export interface ProxyServer {
  readonly port: number;
  /** "GET http://…" or "CONNECT host:port" of each request that was let through. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Starts a proxy; `password` is "user:password". */
export async function startProxy(password: string | null = null): Promise<ProxyServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const allowed = (request: IncomingMessage): boolean =>
    password === null || request.headers['proxy-authorization'] === `Basic ${Buffer.from(password).toString('base64')}`;

  const server = createServer((request, response) => {
    if (!allowed(request)) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
      return;
    }
    requests.push(`${request.method} ${request.url}`);
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = request.headers;
    const onward = httpRequest(request.url ?? '', { method: request.method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end();
  });
  server.on('connect', (request, client: Socket) => {
    client.on('error', () => undefined);
    if (!allowed(request)) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n\r\n');
      return;
    }
    requests.push(`CONNECT ${request.url}`);
    const target = new URL(`http://${request.url}`);
    const onward = connect(Number(target.port), target.hostname, () => {
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      onward.pipe(client).pipe(onward);
    });
    sockets.add(onward);
    onward.on('error', () => client.destroy());
  });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
