/** Targets for the tests of mirrors/: only what selection reads is worth giving. */
import type { DebTarget, RpmTarget } from '../../src/types.ts';

const NEVR = /^(.*?)(?:\.(x86_64_v2|x86_64|i686|aarch64|ppc64le|s390x))?$/;

/** An rpm target from its distribution, VERSION_ID and kernel release; the flavour of SUSE is taken off. */
export function rpmTarget(
  distro: string,
  version: string | null,
  release: string,
  more: Partial<RpmTarget> = {},
): RpmTarget {
  const [, rest = release, arch = 'x86_64'] = NEVR.exec(release.replace(/\+.*$/, '')) ?? [];
  return {
    family: 'rpm',
    kernelFamily: 'el',
    distro,
    version,
    codename: null,
    arch: arch === 'x86_64_v2' ? 'x86_64' : arch,
    release,
    unameV: null,
    buildId: null,
    packageArch: arch,
    stem: 'kernel',
    variant: null,
    versionRelease: rest.replace(/-default$/, ''),
    ...more,
  };
}

/** A dpkg target from its distribution, VERSION_ID, codename and kernel release. */
export function debTarget(
  distro: string,
  version: string | null,
  codename: string | null,
  release: string,
  packageArch = 'amd64',
): DebTarget {
  return {
    family: 'deb',
    kernelFamily: 'debian',
    distro,
    version,
    codename,
    arch: packageArch === 'amd64' ? 'x86_64' : 'aarch64',
    release,
    unameV: null,
    buildId: null,
    packageArch,
    flavour: packageArch,
    packageVersion: null,
  };
}
