/** The options that name the key by which modules are signed, read and opened. */
import { tmpdir } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { TapprepError } from '../errors.ts';
import { createLocalHost } from '../host/local.ts';
import { requireKnownKey } from '../sign/known-keys.ts';
import { type ModuleKeyPlace, type ModuleSigner, openModuleSigner } from '../sign/module-signer.ts';
import { refusePinValue } from '../sign/token-uri.ts';
import type { Context } from './context.ts';
import { type OptionRow, type Raw, readText } from './options.ts';
import { readSecretFile } from './secret.ts';

export const MODULE_KEY: readonly OptionRow[] = [
  [
    '--module-key <key>',
    'sign the modules by this key: a file or a pkcs11: URI, with --module-cert beside it, or "dkms" for the one that DKMS has here',
    'SystemTap:',
  ],
  [
    '--module-sign-command <program>',
    'with --module-cert: sign them by a program instead: it gets hash name and digest in hex, and prints the signature in base64',
    'SystemTap:',
  ],
  [
    '--module-cert <file>',
    'with --module-key or --module-sign-command: the certificate, which the kernel knows',
    'SystemTap:',
  ],
  [
    '--module-key-passphrase-file <file>',
    'with --module-key: its first line opens the key; else the terminal is asked',
    'SystemTap:',
  ],
  [
    '--allow-expired-module-cert',
    'with --module-cert: sign although it is out of date: kernels do not look at it',
    'SystemTap:',
  ],
];

/** As it was given; nothing is opened yet. */
export interface ModuleKeyRequest {
  readonly key: ModuleKeyPlace | 'dkms';
  /** null: the one that belongs to DKMS's key. */
  readonly certificate: string | null;
  readonly passphraseFile: string | null;
  readonly allowExpired: boolean;
}

/** null where no key was named. @throws TapprepError USAGE */
export function readModuleKey(raw: Raw): ModuleKeyRequest | null {
  const [given, command] = [readText(raw, 'moduleKey'), readText(raw, 'moduleSignCommand')];
  const certificate = readText(raw, 'moduleCert');
  const passphraseFile = readText(raw, 'moduleKeyPassphraseFile');
  const allowExpired = raw['allowExpiredModuleCert'] === true;
  if (given === null && command === null) {
    if (certificate === null && passphraseFile === null && !allowExpired) return null;
    throw new TapprepError('USAGE', 'a certificate or passphrase for modules is given, but no key that it belongs to', {
      hint: 'add --module-key FILE',
    });
  }
  if (given !== null && command !== null)
    throw new TapprepError(
      'USAGE',
      '--module-key and --module-sign-command name two keys, but a module has one signature',
    );
  const key = command !== null ? ({ kind: 'command', path: command } as const) : placeOf(given ?? '');
  if (certificate === null && key !== 'dkms')
    throw new TapprepError('USAGE', 'a key for modules is given without its certificate, which says whose key it is', {
      hint: 'add --module-cert FILE',
    });
  return { key, certificate, passphraseFile, allowExpired };
}

function placeOf(given: string): ModuleKeyRequest['key'] {
  if (given === 'dkms') return 'dkms';
  if (!given.startsWith('pkcs11:')) return { kind: 'file', path: given };
  refusePinValue(given);
  return { kind: 'token', uri: given };
}

/** Opens what was named. @throws TapprepError of openModuleSigner */
export async function openSigner(
  { cwd, env, now, signal, askSecret }: Context,
  request: ModuleKeyRequest | null,
): Promise<ModuleSigner | null> {
  if (request === null) return null;
  const local = createLocalHost();
  const { passphraseFile, allowExpired } = request;
  const known = request.key === 'dkms' ? await requireKnownKey(local) : null;
  const at = (path: string): string => (isAbsolute(path) ? path : resolve(cwd, path));
  const key =
    known === null ? withPath(request.key as ModuleKeyPlace, at) : ({ kind: 'file', path: known.key } as const);
  const certificate = request.certificate ?? known?.certificate ?? '';
  return openModuleSigner(
    { key, certificate: at(certificate), allowExpired },
    {
      local,
      env: Object.fromEntries(
        Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
      temporaryDirectory: tmpdir(),
      askSecret: (question) => (passphraseFile === null ? askSecret(question) : readSecretFile(at(passphraseFile))),
      now,
      signal,
    },
  );
}

function withPath(key: ModuleKeyPlace, at: (path: string) => string): ModuleKeyPlace {
  return key.kind === 'token' ? key : { ...key, path: at(key.path) };
}
