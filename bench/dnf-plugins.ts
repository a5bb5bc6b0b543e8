/**
 * The `download` command of dnf comes with dnf-plugins-core, which Debian lets nobody have beside zypper. So its package is
 * unpacked into a folder of its own: this machine's packages stay as they are.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './measure.ts';

/** dnf with `download`: the start of its argv, and the environment that it needs. */
export interface DnfDownload {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Fetches and unpacks below DIRECTORY/dnf-plugins. @throws Error when apt does not have the package */
export function unpackDnfPlugins(directory: string): DnfDownload {
  const place = join(directory, 'dnf-plugins');
  mkdirSync(join(place, 'conf'), { recursive: true });
  measure(['apt-get', '-qq', '-o', 'APT::Sandbox::User=root', 'download', 'dnf-plugins-core'], { cwd: place });
  const archive = readdirSync(place).find((name) => name.endsWith('.deb')) ?? '';
  measure(['dpkg-deb', '-x', join(place, archive), join(place, 'root')]);
  const modules = join(place, 'root/usr/lib/python3/dist-packages');
  const settings = [`pluginpath=${modules}/dnf-plugins`, `pluginconfpath=${place}/conf`];
  return {
    argv: ['dnf', ...settings.map((setting) => `--setopt=${setting}`), '--disableplugin=*', '--enableplugin=download'],
    env: { PYTHONPATH: modules },
  };
}
