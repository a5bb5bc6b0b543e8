/** A real nginx on loopback for one directory, on a free port, with its files in a directory of its own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from './free-port.ts';

export interface Nginx {
  /** Ends in "/". */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts nginx in the foreground as a child and waits until it answers. `rate` is what a connection gets a second, as "1m". */
export async function serveNginx(directory: string, { rate = '0' }: { readonly rate?: string } = {}): Promise<Nginx> {
  const home = mkdtempSync(join(tmpdir(), 'nginx-'));
  const port = await findFreePort();
  const config = join(home, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; pid ${home}/pid; error_log ${home}/error.log; user root;
events { worker_connections 256; }
http {
  access_log off; sendfile on;
  client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy; fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi; scgi_temp_path ${home}/scgi;
  server { listen 127.0.0.1:${port}; limit_rate ${rate}; root "${directory}"; autoindex on; }
}
`,
  );
  const child = spawn('nginx', ['-p', home, '-c', config], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/`;
  for (let tries = 0; tries < 100; tries += 1) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      break;
    await sleep(50);
  }
  return {
    url,
    close: async () => {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.on('close', resolve));
      rmSync(home, { recursive: true, force: true });
    },
  };
}
