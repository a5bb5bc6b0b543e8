/** Throw-away TLS certificates, made by openssl. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

/** A self-signed certificate for names like "IP:127.0.0.1"; `days` below zero has expired. */
export function makeCertificate(names: string, days: number): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'tapprep-tls-'));
  const at = (name: string): string => join(directory, name);
  try {
    writeFileSync(at('names'), `subjectAltName=${names}\n`);
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl('req', ...curve, '-keyout', at('key'), '-out', at('request'), '-subj', '/CN=tapprep test');
    const validity = ['-days', String(days), '-extfile', at('names')];
    openssl('x509', '-req', '-in', at('request'), '-signkey', at('key'), ...validity, '-out', at('cert'));
    return { key: readFileSync(at('key'), 'utf8'), cert: readFileSync(at('cert'), 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
