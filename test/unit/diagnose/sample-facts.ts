/** Facts of machines that are ready, to be broken by the tests one way at a time. */
import type { BuildId, HostFacts } from '../../../src/types.ts';

type Deep<Value> = Value extends readonly unknown[] | string | number | boolean | null
  ? Value
  : { readonly [Key in keyof Value]?: Deep<Value[Key]> };

const GIB = 1024 * 1024 * 1024;
const ID = '00112233445566778899aabbccddeeff00112233' as BuildId;
export const OTHER_ID = 'ffeeddccbbaa99887766554433221100ffeeddcc' as BuildId;

export const EL9_RELEASE = '5.14.0-503.11.1.el9_5.x86_64';
export const EL9_UNAME_V = '#1 SMP PREEMPT_DYNAMIC Tue Nov 12 09:26:13 EST 2024';
const EL9_VERSION = '5.14.0-503.11.1.el9_5';

function rpm(name: string, version = EL9_VERSION) {
  return {
    name,
    version,
    arch: 'x86_64',
    vendor: 'Rocky Enterprise Software Foundation',
    buildTime: 1_731_000_000,
    buildHost: 'builder-1',
  };
}

export const installedRpm = rpm;

/** An EL9 machine on which SystemTap is ready. */
export const EL9: HostFacts = {
  schema: 'tapprep-facts/1',
  source: 'host',
  root: null,
  os: {
    id: 'rocky',
    versionId: '9.5',
    codename: null,
    prettyName: 'Rocky Linux 9.5 (Blue Onyx)',
    idLike: ['rhel', 'centos', 'fedora'],
    from: '/etc/os-release',
  },
  kernel: {
    release: EL9_RELEASE,
    unameV: EL9_UNAME_V,
    arch: 'x86_64',
    running: true,
    buildId: ID,
    vermagic: `${EL9_RELEASE} SMP preempt mod_unload modversions`,
    procVersion: null,
    versionSignature: null,
    compiler: 'gcc (GCC) 11.5.0 20240719 (Red Hat 11.5.0-2)',
    installedReleases: [EL9_RELEASE],
    cmdline: 'ro quiet',
  },
  packageManager: 'rpm',
  frontends: ['dnf'],
  kernelPackages: [
    rpm('kernel-core'),
    rpm('kernel-devel'),
    rpm('kernel-debuginfo'),
    rpm('kernel-debuginfo-common-x86_64'),
  ],
  packages: [],
  buildTree: {
    link: `/lib/modules/${EL9_RELEASE}/build`,
    linksTo: `/usr/src/kernels/${EL9_RELEASE}`,
    exists: true,
    hasConfig: true,
    hasModuleSymvers: true,
    hasMakefile: true,
    release: EL9_RELEASE,
    utsVersion: EL9_UNAME_V,
    compileHost: 'builder-1',
    ownerPackage: `kernel-devel-${EL9_RELEASE}`,
  },
  debuginfo: [
    {
      path: `/usr/lib/debug/lib/modules/${EL9_RELEASE}/vmlinux`,
      sizeBytes: GIB,
      buildId: ID,
      hasDwarf: true,
      ownerPackage: null,
    },
  ],
  systemMap: { path: `/boot/System.map-${EL9_RELEASE}`, stub: false },
  compiler: { path: '/usr/bin/gcc', version: '11.5.0' },
  make: { path: '/usr/bin/make', version: '4.3' },
  systemtap: {
    path: '/usr/bin/stap',
    version: '5.1',
    testedKernels: '2.6.32 ... 6.9-rc0',
    package: 'systemtap-client-5.1-4.el9',
    staprunPath: '/usr/bin/staprun',
    staprunVersion: '5.1',
    staprunMode: '4110',
    tapsetCount: 480,
    examplesPath: '/usr/share/systemtap/examples',
    cachePaths: [],
    temporaryPaths: [],
    moduleDirectory: false,
  },
  security: {
    lockdown: 'none',
    secureBoot: false,
    moduleSigEnforce: false,
    modulesDisabled: false,
    fips: false,
    kptrRestrict: 1,
    container: null,
    wsl: false,
    selinux: 'enforcing',
  },
  config: {
    CONFIG_MODULES: 'y',
    CONFIG_MODULE_UNLOAD: 'y',
    CONFIG_MODVERSIONS: 'y',
    CONFIG_KPROBES: 'y',
    CONFIG_UPROBES: 'y',
    CONFIG_TRACEPOINTS: 'y',
    CONFIG_RELAY: 'y',
    CONFIG_DEBUG_FS: 'y',
    CONFIG_KALLSYMS: 'y',
    CONFIG_PERF_EVENTS: 'y',
  },
  configFrom: `/boot/config-${EL9_RELEASE}`,
  user: { uid: 0, name: 'root', groups: ['root'] },
  space: [
    { path: '/tmp', freeBytes: 10 * GIB, freeInodes: 500_000, writable: true },
    { path: '/usr/lib/debug', freeBytes: 20 * GIB, freeInodes: 500_000, writable: true },
  ],
  repositories: [],
};

const DEB_RELEASE = '6.1.0-28-amd64';
const DEB_UNAME_V = '#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)';

function deb(name: string, version = '6.1.119-1') {
  return { name, version, arch: 'amd64', vendor: null, buildTime: null, buildHost: null };
}

/** A Debian 12 machine on which SystemTap is ready. */
export const DEBIAN12: HostFacts = alter(EL9, {
  os: { id: 'debian', versionId: '12', codename: 'bookworm', prettyName: 'Debian GNU/Linux 12 (bookworm)', idLike: [] },
  kernel: {
    release: DEB_RELEASE,
    unameV: DEB_UNAME_V,
    compiler: 'gcc-12 (Debian 12.2.0-14) 12.2.0',
    installedReleases: [DEB_RELEASE],
  },
  packageManager: 'dpkg',
  frontends: ['apt-get'],
  kernelPackages: [
    deb(`linux-image-${DEB_RELEASE}`),
    deb(`linux-headers-${DEB_RELEASE}`),
    deb(`linux-image-${DEB_RELEASE}-dbg`),
  ],
  buildTree: {
    link: `/lib/modules/${DEB_RELEASE}/build`,
    linksTo: `/usr/src/linux-headers-${DEB_RELEASE}`,
    release: DEB_RELEASE,
    utsVersion: DEB_UNAME_V,
  },
  compiler: { path: '/usr/bin/gcc', version: '12.2.0' },
  systemtap: { version: '4.8', staprunVersion: '4.8', testedKernels: '2.6.32 ... 6.1.0-rc3' },
});

/** Facts with some fields replaced, however deep; arrays are replaced as a whole. */
export function alter(facts: HostFacts, change: Deep<HostFacts>): HostFacts {
  return merge(facts, change) as HostFacts;
}

function merge(value: unknown, change: unknown): unknown {
  if (!isRecord(value) || !isRecord(change)) return change;
  const keys = new Set([...Object.keys(value), ...Object.keys(change)]);
  return Object.fromEntries([...keys].map((key) => [key, key in change ? merge(value[key], change[key]) : value[key]]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
