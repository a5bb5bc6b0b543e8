/** The programs of this machine that a virtual machine needs. */
import { readElf } from '../elf/read-elf.ts';
import { TapprepError } from '../errors.ts';
import { findArchitecture } from '../detect/architectures.ts';
import type { Host } from '../host/host.ts';
import { describeInstall, type Tool } from '../host/tools.ts';
import { machineFor, type VmMachine } from './machines.ts';

export interface VmTools {
  readonly machine: VmMachine;
  readonly qemu: string;
  /** A busybox of the kernel's architecture that needs no libraries: a kernel of i686 starts none of x86_64. */
  readonly busybox: string;
}

/** Where Enterprise Linux keeps the one for its own architecture. */
const OWN_QEMU = '/usr/libexec/qemu-kvm';
const BUSYBOX_NAMES = ['busybox', 'busybox-static', 'busybox.static', '/usr/lib/busybox/busybox-static'];

export interface VmToolsWish {
  /** uname -m of the kernel. */
  readonly arch: string;
  /** A busybox of that architecture that was brought from elsewhere; this machine's own where left out. */
  readonly busybox?: string;
}

/**
 * Finds QEMU and a static busybox.
 * @param local this machine
 * @throws TapprepError USAGE for an architecture without a machine; TOOL_MISSING with the command that installs what is missing
 */
export async function findVmTools(local: Host, { arch, busybox: given }: VmToolsWish): Promise<VmTools> {
  const machine = machineFor(arch);
  const [board, kernel] = [findArchitecture(machine.arch), findArchitecture(arch)];
  const qemu = await firstOf(local, [machine.qemu, OWN_QEMU], (path) =>
    path === OWN_QEMU ? isProgramOf(path, board?.elf ?? 0) : Promise.resolve(true),
  );
  const busybox = await firstOf(local, given === undefined ? BUSYBOX_NAMES : [given], (path) =>
    isStatic(path, kernel?.elf ?? 0),
  );
  if (qemu !== null && busybox !== null) return { machine, qemu, busybox };
  const lacking: Tool[] = [...(qemu === null ? [machine.qemu] : []), ...(busybox === null ? ['busybox' as const] : [])];
  const words = lacking.map((tool) =>
    tool === 'busybox' ? `a statically linked busybox of ${kernel?.machine ?? arch}` : tool,
  );
  throw new TapprepError('TOOL_MISSING', `${words.join(' and ')} is needed on this host to boot a kernel`, {
    hint: await describeInstall(local, lacking),
    facts: { lacking },
  });
}

async function firstOf(
  local: Host,
  names: readonly string[],
  fits: (path: string) => Promise<boolean>,
): Promise<string | null> {
  for (const name of names) {
    const path = await local.which(name);
    if (path !== null && (await fits(path))) return path;
  }
  return null;
}

/** Its loader and libraries are not in the guest, so only a busybox without them starts there. */
async function isStatic(path: string, machine: number): Promise<boolean> {
  const elf = await readElf(path);
  return elf !== null && elf.machine === machine && elf.interpreter === null && elf.needed.length === 0;
}

async function isProgramOf(path: string, machine: number): Promise<boolean> {
  return (await readElf(path))?.machine === machine;
}
