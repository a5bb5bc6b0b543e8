/** Everything the rules may ask: the log's own facts, the host's, and what follows from both. Pure. */
import type { HostFacts, Target } from '../types.ts';
import { archOf, machineOf, type KernelPackages, NO_PACKAGES, packagesOf, packagesSaid } from './kernel-packages.ts';
import { type Beside, besideImage } from './beside-image.ts';
import type { LogFacts } from './log-facts.ts';
import { isNamedByDkms, isOfPacman } from './log-packages.ts';
import { hasKernel, type OtherManager } from './other-managers.ts';
import { type Place, type Reach, reachOf } from './place.ts';
import { stemOf } from './package-manager/asked-packages.ts';
import { DPKG } from '../package-system/dpkg.ts';
import { type Layering, LAYERINGS } from '../package-system/layering.ts';
import type { PackageSystem } from '../package-system/package-system.ts';
import { RPM } from '../package-system/rpm.ts';
import { systemOf, systemOfManager } from '../package-system/systems.ts';

export type Manager = 'apt-get' | 'dnf' | 'yum' | 'tdnf' | 'zypper' | Layering;

export interface Situation {
  readonly log: LogFacts;
  /** Facts of the machine in question; null when none were given or they are of another kernel than the log. */
  readonly host: HostFacts | null;
  /** uname -r of the kernel in question. */
  readonly release: string | null;
  /** As uname -m has it; null where nothing tells. */
  readonly arch: string | null;
  /** Null where nothing tells. */
  readonly system: PackageSystem | null;
  /** ID as in os-release. */
  readonly distribution: string | null;
  readonly packages: KernelPackages;
  /** What installs packages there, where tapprep has none for it; else null. */
  readonly otherManager: OtherManager | null;
  /** What the machine is whose facts are given, where the log is of one with another package system; else null. */
  readonly otherMachine: string | null;
  /** Where commands are pasted, and for which package manager they are written. */
  readonly place: Place;
}

/** A machine of which only a log is here. */
const ELSEWHERE: Reach = { via: 'declared', distro: null };

/** Joins what is known. Facts of the machine win over what a log suggests. @param reach how it is named and reached @param spoken the other manager whose words are in the log */
export function describeSituation(
  log: LogFacts,
  facts: HostFacts | null,
  target: Target | null,
  reach: Reach = reachOf(facts),
  spoken: OtherManager | null = null,
): Situation {
  const logged = log.wantedRelease ?? log.runningRelease;
  const host = facts !== null && logged !== null && isOtherKernel(facts, log) ? null : facts;
  const release =
    host === null
      ? (logged ?? target?.release ?? log.askedRelease)
      : (target?.release ?? host.kernel.release ?? logged);
  const own = target !== null && target.release === release ? target : null;
  const said = host?.os.id ?? own?.distro ?? log.distribution;
  const told = own === null ? findSystem(host, said, release, log) : systemOf(own);
  const otherManager = host === null && told === null && spoken !== null && hasKernel(spoken, release) ? spoken : null;
  const named = own === null ? namedPackages(release, told, host, log) : packagesOf(own);
  // Another distribution's kernels may have the same form.
  const guessed = otherManager !== null && named.home !== null ? NO_PACKAGES : named;
  const packages = namedBesideImage(guessed, besideImage({ release, log, host }));
  // Where nothing else tells, the kernel's own home does.
  const distribution = said ?? packages.home?.distribution ?? null;
  const system = told ?? packages.home?.system ?? null;
  const manager = facts?.packageManager ?? null;
  const isOther = host === null && system !== null && manager !== null && systemOfManager(manager) !== system;
  return {
    log,
    host,
    otherMachine: isOther ? (facts?.os.prettyName ?? facts?.os.id ?? 'unknown') : null,
    release,
    arch: host?.kernel.arch ?? own?.arch ?? archSaid(release, log),
    system,
    distribution,
    packages,
    otherManager,
    place: {
      reach: isOther ? ELSEWHERE : reach,
      kernel: runs(host, release) && reach.via !== 'declared' ? null : release,
      manager: managerOf(host, system, distribution, release, log),
      sudo: (host?.user.uid ?? 1) !== 0 || isEnteredAsUser(reach),
    },
  };
}

/** Whether zypper knows the sources: where it must not install, transactional-update lets it. */
export function asksZypper({ manager }: Pick<Place, 'manager'>): boolean {
  return manager === 'zypper' || manager === 'transactional-update';
}

/** By what the machine says, or the log. */
export function isInContainer({ host, log }: Pick<Situation, 'host' | 'log'>): boolean {
  return log.container !== null || host?.security.container != null;
}

function runs(host: HostFacts | null, release: string | null): boolean {
  return host?.kernel.running === true && host.kernel.release === release;
}

/** Facts that were collected with sudo say root, but whoever pastes a command comes in as that user. */
function isEnteredAsUser(reach: Reach): boolean {
  return reach.via === 'ssh' && /^(?!root@)[^@/]+@/.test(reach.destination);
}

/** A kernel of one world under programs of the other: a container. */
function isForeign(release: string, { userland }: LogFacts): boolean {
  return userland !== null && systemOf({ family: userland }).foreignKernel.test(release);
}

/** uname's word first, then what the release ends in; stap's own is the kernel's, and the same for several machines. */
function archSaid(release: string | null, { arch, treeArch }: LogFacts): string | null {
  const ofRelease = release === null ? null : archOf(release);
  return arch ?? ofRelease ?? (treeArch === null ? null : machineOf(treeArch));
}

function namedPackages(
  release: string | null,
  system: PackageSystem | null,
  host: HostFacts | null,
  log: LogFacts,
): KernelPackages {
  if (release === null) return NO_PACKAGES;
  if (host === null && isForeign(release, log)) return { ...NO_PACKAGES, standing: 'foreign' };
  return packagesSaid({
    release,
    distribution: host?.os.id ?? log.distribution,
    named: host !== null || log.distributionNamed,
    version: host?.os.versionId ?? log.distributionVersion,
    arch: host?.kernel.arch ?? archSaid(release, log),
    unameV: host?.kernel.unameV ?? log.unameV,
    family: system?.family ?? null,
  });
}

/** Where nobody of the tables packages a kernel, the name of its image says more than any habit. */
function namedBesideImage(packages: KernelPackages, beside: Beside | null): KernelPackages {
  if (beside === null || (packages.standing !== 'habit' && packages.standing !== 'unknown')) return packages;
  return { ...packages, standing: 'unknown', devel: [beside.headers], develStems: [stemOf(beside.headers)], ask: null };
}

function isOtherKernel(facts: HostFacts, log: LogFacts): boolean {
  const known = [facts.kernel.release, ...facts.kernel.installedReleases];
  return ![log.wantedRelease, log.runningRelease].some((release) => release !== null && known.includes(release));
}

const DEB_SYSTEMS = /^(?:debian|ubuntu|linuxmint|kali|pop|raspbian|devuan|gardenlinux)$/;

/** What the release itself shows, and what dpkg distributions write into uname -v: their name and the package's version. */
const DEB_RELEASE = /-(?:amd64|arm64|686(?:-pae)?|armmp(?:-lpae)?|generic|lowlatency|pve|rpi-v\d\w*|riscv64|s390x)$/;
const RPM_RELEASE = /\.(?:x86_64|aarch64|ppc64le|ppc64|s390x|i[3-6]86|riscv64)(?:[.+]\w+)?$|\.ph\d+(?:-[a-z]\w*)?$/;
const DEB_UNAME_V = /\b(?:Debian|Ubuntu|Kali|PMX|PVE|Raspbian|Devuan)\b|-Ubuntu\b/;

function findSystem(
  host: HostFacts | null,
  distribution: string | null,
  release: string | null,
  log: LogFacts,
): PackageSystem | null {
  if (host?.packageManager != null) return systemOfManager(host.packageManager);
  if (distribution !== null) return DEB_SYSTEMS.test(distribution) ? DPKG : RPM;
  if (DEB_UNAME_V.test(log.unameV ?? '') || DEB_RELEASE.test(release ?? '')) return DPKG;
  if (RPM_RELEASE.test(release ?? '')) return RPM;
  const listed = log.packages.find((one) => !isOfPacman(one) && !isNamedByDkms(one))?.name;
  const spoken = log.userland ?? log.advised;
  if (listed === undefined) return spoken === null ? null : systemOf({ family: spoken });
  return /^(?:linux|pve|proxmox)-/.test(listed) ? DPKG : RPM;
}

function managerOf(
  host: HostFacts | null,
  system: PackageSystem | null,
  distribution: string | null,
  release: string | null,
  log: LogFacts,
): Manager | null {
  const order: readonly Manager[] = [...LAYERINGS, 'dnf', 'yum', 'zypper', 'apt-get'];
  const there = order.find((name) => host?.frontends.includes(name));
  if (there !== undefined) return there;
  if (log.layering !== null && system !== DPKG) return log.layering;
  if (system === null) return null;
  if (system.usualFrontEnd !== null) return system.usualFrontEnd;
  if (/suse|sle/.test(distribution ?? '')) return 'zypper';
  if (/photon|mariner|azurelinux/.test(distribution ?? '')) return 'tdnf';
  const old =
    log.oldYum ||
    /\.el[5-7]|\.EL(?:\w|$)|\.amzn[12]\.|\.fc(?:\d|1\d|2[01])(?:\.|\D|$)|_FC\d/.test(release ?? '') ||
    ['5', '6', '7'].includes(log.distributionVersion ?? '');
  return old ? 'yum' : 'dnf';
}
