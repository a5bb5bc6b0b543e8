/**
 * Distributions that are built from another one, or that package kernels of their own: one row an os-release ID, shared
 * by names, mirrors and trust. ID_LIKE decides for what has no row here or in kernel-families.ts.
 */
import { KERNEL_PUBLISHERS } from './kernel-families.ts';

export type PackageFamily = 'deb' | 'rpm';

export interface Distribution {
  readonly title: string;
  /** null: its packages are neither dpkg's nor rpm's. */
  readonly system: PackageFamily | null;
  /** os-release IDs whose kernels have the same form here, whoever built them. */
  readonly kernelsOf: readonly string[];
  /** IDs whose repositories of the mirror list serve it too; none: only its own sources do. */
  readonly packagesOf: readonly string[];
  /** VERSION_ID -> code name of the parent, where os-release does not say it (UBUNTU_CODENAME, DEBIAN_CODENAME). */
  readonly codenames: Readonly<Record<string, string>>;
  /** What its kernel packages are called where that is not "kernel": as far as the release alone has to tell. */
  readonly stem: string | null;
  /** dpkg's architecture as a rule -> the one that it has here. */
  readonly arches: Readonly<Record<string, string>>;
  /** Key files that its own packages install, by which its own archive is believed; nobody pins their fingerprints. */
  readonly keyrings: readonly string[];
  /** Why the mirror list has no place of its own kernels. */
  readonly own: string | null;
}

const UBUNTU = ['ubuntu'];
const DEBIAN = ['debian'];
const RHEL = ['rhel'];
const FEDORA = ['fedora'];

/** No address of its own is in the list, for none could be read at its source; the target has them in its files. */
const OWN = 'builds its kernels itself, and only its own sources have them';
const REGISTERED = 'its repositories need a registration, which its own sources carry';
/** The form is the parent's and the build is not: packages of another vendor never fit. */
const REBUILD = 'rebuilds this kernel itself, so that only its own sources have the packages of that build';

const NOTHING = { codenames: {}, arches: {}, stem: null, keyrings: [], own: null };

// oxfmt-ignore
export const DISTRIBUTIONS: Readonly<Record<string, Distribution>> = {
  // Of Debian and Ubuntu: the kernel is the parent's as it is, unless `own` says otherwise.
  linuxmint: deb('Linux Mint and LMDE', ['ubuntu', 'debian'], { codenames: { '20': 'focal', '21': 'jammy', '22': 'noble', '5': 'bullseye', '6': 'bookworm', '7': 'trixie' } }),
  zorin: deb('Zorin OS', UBUNTU, { codenames: { '16': 'focal', '17': 'jammy', '18': 'noble' } }),
  elementary: deb('elementary OS', UBUNTU, { codenames: { '6': 'focal', '7': 'jammy', '8': 'noble' } }),
  neon: deb('KDE neon', UBUNTU, { codenames: { '20.04': 'focal', '22.04': 'jammy', '24.04': 'noble' } }),
  tuxedo: deb('TUXEDO OS', UBUNTU, { codenames: { '22.04': 'jammy', '24.04': 'noble' }, own: OWN }),
  pop: deb('Pop!_OS', UBUNTU, { codenames: { '20.04': 'focal', '22.04': 'jammy', '24.04': 'noble' }, own: OWN }),
  devuan: deb('Devuan', DEBIAN, { codenames: { '3': 'buster', '4': 'bullseye', '5': 'bookworm', '6': 'trixie' }, keyrings: keys('devuan-archive-keyring') }),
  raspbian: deb('Raspberry Pi OS', DEBIAN, { codenames: { '10': 'buster', '11': 'bullseye', '12': 'bookworm', '13': 'trixie' }, packagesOf: [], arches: { armel: 'armhf' }, own: OWN, keyrings: keys('raspberrypi-archive-keyring', 'raspbian-archive-keyring') }),
  kali: deb('Kali Linux', DEBIAN, { packagesOf: [], own: OWN, keyrings: keys('kali-archive-keyring') }),
  parrot: deb('Parrot', DEBIAN, { packagesOf: [], own: OWN, keyrings: keys('parrot-archive-keyring') }),
  astra: deb('Astra Linux', [], { own: OWN }),
  deepin: deb('Deepin', [], { own: OWN }),
  openkylin: deb('openKylin', [], { own: OWN }),
  vyos: deb('VyOS', [], { own: OWN }),
  'cumulus-linux': deb('Cumulus Linux', [], { own: OWN }),
  proxmox: deb('Proxmox VE', ['debian'], { packagesOf: ['debian'], own: OWN }),
  truenas: deb('TrueNAS', [], { own: OWN }),
  // Of Red Hat Enterprise Linux and Fedora.
  miraclelinux: rpm('MIRACLE LINUX', RHEL, { own: REBUILD }),
  eurolinux: rpm('EuroLinux', RHEL, { own: REBUILD }),
  springdale: rpm('Springdale Linux', RHEL, { own: REBUILD }),
  navy: rpm('Navy Linux', RHEL, { own: REBUILD }),
  navylinux: rpm('Navy Linux', RHEL, { own: REBUILD }),
  circle: rpm('Circle Linux', RHEL, { own: REBUILD }),
  cloudlinux: rpm('CloudLinux', RHEL, { own: OWN }),
  virtuozzo: rpm('Virtuozzo', RHEL, { own: OWN, stem: 'vzkernel' }),
  openvz: rpm('OpenVZ', RHEL, { own: OWN, stem: 'vzkernel' }),
  redos: rpm('RED OS', [], { own: OWN, stem: 'kernel-lt' }),
  rosa: rpm('ROSA', [], { own: OWN }),
  tencentos: rpm('TencentOS', [], { own: OWN }),
  opencloudos: rpm('OpenCloudOS', [], { own: OWN }),
  bclinux: rpm('BC-Linux', [], { own: OWN }),
  ctyunos: rpm('CTyunOS', [], { own: OWN }),
  hce: rpm('Huawei Cloud EulerOS', [], { own: OWN }),
  xenenterprise: rpm('XCP-ng and XenServer', [], { own: OWN }),
  'xcp-ng': rpm('XCP-ng', [], { own: OWN }),
  autosd: rpm('CentOS Automotive', [], { own: OWN, stem: 'kernel-automotive' }),
  rhivos: rpm('Red Hat In-Vehicle Operating System', [], { own: OWN, stem: 'kernel-automotive' }),
  'fedora-asahi-remix': rpm('Fedora Asahi Remix', FEDORA, { packagesOf: FEDORA, own: 'takes its kernel from a COPR of the Asahi SIG, which only its own sources name' }),
  bazzite: rpm('Bazzite', FEDORA, { packagesOf: FEDORA, own: 'takes its kernel from a COPR, which only its own sources name' }),
  nobara: rpm('Nobara', FEDORA, { packagesOf: FEDORA, own: 'takes its kernel from a COPR, which only its own sources name' }),
  qubes: rpm('Qubes OS', FEDORA, { own: OWN }),
  mageia: rpm('Mageia', [], { own: OWN }),
  openmandriva: rpm('OpenMandriva', [], { own: OWN }),
  altlinux: rpm('ALT Linux', [], { own: OWN }),
  // Neither of both: tapprep reads no repository of theirs, but their build tree serves where it is there.
  arch: other('Arch Linux'),
  manjaro: other('Manjaro'),
  gentoo: other('Gentoo'),
  alpine: other('Alpine Linux'),
  void: other('Void Linux'),
  nixos: other('NixOS'),
  slackware: other('Slackware'),
  flatcar: other('Flatcar Container Linux'),
  coreos: other('CoreOS Container Linux'),
  bottlerocket: other('Bottlerocket'),
  talos: other('Talos Linux'),
  cos: other('Container-Optimized OS'),
  synology: other('Synology DSM'),
};

type More = Partial<Pick<Distribution, 'codenames' | 'arches' | 'keyrings' | 'own' | 'stem' | 'packagesOf'>>;

function deb(title: string, of: readonly string[], more: More = {}): Distribution {
  return { title, system: 'deb', kernelsOf: of, packagesOf: of, ...NOTHING, ...more };
}

function rpm(title: string, of: readonly string[], more: More = {}): Distribution {
  return { title, system: 'rpm', kernelsOf: of, packagesOf: [], ...NOTHING, ...more };
}

function other(title: string): Distribution {
  const own = 'has packages of neither dpkg nor rpm';
  return { title, system: null, kernelsOf: [], packagesOf: [], ...NOTHING, own };
}

/** Where a keyring package puts its keys: the place of today, and the one before signed-by was usual. */
function keys(...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [`/usr/share/keyrings/${name}.gpg`, `/etc/apt/trusted.gpg.d/${name}.gpg`]);
}

/** The row of an os-release ID; null where it has none. */
export function findDistribution(id: string | null): Distribution | null {
  const key = id?.toLowerCase() ?? '';
  return Object.hasOwn(DISTRIBUTIONS, key) ? (DISTRIBUTIONS[key] ?? null) : null;
}

/** The IDs whose rows of the mirror list speak of a distribution: its own, then those of what it is built from. */
export function packageHomes(id: string): readonly string[] {
  return [id.toLowerCase(), ...(findDistribution(id)?.packagesOf ?? [])];
}

/** What of the packages of a system is known before its repositories were read: the tables, then what it is like. */
export function packageFamilyOf(id: string | null, idLike: readonly string[]): PackageFamily | null {
  for (const each of [id, ...idLike]) {
    const row = findDistribution(each);
    if (row !== null) return row.system;
    const name = each?.toLowerCase() ?? '';
    if (KERNEL_PUBLISHERS.rpm.includes(name)) return 'rpm';
    if (KERNEL_PUBLISHERS.deb.includes(name)) return 'deb';
  }
  return null;
}

/** The parent's code name by VERSION_ID: the whole one, or what is before its first dot. */
export function parentCodename({ codenames }: Distribution, version: string | null): string | null {
  if (version === null) return null;
  return codenames[version] ?? codenames[version.split('.', 1)[0] ?? ''] ?? null;
}

/** Publishers of kernels that the mirror list has no place of, and why. */
const WITHOUT_PLACE: Readonly<Record<string, string>> = {
  suse: 'os-release does not tell which SUSE it is',
  'suse-microos': 'its repositories need a registration, which its own sources carry',
  'opensuse-leap-micro': 'no place of its repositories was read at its source',
  'opensuse-slowroll': 'no place of its repositories was read at its source',
  sles: REGISTERED,
  sled: REGISTERED,
  sles_sap: REGISTERED,
  sle_hpc: REGISTERED,
  'sle-micro': REGISTERED,
  'sl-micro': REGISTERED,
  'sle-micro-rancher': REGISTERED,
  rhel: 'its repositories need a subscription, which its own sources carry',
  uos: 'its packages are behind a login, which its own sources carry',
  cgsl: 'its packages are behind a login, which its own sources carry',
  gardenlinux: 'its archive of packages was not read at its source',
};

/** Why the mirror list names no place of a distribution's own kernels: a clause; null where it has nothing to say. */
export function whyNoPlace(id: string): string | null {
  const row = findDistribution(id);
  if (row !== null) return row.own === null ? null : `${row.title} ${row.own}`;
  const key = id.toLowerCase();
  return Object.hasOwn(WITHOUT_PLACE, key) ? (WITHOUT_PLACE[key] ?? null) : null;
}
