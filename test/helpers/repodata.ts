/** Metadata of an rpm-md repository without packages: what createrepo_c writes, as far as an index tells something. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface ListedPackage {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  /** `name = version-release`. */
  readonly provides?: readonly string[];
  readonly requires?: readonly string[];
  readonly vendor?: string;
}

/** Writes repodata/ of the packages below a directory. */
export function writeRepodata(directory: string, packages: readonly ListedPackage[]): void {
  const body = packages.map(describe).join('');
  const text = `<metadata xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${packages.length}">${body}</metadata>`;
  const packed = gzipSync(text);
  mkdirSync(join(directory, 'repodata'), { recursive: true });
  writeFileSync(join(directory, 'repodata/primary.xml.gz'), packed);
  writeFileSync(
    join(directory, 'repodata/repomd.xml'),
    `<repomd><data type="primary"><checksum type="sha256">${sha256(packed)}</checksum><open-checksum type="sha256">${sha256(text)}</open-checksum><location href="repodata/primary.xml.gz"/><size>${packed.length}</size><open-size>${text.length}</open-size></data></repomd>`,
  );
}

function describe({
  name,
  version,
  release,
  provides = [],
  requires = [],
  vendor = 'A vendor',
}: ListedPackage): string {
  const file = `${name}-${version}-${release}.x86_64.rpm`;
  return `<package type="rpm"><name>${name}</name><arch>x86_64</arch><version epoch="0" ver="${version}" rel="${release}"/><checksum type="sha256" pkgid="YES">${sha256(file)}</checksum><time file="1" build="1700000000"/><size package="100" installed="1000"/><location href="Packages/${file}"/><format><rpm:vendor>${vendor}</rpm:vendor><rpm:buildhost>build.example</rpm:buildhost><rpm:provides>${provides.map(entry).join('')}</rpm:provides><rpm:requires>${requires.map(entry).join('')}</rpm:requires></format></package>`;
}

function entry(capability: string): string {
  const [name = '', vr = ''] = capability.split(' = ');
  const dash = vr.indexOf('-');
  return `<rpm:entry name="${name}" flags="EQ" epoch="0" ver="${vr.slice(0, dash)}" rel="${vr.slice(dash + 1)}"/>`;
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
