/** What one architecture is called by `uname -m`, by rpm and by dpkg. */

export interface Architecture {
  /** uname -m */
  readonly machine: string;
  readonly rpm: string;
  readonly deb: string;
  /** Machines of one kind run each other's programs, so that `uname -m` may name the smaller one. */
  readonly kind: string;
}

/** One row a machine. */
export const ARCHITECTURES: readonly Architecture[] = [
  { machine: 'x86_64', rpm: 'x86_64', deb: 'amd64', kind: 'x86' },
  { machine: 'i686', rpm: 'i686', deb: 'i386', kind: 'x86' },
  { machine: 'aarch64', rpm: 'aarch64', deb: 'arm64', kind: 'arm' },
  { machine: 'armv7l', rpm: 'armv7hl', deb: 'armhf', kind: 'arm' },
  { machine: 'armv6l', rpm: 'armv6hl', deb: 'armel', kind: 'arm' },
  { machine: 'ppc64le', rpm: 'ppc64le', deb: 'ppc64el', kind: 'ppc64le' },
  { machine: 'ppc64', rpm: 'ppc64', deb: 'ppc64', kind: 'ppc' },
  { machine: 's390x', rpm: 's390x', deb: 's390x', kind: 's390' },
  { machine: 's390', rpm: 's390', deb: 's390', kind: 's390' },
  { machine: 'riscv64', rpm: 'riscv64', deb: 'riscv64', kind: 'riscv64' },
  { machine: 'loongarch64', rpm: 'loongarch64', deb: 'loong64', kind: 'loongarch64' },
  { machine: 'ia64', rpm: 'ia64', deb: 'ia64', kind: 'ia64' },
  { machine: 'mips64', rpm: 'mips64el', deb: 'mips64el', kind: 'mips64' },
];

/** The architecture that any of its names means: uname -m, rpm's or dpkg's, i386 to i686, x86_64_v2; null for none. */
export function findArchitecture(name: string): Architecture | null {
  const plain = name.replace(/^i[3-6]86$/, 'i686').replace(/^x86_64_v[2-4]$/, 'x86_64');
  return ARCHITECTURES.find(({ machine, rpm, deb }) => [machine, rpm, deb].includes(plain)) ?? null;
}
