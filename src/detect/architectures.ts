/** What one architecture is called by `uname -m`, by rpm and by dpkg. */
import type { Target } from '../types.ts';

export interface Architecture {
  /** uname -m */
  readonly machine: string;
  readonly rpm: string;
  readonly deb: string;
  /** Other machines whose programs run on it, so that `uname -m` may name one of them; never the other way round. */
  readonly runs: readonly string[];
  /** e_machine of its ELF files (elf.h, EM_…). */
  readonly elf: number;
  /** Its directory below arch/ of the kernel's sources. */
  readonly tree: string;
  /** Prefix of the tools of its cross compiler, without the last hyphen; null where Debian has none. */
  readonly triplet: string | null;
}

/** One row a machine. */
export const ARCHITECTURES: readonly Architecture[] = [
  { machine: 'x86_64', rpm: 'x86_64', deb: 'amd64', runs: ['i686'], elf: 62, tree: 'x86', triplet: 'x86_64-linux-gnu' },
  { machine: 'i686', rpm: 'i686', deb: 'i386', runs: [], elf: 3, tree: 'x86', triplet: 'i686-linux-gnu' },
  {
    machine: 'aarch64',
    rpm: 'aarch64',
    deb: 'arm64',
    runs: ['armv7l', 'armv6l', 'armv5tel'],
    elf: 183,
    tree: 'arm64',
    triplet: 'aarch64-linux-gnu',
  },
  {
    machine: 'armv7l',
    rpm: 'armv7hl',
    deb: 'armhf',
    runs: ['armv6l', 'armv5tel'],
    elf: 40,
    tree: 'arm',
    triplet: 'arm-linux-gnueabihf',
  },
  {
    machine: 'armv6l',
    rpm: 'armv6hl',
    deb: 'armel',
    runs: ['armv5tel'],
    elf: 40,
    tree: 'arm',
    triplet: 'arm-linux-gnueabi',
  },
  {
    machine: 'armv5tel',
    rpm: 'armv5tel',
    deb: 'armel',
    runs: [],
    elf: 40,
    tree: 'arm',
    triplet: 'arm-linux-gnueabi',
  },
  {
    machine: 'ppc64le',
    rpm: 'ppc64le',
    deb: 'ppc64el',
    runs: [],
    elf: 21,
    tree: 'powerpc',
    triplet: 'powerpc64le-linux-gnu',
  },
  {
    machine: 'ppc64',
    rpm: 'ppc64',
    deb: 'ppc64',
    runs: ['ppc'],
    elf: 21,
    tree: 'powerpc',
    triplet: 'powerpc64-linux-gnu',
  },
  { machine: 'ppc', rpm: 'ppc', deb: 'powerpc', runs: [], elf: 20, tree: 'powerpc', triplet: 'powerpc-linux-gnu' },
  { machine: 's390x', rpm: 's390x', deb: 's390x', runs: ['s390'], elf: 22, tree: 's390', triplet: 's390x-linux-gnu' },
  { machine: 's390', rpm: 's390', deb: 's390', runs: [], elf: 22, tree: 's390', triplet: null },
  {
    machine: 'riscv64',
    rpm: 'riscv64',
    deb: 'riscv64',
    runs: [],
    elf: 243,
    tree: 'riscv',
    triplet: 'riscv64-linux-gnu',
  },
  {
    machine: 'loongarch64',
    rpm: 'loongarch64',
    deb: 'loong64',
    runs: [],
    elf: 258,
    tree: 'loongarch',
    triplet: null,
  },
  {
    machine: 'sparc64',
    rpm: 'sparc64',
    deb: 'sparc64',
    runs: ['sparc'],
    elf: 43,
    tree: 'sparc',
    triplet: 'sparc64-linux-gnu',
  },
  { machine: 'sparc', rpm: 'sparc', deb: 'sparc', runs: [], elf: 2, tree: 'sparc', triplet: null },
  { machine: 'ia64', rpm: 'ia64', deb: 'ia64', runs: [], elf: 50, tree: 'ia64', triplet: null },
  {
    machine: 'mips64',
    rpm: 'mips64el',
    deb: 'mips64el',
    runs: [],
    elf: 8,
    tree: 'mips',
    triplet: 'mips64el-linux-gnuabi64',
  },
  { machine: 'mips', rpm: 'mipsel', deb: 'mipsel', runs: [], elf: 8, tree: 'mips', triplet: 'mipsel-linux-gnu' },
];

/**
 * What else means a row: i386 to i686, rpm's levels of a processor; what uname -m tells a process of 32 bits on arm64
 * (COMPAT_UTS_MACHINE), and on an ARM926EJ-S.
 */
const OTHER_NAMES: readonly (readonly [RegExp, machine: string])[] = [
  [/^i[3-6]86$/, 'i686'],
  [/^x86_64_v[2-4]$/, 'x86_64'],
  [/^ppc64p7$/, 'ppc64'],
  [/^armv8l$/, 'aarch64'],
  [/^armv5tejl$/, 'armv5tel'],
];

/** The architecture that any of its names means: uname -m, rpm's or dpkg's, and what else there is; null for none. */
export function findArchitecture(name: string): Architecture | null {
  const plain = OTHER_NAMES.find(([form]) => form.test(name))?.[1] ?? name;
  return ARCHITECTURES.find(({ machine, rpm, deb }) => [machine, rpm, deb].includes(plain)) ?? null;
}

/** Whether programs of `other` run on `machine`. */
export function runsProgramsOf(machine: Architecture, other: Architecture): boolean {
  return other.machine === machine.machine || machine.runs.includes(other.machine);
}

/** uname -m of a kernel itself: the machine that was named may be that of a process of 32 bits on one of 64. */
export function kernelMachineOf({ arch, packageArch }: Pick<Target, 'arch' | 'packageArch'>): string {
  const [named, packaged] = [findArchitecture(arch), findArchitecture(packageArch)];
  return named !== null && packaged !== null && runsProgramsOf(packaged, named) ? packaged.machine : arch;
}

/** What stap -a takes: the kernel's own name, and of x86, which is two, the machine's (man stap). */
export function stapArchOf({ tree, machine }: Architecture): string {
  return tree === 'x86' ? machine : tree;
}

/** The architectures that an ELF machine may be of, for messages: "ppc64le or ppc64"; its number where it is none of them. */
export function nameElfMachine(elf: number): string {
  const names = ARCHITECTURES.filter((one) => one.elf === elf).map(({ machine }) => machine);
  return names.length === 0 ? `ELF machine ${elf}` : names.join(' or ');
}
