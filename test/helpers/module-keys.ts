/** Keys and certificates for modules, made anew by openssl, and sign-file of the kernel's own build tools as the judge. */
import { execFileSync } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalHost } from '../../src/host/local.ts';
import type { SigningTools } from '../../src/sign/signing-tools.ts';

export interface TestKey {
  readonly key: string;
  readonly cert: string;
}

/** @param options of openssl req, e.g. `-newkey rsa:2048 -days 30` */
export function makeKey(
  directory: string,
  name: string,
  options: readonly string[] = ['-newkey', 'rsa:2048', '-days', '30'],
  extensions: readonly string[] = [],
): TestKey {
  const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
  const request = [
    'req',
    '-new',
    '-x509',
    '-nodes',
    '-sha256',
    '-subj',
    `/CN=${name} key/`,
    '-keyout',
    key,
    '-out',
    cert,
  ];
  execFileSync('openssl', [...request, ...options, ...extensions.flatMap((line) => ['-addext', line])], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { key, cert };
}

/** sign-file of Debian's linux-kbuild, which signs Debian's own modules. */
export function signByKernelTool(hash: string, { key, cert }: TestKey, module: string): void {
  const [tool] = globSync('/usr/lib/linux-kbuild-*/scripts/sign-file');
  if (tool === undefined) throw new Error('sign-file of linux-kbuild is not installed: sh scripts/need-tools.sh');
  const der = `${cert}.der`;
  execFileSync('openssl', ['x509', '-in', cert, '-outform', 'DER', '-out', der]);
  execFileSync(tool, [hash, key, der, module]);
}

/** Of this machine; every question is answered with `secret`. */
export function signingTools(temporaryDirectory: string, secret: string | null = null): SigningTools {
  return {
    local: createLocalHost(),
    env: {},
    temporaryDirectory,
    askSecret: () => Promise.resolve(secret),
    now: Date.now,
    signal: new AbortController().signal,
  };
}

/** A shell script that is executed. */
export function writeProgram(path: string, text: string): string {
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
}
