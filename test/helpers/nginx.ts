/** A real nginx on loopback for one directory, on a free port, with its files in a directory of its own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from './certificates.ts';
import { findFreePort } from './free-port.ts';

export interface Nginx {
  /** Ends in "/". */
  readonly url: string;
  close(): Promise<void>;
}

export interface NginxOptions {
  /** What a connection gets a second, as "1m". */
  readonly rate?: string;
  /** Its certificate, where it speaks TLS, and whose client certificates it wants to see. */
  readonly tls?: { readonly own: Certificate; readonly clients: Certificate };
  /** More directives of its server. */
  readonly directives?: string;
}

/** Starts nginx in the foreground as a child and waits until it answers. */
export async function serveNginx(
  directory: string,
  { rate = '0', tls, directives = '' }: NginxOptions = {},
): Promise<Nginx> {
  const home = mkdtempSync(join(tmpdir(), 'nginx-'));
  const port = await findFreePort();
  const config = join(home, 'nginx.conf');
  if (tls !== undefined) {
    writeFileSync(join(home, 'own.pem'), tls.own.cert);
    writeFileSync(join(home, 'own.key'), tls.own.key);
    writeFileSync(join(home, 'clients.pem'), tls.clients.cert);
  }
  const security =
    tls === undefined
      ? ''
      : `ssl_certificate ${home}/own.pem; ssl_certificate_key ${home}/own.key;
  ssl_client_certificate ${home}/clients.pem; ssl_verify_client on;`;
  writeFileSync(
    config,
    `daemon off; pid ${home}/pid; error_log ${home}/error.log; user root;
events { worker_connections 256; }
http {
  access_log off; sendfile on;
  client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy; fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi; scgi_temp_path ${home}/scgi;
  server { listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'}; ${security} ${directives} limit_rate ${rate}; root "${directory}"; autoindex on; }
}
`,
  );
  const child = spawn('nginx', ['-p', home, '-c', config], { stdio: 'ignore' });
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/`;
  for (let tries = 0; tries < 100 && !(await accepts(port)); tries += 1) await sleep(50);
  return {
    url,
    close: async () => {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.on('close', resolve));
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Whether somebody listens there. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
