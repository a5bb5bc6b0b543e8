/** Real keys made by gpg in a home of their own, for tests of signatures. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fingerprint } from '../../src/types.ts';

export interface TestKey {
  readonly fingerprint: Fingerprint;
  /** Path of the exported binary public key. */
  readonly keyring: string;
  /** Path of the exported armored public key. */
  readonly armored: string;
}

/** A gpg home in a temporary directory; `close` ends its agent and removes it. */
export class GpgHome {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'gpg-'));

  /** Makes a key; `algorithm` as for --quick-gen-key. `fakeTime` (YYYYMMDDThhmmss) dates it, `expires` is e.g. "1d". */
  makeKey(name: string, algorithm: string, options: { fakeTime?: string; expires?: string } = {}): TestKey {
    const time = options.fakeTime === undefined ? [] : ['--faked-system-time', options.fakeTime];
    this.gpg([...time, '--passphrase', '', '--quick-gen-key', name, algorithm, 'sign', options.expires ?? 'never']);
    const listing = this.gpg(['--with-colons', '--list-keys', `=${name}`]).toString();
    const fingerprint = listing
      .split('\n')
      .find((line) => line.startsWith('fpr:'))!
      .split(':')[9]! as Fingerprint;
    const keyring = join(this.directory, `${fingerprint}.gpg`);
    const armored = join(this.directory, `${fingerprint}.asc`);
    writeFileSync(keyring, this.gpg(['--export', fingerprint]));
    writeFileSync(armored, this.gpg(['--armor', '--export', fingerprint]));
    return { fingerprint, keyring, armored };
  }

  /** Signs `data`; `extra` are options of gpg such as --digest-algo. */
  sign(
    data: string | Uint8Array,
    key: TestKey,
    mode: '--clearsign' | '--detach-sign',
    extra: readonly string[] = [],
  ): Buffer {
    const input = join(this.directory, 'input');
    const output = join(this.directory, 'output');
    writeFileSync(input, data);
    rmSync(output, { force: true });
    this.gpg([...extra, '--local-user', key.fingerprint, '--output', output, mode, input]);
    return readFileSync(output);
  }

  gpg(args: readonly string[]): Buffer {
    const fixed = [
      '--homedir',
      this.directory,
      '--batch',
      '--quiet',
      '--yes',
      '--no-tty',
      '--pinentry-mode',
      'loopback',
    ];
    return execFileSync('gpg', [...fixed, ...args], { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
  }

  close(): void {
    execFileSync('gpgconf', ['--homedir', this.directory, '--kill', 'all'], { stdio: 'ignore' });
    rmSync(this.directory, { recursive: true, force: true });
  }
}
