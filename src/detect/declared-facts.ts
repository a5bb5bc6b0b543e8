/** Facts that nobody observed: a host that is only named, or a kernel that is not the one that was looked at. */
import { TapprepError } from '../errors.ts';
import { IDENTIFY } from '../make-remedy.ts';
import type { HostFacts } from '../types.ts';
import { findArchitecture } from './architectures.ts';
import { declareTarget } from './target.ts';

/** What `--distro`, `--kernel`, `--arch` and `--uname-v` say. */
export interface Declaration {
  /** ID or ID:VERSION as in os-release. */
  readonly distro: string;
  /** uname -r */
  readonly release: string;
  /** uname -m, or what rpm or dpkg call it; null where the release tells it. */
  readonly arch: string | null;
  readonly unameV: string | null;
}

/**
 * Facts of a host that is not here: only what was declared is known, everything else is "observed as absent".
 * @throws TapprepError USAGE; without an architecture, UNKNOWN_RELEASE, WRONG_DISTRIBUTION and CUSTOM_KERNEL_NO_PACKAGE too
 */
export function declareFacts({ distro, release, arch, unameV }: Declaration): HostFacts {
  const [, id, versionId] = /^([A-Za-z0-9][A-Za-z0-9._-]{0,39})(?::([A-Za-z0-9._-]{1,40}))?$/.exec(distro) ?? [];
  if (id === undefined) {
    throw new TapprepError('USAGE', `--distro takes ID:VERSION as in os-release, but "${distro}" is not of that form`);
  }
  checkRelease(release);
  const version = versionId ?? null;
  const machine =
    arch === null ? declareTarget({ distro: id, version, kernel: release, arch, unameV }, 'any').arch : machineOf(arch);
  return {
    ...NOTHING,
    os: { ...NOTHING.os, id, versionId: version },
    kernel: { ...NOTHING.kernel, release, unameV, arch: machine },
  };
}

/** A distribution of which no kernel was named. @throws TapprepError USAGE */
export function declareDistribution(distro: string, arch: string | null): HostFacts {
  const facts = declareFacts({ distro, release: 'any', arch: arch ?? 'x86_64', unameV: null });
  return { ...facts, kernel: { ...facts.kernel, release: null } };
}

/** The same host seen for another kernel: what was observed of the first kernel does not hold for it. */
export function withRelease(facts: HostFacts, release: string): HostFacts {
  if (facts.kernel.release === release) return facts;
  checkRelease(release);
  const { own: _, ...others } = facts;
  return {
    ...others,
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
  if (/^[A-Za-z0-9][A-Za-z0-9._+~:@%=^-]{0,63}$/.test(release)) return;
  throw new TapprepError('USAGE', `"${release.slice(0, 200)}" cannot be a kernel release as uname -r prints it`, {
    remedy: IDENTIFY,
  });
}

function machineOf(arch: string): string {
  const found = findArchitecture(arch);
  if (found !== null) return found.machine;
  throw new TapprepError('USAGE', `"${arch.slice(0, 40)}" is no architecture that tapprep knows`, {
    hint: 'give --arch as "uname -m" prints it: x86_64, aarch64, ppc64le, s390x',
  });
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
