/** A signed archive that names the packages of many kernels: enough to plan from, nothing to download. */
import { join } from 'node:path';
import type { DebLab } from './deb-lab.ts';
import type { TestKey } from './gpg.ts';

/** Releases of Debian 11's form, as many as wanted. */
export function makeReleases(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `5.10.0-${at + 100}-cloud-amd64`);
}

function paragraph(name: string, version: string, more = ''): string {
  return `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nInstalled-Size: 10\n${more}Filename: pool/${name}.deb\nSize: 1000\nSHA256: ${'ab'.repeat(32)}\n`;
}

/** Writes it below the lab's directory. @returns its directory */
export function writeKernelArchive(lab: DebLab, key: TestKey, releases: readonly string[]): string {
  const kernels = releases.flatMap((release, at) => [
    paragraph(`linux-headers-${release}`, `5.10.${at + 300}-1`, 'Source: linux\nDepends: linux-kbuild-5.10\n'),
    paragraph(`linux-image-${release}-dbg`, `5.10.${at + 300}-1`, 'Source: linux\n'),
  ]);
  const others = ['linux-kbuild-5.10', 'libdw1', 'gcc', 'make'].map((name) => paragraph(name, '1.0-1'));
  others.push(paragraph('systemtap', '1.0-1', 'Depends: libdw1\n'));
  lab.writeArchive('kernels', {
    suite: 'bullseye',
    packages: [],
    key,
    edit: () => [...kernels, ...others].join('\n'),
    release: { Codename: 'bullseye', Date: 'Sat, 14 Nov 2026 00:00:00 UTC' },
  });
  return join(lab.directory, 'kernels');
}
