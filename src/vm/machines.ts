/** The machine that QEMU stands for, one record an architecture: what differs between them, and nothing else asks. */
import { findArchitecture } from '../detect/architectures.ts';
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import type { Tool } from '../host/tools.ts';

/** How a guest's reports leave it. */
export interface ReportPort {
  /** Arguments of QEMU for the port behind the character device "report". */
  readonly qemu: readonly string[];
  /** The port in the guest (Linux: Documentation/admin-guide/devices.txt); one that devtmpfs lacks is made. */
  readonly device: string;
  readonly major: number;
  readonly minor: number;
}

export interface VmMachine {
  /** uname -m */
  readonly arch: string;
  /** Program of QEMU. */
  readonly qemu: Tool;
  /** Board and processor. */
  readonly board: readonly string[];
  /** Arguments for the port behind the character device "console". */
  readonly console: readonly string[];
  readonly report: ReportPort;
  /** Network cards, by the name of QEMU's device, with what each needs. */
  readonly network: string;
  /** The kernel's command line: its console, and what this board asks for. */
  readonly commandLine: string;
}

/**
 * "no_timer_check": on a busy machine the emulated timer may tick too late for the kernel's test of it, and a failed test
 * is a panic. "clearcpuid=141" keeps the kernel from allocating memory by cmpxchg16b (X86_FEATURE_CX16, 4 * 32 + 13): QEMU
 * 7.2 leaves parts of an address in the flags behind that instruction, and an interrupt that comes before they are used
 * returns to a double fault (seen on 6.12). "-cpu max,-cx16" would do the same, but the C library of Enterprise Linux 9
 * does not start on such a processor.
 */
const X86: VmMachine = {
  arch: 'x86_64',
  qemu: 'qemu-system-x86_64',
  board: ['-M', 'q35', '-cpu', 'max'],
  console: ['-serial', 'chardev:console'],
  report: { qemu: ['-serial', 'chardev:report'], device: 'ttyS1', major: 4, minor: 65 },
  network: 'virtio-net-pci,romfile=',
  commandLine: 'console=ttyS0 no_timer_check clearcpuid=141',
};

/** "-cpu max" computes pointer authentication by the architected algorithm, which makes a boot three times as long (measured). */
const ARM64: VmMachine = {
  arch: 'aarch64',
  qemu: 'qemu-system-aarch64',
  board: ['-M', 'virt', '-cpu', 'cortex-a72'],
  console: ['-serial', 'chardev:console'],
  // The board has one port of its own.
  report: { qemu: ['-device', 'pci-serial,chardev=report'], device: 'ttyS0', major: 4, minor: 64 },
  network: 'virtio-net-pci,romfile=',
  commandLine: 'console=ttyAMA0',
};

const PPC64LE: VmMachine = {
  arch: 'ppc64le',
  qemu: 'qemu-system-ppc64',
  board: ['-M', 'pseries', '-cpu', 'POWER9'],
  console: ['-serial', 'chardev:console'],
  report: { qemu: ['-serial', 'chardev:report'], device: 'hvc1', major: 229, minor: 1 },
  network: 'virtio-net-pci,romfile=',
  commandLine: 'console=hvc0',
};

/** The console in lines takes what the kernel says; reports go by the one that keeps bytes as they are. */
const S390X: VmMachine = {
  arch: 's390x',
  qemu: 'qemu-system-s390x',
  board: ['-M', 's390-ccw-virtio', '-cpu', 'max'],
  console: ['-device', 'sclplmconsole,chardev=console'],
  report: { qemu: ['-device', 'sclpconsole,chardev=report'], device: 'ttysclp0', major: 4, minor: 65 },
  network: 'virtio-net-ccw',
  commandLine: 'console=ttyS0',
};

export const VM_MACHINES: readonly VmMachine[] = [X86, ARM64, PPC64LE, S390X];

/** @param arch uname -m. @throws TapprepError USAGE where no kernel of it is booted here */
export function machineFor(arch: string): VmMachine {
  const name = findArchitecture(arch)?.machine ?? arch;
  // A processor of 64 bits runs the kernels of 32 as well.
  const found = VM_MACHINES.find((each) => each.arch === (name === 'i686' ? 'x86_64' : name));
  if (found !== undefined) return found;
  const known = VM_MACHINES.map((each) => each.arch).join(', ');
  throw new TapprepError('USAGE', `kernels of ${arch} are not booted in a virtual machine: those of ${known} are`, {
    remedy: tapprep('verify', '--in', 'local'),
    hint: 'on a machine that runs the kernel',
  });
}
