/** Facts that nobody observed: a host that is only named, or a kernel that is not the one that was looked at. */
import { TapprepError } from '../errors.ts';
import type { HostFacts } from '../types.ts';

/** What `--distro`, `--kernel`, `--arch` and `--uname-v` say. */
export interface Declaration {
  /** ID or ID:VERSION as in os-release. */
  readonly distro: string;
  /** uname -r */
  readonly release: string;
  /** uname -m; taken from the end of the release where it stands there, else x86_64. */
  readonly arch: string | null;
  readonly unameV: string | null;
}

/** How releases end that carry an architecture, and what uname -m prints there. */
const RELEASE_ENDINGS: readonly (readonly [RegExp, string])[] = [
  [/[.-](x86_64|amd64)(?=$|[+-])/, 'x86_64'],
  [/[.-](aarch64|arm64)(?=$|[+-])/, 'aarch64'],
  [/[.-](ppc64le|ppc64el|powerpc64le)(?=$|[+-])/, 'ppc64le'],
  [/[.-]s390x(?=$|[+-])/, 's390x'],
  [/[.-]riscv64(?=$|[+-])/, 'riscv64'],
  [/[.-](i686|i586|i386|686|686-pae)(?=$|[+-])/, 'i686'],
];

/**
 * Facts of a host that is not here: only what was declared is known, everything else is "observed as absent".
 * @throws TapprepError USAGE
 */
export function declareFacts({ distro, release, arch, unameV }: Declaration): HostFacts {
  const [, id, versionId] = /^([a-z0-9][a-z0-9._-]{0,39})(?::([A-Za-z0-9._-]{1,40}))?$/.exec(distro) ?? [];
  if (id === undefined) {
    throw new TapprepError('USAGE', `--distro takes ID:VERSION as in os-release, but "${distro}" is not of that form`, {
      hint: '--distro debian:12',
    });
  }
  checkRelease(release);
  return {
    ...NOTHING,
    os: { ...NOTHING.os, id, versionId: versionId ?? null },
    kernel: { ...NOTHING.kernel, release, unameV, arch: arch ?? archOfRelease(release) ?? 'x86_64' },
  };
}

/** The same host seen for another kernel: what was observed of the first kernel does not hold for it. */
export function withRelease(facts: HostFacts, release: string): HostFacts {
  if (facts.kernel.release === release) return facts;
  checkRelease(release);
  return {
    ...facts,
    kernel: {
      ...facts.kernel,
      release,
      unameV: null,
      running: false,
      buildId: null,
      vermagic: null,
      compiler: null,
    },
    buildTree: null,
    systemMap: null,
    config: Object.fromEntries(Object.keys(facts.config).map((name) => [name, null])),
    configFrom: null,
  };
}

/** @throws TapprepError USAGE when the text cannot be what uname -r prints. */
export function checkRelease(release: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._+~:@%=^-]{0,127}$/.test(release)) return;
  throw new TapprepError('USAGE', `"${release.slice(0, 200)}" cannot be a kernel release as uname -r prints it`, {
    hint: 'uname -r',
  });
}

function archOfRelease(release: string): string | null {
  return RELEASE_ENDINGS.find(([pattern]) => pattern.test(release))?.[1] ?? null;
}

const NOTHING: HostFacts = {
  schema: 'tapprep-facts/1',
  source: 'declared',
  root: null,
  os: { id: null, versionId: null, codename: null, prettyName: null, idLike: [], from: null },
  kernel: {
    release: null,
    unameV: null,
    arch: 'x86_64',
    running: false,
    buildId: null,
    vermagic: null,
    procVersion: null,
    versionSignature: null,
    compiler: null,
    installedReleases: [],
    cmdline: null,
  },
  packageManager: null,
  frontends: [],
  kernelPackages: [],
  packages: [],
  buildTree: null,
  debuginfo: [],
  systemMap: null,
  compiler: null,
  make: null,
  systemtap: null,
  security: {
    lockdown: null,
    secureBoot: null,
    moduleSigEnforce: null,
    modulesDisabled: null,
    fips: null,
    kptrRestrict: null,
    container: null,
    wsl: false,
    selinux: null,
  },
  config: {},
  configFrom: null,
  user: { uid: 0, name: null, groups: [] },
  space: [],
  repositories: [],
};
