/** The packages that a kernel release needs, as far as the release alone names them. Pure. */

export interface KernelPackages {
  /** kernel-devel or headers with the version; null where the release does not tell. */
  readonly devel: string | null;
  readonly debuginfo: readonly string[];
  readonly image: string | null;
  /** Why no distribution has packages for it; null where one may. */
  readonly custom: string | null;
}

/** Kernels that are known to come from no distribution's repositories. */
const CUSTOM: readonly (readonly [RegExp, string])[] = [
  [/microsoft|WSL/i, 'the kernel of WSL2 is built by Microsoft and no distribution packages it'],
  [/linuxkit|dockerdesktop/i, 'the kernel of Docker Desktop is built with LinuxKit and no distribution packages it'],
  [
    /-fc(?:-|$)|firecracker/i,
    'this looks like the guest kernel of a Firecracker microVM, which comes without packages',
  ],
  [
    /-gentoo|-tempesta|-custom|-zen\d|-xanmod|-liquorix|dirty$|-g[0-9a-f]{7,12}$/,
    'the name of the release is that of a kernel built by hand',
  ],
];

const RPM_RELEASE =
  /^(\d[\w.~]*-[\w.~]+?)\.(x86_64|i[3-6]86|aarch64|ppc64le|ppc64|s390x)(?:[.+]((?:rt|64k|debug|PAE|xen|uek)[\w-]*))?$/;

/** Names the packages of a release. Empty where the release is of no known form. */
export function kernelPackages(
  release: string | null,
  family: 'deb' | 'rpm' | null,
  distribution: string | null,
): KernelPackages {
  const none: KernelPackages = { devel: null, debuginfo: [], image: null, custom: null };
  if (release === null) return none;
  const custom = CUSTOM.find(([pattern]) => pattern.test(release))?.[1] ?? null;
  if (custom !== null) return { ...none, custom };
  const rpm = RPM_RELEASE.exec(release);
  if (rpm !== null) return rpmPackages(rpm);
  const suse = /^(\d[\d.]*-[\d.]+)-(default|azure|preempt|rt|debug)$/.exec(release);
  if (suse !== null) {
    const [, version = '', flavour = ''] = suse;
    const name = `kernel-${flavour}`;
    const suffix = distribution === null ? '' : `-${version}`;
    return {
      devel: `${name}-devel${suffix}`,
      debuginfo: [`${name}-debuginfo${suffix}`],
      image: `${name}${suffix}`,
      custom,
    };
  }
  if (family !== 'deb') return none;
  const known = /^\d+\.\d+\.\d+(?:-\d+|[\w.+~-]*-(?:amd64|arm64|686|686-pae|s390x|ppc64el|generic))/.test(release);
  if (!known) return { ...none, custom: `the release ${release} has no form that Debian or Ubuntu give a kernel` };
  const debug =
    distribution === 'ubuntu' || /-(?:generic|aws|azure|gcp|oracle|kvm|lowlatency)$/.test(release) ? 'dbgsym' : 'dbg';
  return {
    devel: `linux-headers-${release}`,
    debuginfo: [`linux-image-${release}-${debug}`],
    image: `linux-image-${release}`,
    custom: null,
  };
}

function rpmPackages(found: RegExpExecArray): KernelPackages {
  const [, versionRelease = '', arch = '', suffix] = found;
  const uek = versionRelease.includes('uek') ? '-uek' : '';
  const variant = suffix === undefined ? '' : `-${suffix}`;
  const name = `kernel${uek}${variant}`;
  const id = `${versionRelease}.${arch}`;
  const common = /\.el5/.test(versionRelease) ? 'kernel-debuginfo-common' : `kernel${uek}-debuginfo-common-${arch}`;
  return {
    devel: `${name}-devel-${id}`,
    debuginfo: [`${name}-debuginfo-${id}`, `${common}-${id}`],
    image: `${name}-${id}`,
    custom: null,
  };
}
