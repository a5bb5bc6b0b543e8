/** How the packages of a kernel are named as a rule, where no table knows who built it. Pure. */
import type { KernelPackages } from './kernel-packages.ts';

interface Habit {
  readonly form: RegExp;
  readonly devel: readonly string[];
  readonly debuginfo: readonly string[];
}

const ARCHES = 'x86_64|i[3-6]86|aarch64|ppc64le|ppc64|s390x|riscv64|loongarch64|armv7hl';

/** "{release}" is uname -r, "{1}" what the first group of the form caught. */
const DEB: readonly Habit[] = [
  {
    form: /-pve$/,
    devel: ['proxmox-headers-{release}', 'pve-headers-{release}'],
    debuginfo: ['proxmox-kernel-{release}-dbgsym'],
  },
  // A version in front, a word for the architecture or flavour behind; a "+" at the end is a modified source tree.
  {
    form: /^\d+\.\d+[\w.+~-]*-[a-z][\w-]*$/,
    devel: ['linux-headers-{release}'],
    debuginfo: ['linux-image-{release}-dbg'],
  },
];
const RPM: readonly Habit[] = [
  {
    form: new RegExp(String.raw`^(\d+\.\d+[\w.+~]*-\d[\w.+~]*)\.(?:${ARCHES})$`),
    devel: ['kernel-devel-{release}'],
    debuginfo: ['kernel-debuginfo-{release}'],
  },
];

/** The names to ask for; null where the release has no form that packages are named after. */
export function packagesByHabit(release: string, family: 'deb' | 'rpm' | null): KernelPackages | null {
  const habits = family === 'deb' ? DEB : family === 'rpm' ? RPM : [];
  const habit = habits.find(({ form }) => form.test(release));
  if (habit === undefined) return null;
  const fill = (names: readonly string[]): readonly string[] => names.map((name) => name.replace('{release}', release));
  return {
    standing: 'habit',
    devel: fill(habit.devel.slice(0, 1)),
    debuginfo: fill(habit.debuginfo),
    develStems: habit.devel.map(stemOf),
    debuginfoStems: habit.debuginfo.map(stemOf),
    custom: null,
  };
}

function stemOf(template: string): string {
  return template.replace(/-\{release\}.*$/, '');
}
