/** Writes a large signed Debian archive's index, the same for the same size: what plan and apt are measured on. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { GpgHome, TestKey } from '../test/helpers/gpg.ts';

/** uname -r of the kernel in the middle of the index, and what is asked for: headers, debug package, SystemTap, compiler. */
export const DEB_RELEASE = '6.1.0-56-amd64';
export const DEB_SUITE = 'bookworm';
export const DEB_WANTED: readonly string[] = [
  `linux-headers-${DEB_RELEASE}`,
  `linux-image-${DEB_RELEASE}-dbg`,
  'systemtap',
  'gcc',
  'make',
];

const KERNEL_VERSION = '6.1.192-2';

interface DebFields {
  readonly name: string;
  readonly version: string;
  readonly depends: string;
  readonly source?: string;
  readonly arch?: string;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function formatParagraph({ name, version, depends, source = name, arch = 'amd64' }: DebFields): string {
  const hex = digest(name + version);
  const file = `pool/main/${name.charAt(0)}/${source}/${name}_${version.replace(/^\d+:/, '')}_${arch}.deb`;
  return `Package: ${name}
${source === name ? '' : `Source: ${source}\n`}Version: ${version}
Installed-Size: ${1000 + (hex.charCodeAt(1) << 4)}
Maintainer: Debian Maintainers of ${source} <pkg-${source}@lists.example.org>
Architecture: ${arch}
Depends: ${depends}
Description: ${name} of the ${source} family, made for a measurement (${hex.slice(0, 16)})
Description-md5: ${hex.slice(0, 32)}
Homepage: https://example.org/${source}
Tag: implemented-in::c, interface::commandline, role::program, scope::utility, use::configuring
Section: ${source === 'linux' ? 'kernel' : 'utils'}
Priority: optional
Filename: ${file}
Size: ${20_000 + Number.parseInt(hex.slice(0, 5), 16)}
MD5sum: ${hex.slice(32)}
SHA256: ${hex}
`;
}

const KERNEL: readonly DebFields[] = [
  {
    name: `linux-headers-${DEB_RELEASE}`,
    version: KERNEL_VERSION,
    source: 'linux',
    depends: `linux-headers-6.1.0-56-common (= ${KERNEL_VERSION}), linux-kbuild-6.1 (>= ${KERNEL_VERSION})`,
  },
  { name: 'linux-headers-6.1.0-56-common', version: KERNEL_VERSION, source: 'linux', arch: 'all', depends: 'make' },
  { name: 'linux-kbuild-6.1', version: KERNEL_VERSION, source: 'linux', depends: 'libc6 (>= 2.34)' },
  { name: `linux-image-${DEB_RELEASE}-dbg`, version: KERNEL_VERSION, source: 'linux', depends: 'libc6' },
  { name: 'systemtap', version: '4.8-2', depends: 'systemtap-runtime (= 4.8-2), libc6 (>= 2.34)' },
  { name: 'systemtap-runtime', version: '4.8-2', source: 'systemtap', depends: 'libc6 (>= 2.34)' },
  { name: 'gcc', version: '4:12.2.0-3', source: 'gcc-defaults', depends: 'libc6 (>= 2.34)' },
  { name: 'make', version: '4.3-4.1', depends: 'libc6 (>= 2.34)' },
  { name: 'libc6', version: '2.36-9', source: 'glibc', depends: 'base-files' },
  { name: 'base-files', version: '12.4', depends: 'awk-none | base-files' },
];

/** Makes DIRECTORY/dists with `count` packages, signed; returns the sizes of Packages, packed and open, in bytes. */
export function makeDebRepository(
  directory: string,
  count: number,
  gpg: GpgHome,
  key: TestKey,
): { readonly packedBytes: number; readonly openBytes: number } {
  const others = Array.from({ length: count - KERNEL.length }, (_, at) => {
    const random = Number.parseInt(digest(String(at)).slice(0, 7), 16);
    const needs = [1, 7, 13, 101].map((step) => `libthing${(random * step) % count} (>= ${step}.${random % 30})`);
    const name = at % 2 === 0 ? `libthing${at}` : `tool-${random.toString(36)}-${at}`;
    return formatParagraph({
      name,
      version: `${random % 9}.${random % 40}-${(random % 5) + 1}`,
      depends: needs.join(', '),
    });
  });
  const middle = others.length >> 1;
  const text = [...others.slice(0, middle), ...KERNEL.map(formatParagraph), ...others.slice(middle)].join('\n');
  const packed = gzipSync(text, { level: 6 });
  const suite = join(directory, 'dists', DEB_SUITE);
  mkdirSync(join(suite, 'main/binary-amd64'), { recursive: true });
  writeFileSync(join(suite, 'main/binary-amd64/Packages.gz'), packed);
  const lines = [
    ` ${digest(text)} ${Buffer.byteLength(text)} main/binary-amd64/Packages`,
    ` ${createHash('sha256').update(packed).digest('hex')} ${packed.length} main/binary-amd64/Packages.gz`,
  ];
  const release = `Origin: Debian
Suite: ${DEB_SUITE}
Codename: ${DEB_SUITE}
Date: ${new Date().toUTCString()}
Architectures: amd64
Components: main
SHA256:
${lines.join('\n')}
`;
  writeFileSync(join(suite, 'InRelease'), gpg.sign(release, key, '--clearsign'));
  return { packedBytes: packed.length, openBytes: Buffer.byteLength(text) };
}
