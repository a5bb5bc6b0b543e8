/** Keys and signatures that attacks share: made once, by the real gpg. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GpgHome, type TestKey } from '../helpers/gpg.ts';
import { atEnd, once } from './attack.ts';

export const IN_2014: readonly string[] = ['--faked-system-time', '20140102T000000'];

export const home = once(() => {
  const made = new GpgHome();
  atEnd(() => made.close());
  return made;
});

/** The owner's key, which the victim trusts. */
export const owner = once(() => home().makeKey('owner', 'rsa2048'));
/** One that the victim never heard of. */
export const stranger = once(() => home().makeKey('stranger', 'rsa2048'));
export const short = once(() => home().makeKey('short', 'rsa1024'));
export const dsa = once(() => home().makeKey('dsa', 'dsa2048'));
export const ed25519 = once(() => home().makeKey('ed25519', 'ed25519'));
export const expired = once(() =>
  home().makeKey('expired', 'rsa2048', { fakeTime: '20140101T000000', expires: '10d' }),
);

export function detach(data: string | Uint8Array, key: TestKey, extra: readonly string[] = []): Buffer {
  return home().sign(data, key, '--detach-sign', extra);
}

export function clearsign(text: string, key: TestKey, extra: readonly string[] = []): string {
  return home().sign(text, key, '--clearsign', extra).toString('latin1');
}

/** A key that its owner revokes, and what it signed before that. Each user has one of its own: afterwards it signs no more. */
export function makeRevoked<Signed>(
  name: string,
  sign: (key: TestKey) => Signed,
): { readonly key: TestKey; readonly signed: Signed } {
  const key = home().makeKey(name, 'rsa2048');
  const signed = sign(key);
  revoke(key);
  return { key, signed };
}

function revoke({ fingerprint, keyring }: TestKey): void {
  const certificate = join(home().directory, 'openpgp-revocs.d', `${fingerprint}.rev`);
  const revocation = join(home().directory, 'revoke.asc');
  writeFileSync(revocation, readFileSync(certificate, 'utf8').replace(':-----BEGIN', '-----BEGIN'));
  home().gpg(['--import', revocation]);
  writeFileSync(keyring, home().gpg(['--export', fingerprint]));
}

/** A primary key with a signing subkey that has expired, and one with a subkey that was revoked. */
export const withExpiredSubkey = once(() => {
  const key = home().makeKey('old subkey', 'rsa2048', { fakeTime: '20140101T000000' });
  const time = ['--faked-system-time', '20140101T000000', '--passphrase', ''];
  home().gpg([...time, '--quick-add-key', key.fingerprint, 'rsa2048', 'sign', '10d']);
  return { ...key, subkey: exportWithSubkey(key) };
});

export const withRevokedSubkey = once(() => {
  const key = home().makeKey('revoked subkey', 'rsa2048');
  home().gpg(['--passphrase', '', '--quick-add-key', key.fingerprint, 'rsa2048', 'sign', 'never']);
  return { ...key, subkey: exportWithSubkey(key) };
});

function exportWithSubkey({ fingerprint, keyring }: TestKey): string {
  writeFileSync(keyring, home().gpg(['--export', fingerprint]));
  const lines = home().gpg(['--with-colons', '--list-keys', fingerprint]).toString().split('\n');
  return (
    lines
      .filter((line) => line.startsWith('fpr:'))
      .at(-1)
      ?.split(':')[9] ?? ''
  );
}

/** Revokes the last subkey of a key. */
export function revokeSubkey({ fingerprint, keyring }: TestKey): void {
  const args = ['--homedir', home().directory, '--no-tty', '--command-fd', '0', '--pinentry-mode', 'loopback'];
  const answers = 'key 1\nrevkey\ny\n0\n\ny\nsave\n';
  spawnSync('gpg', [...args, '--passphrase', '', '--edit-key', fingerprint], {
    input: answers,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  writeFileSync(keyring, home().gpg(['--export', fingerprint]));
}
