/** What the options of every command can be seen against: a Debian root with an archive of its own, and files of every kind. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DebLab } from './deb-lab.ts';
import { type DirectoryServer, serveDirectory } from './directory-server.ts';
import { makeDpkgRunRoot } from './dpkg-root.ts';
import { GpgHome } from './gpg.ts';

export const KERNEL = '5.10.0-99-cloud-amd64';
export const OTHER_KERNEL = '5.10.0-98-cloud-amd64';
const SUITE = 'bullseye';
/** Root and its archive. */
const ROOTS = { root: 'archive', expired: 'expired', other: 'other' } as const;

export class OptionWorld {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'options-'));
  readonly #gpg = new GpgHome();
  readonly #lab = new DebLab(this.#gpg);
  #server: DirectoryServer | null = null;

  async open(): Promise<void> {
    const key = this.#gpg.makeKey('archive', 'rsa2048');
    const lab = this.#lab;
    const packages = [
      ...[KERNEL, OTHER_KERNEL].flatMap((release, index) => {
        const version = `5.10.29${9 - index}-1`;
        return [
          lab.build(`linux-headers-${release}`, version, { Source: 'linux' }),
          lab.build(`linux-image-${release}-dbg`, version, { Source: 'linux' }),
          lab.build(`linux-image-${release}`, version, { Source: 'linux' }),
        ];
      }),
      lab.build('systemtap', '4.4-2', { 'Pre-Depends': 'systemtap-runtime' }),
      lab.build('systemtap-runtime', '4.4-2'),
      lab.build('gcc', '4:10.2.1-1'),
      lab.build('make', '4.3-4'),
    ];
    const release = { Codename: SUITE, Date: 'Sat, 14 Nov 2026 00:00:00 UTC' };
    const expired = { ...release, 'Valid-Until': 'Sun, 15 Nov 2026 00:00:00 UTC' };
    lab.writeArchive('archive', { suite: SUITE, packages, key, release });
    lab.writeArchive('expired', { suite: SUITE, packages, key, release: expired });
    lab.writeArchive('other', { suite: SUITE, packages, key, release });
    this.#server = await serveDirectory(lab.directory);
    for (const [name, archive] of Object.entries(ROOTS)) {
      mkdirSync(this.path(name));
      makeDpkgRunRoot(this.path(name), { url: `${this.#server.url}${archive}/`, suite: SUITE, keyring: key.keyring });
    }
    const release12 = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian other root"\n';
    this.write('other/etc/os-release', release12);
    const said = 'Systemtap translator/driver (version 4.4/0.182, Debian version 4.4-2)';
    this.write('other/usr/bin/stap', `#!/bin/sh\ncase "$1" in -V) echo '${said}' >&2 ;; *) exit 1 ;; esac\n`, 0o755);
    this.write('other/usr/bin/staprun', '#!/bin/sh\n', 0o755);
  }

  /** Of the archive, ends in "/". */
  get url(): string {
    return `${this.#server?.url ?? ''}archive/`;
  }

  /** "METHOD path" of each so far. */
  get requests(): readonly string[] {
    return [...(this.#server?.requests ?? [])];
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string, mode = 0o644): string {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
    chmodSync(this.path(name), mode);
    return this.path(name);
  }

  async close(): Promise<void> {
    await this.#server?.close();
    this.#lab.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
