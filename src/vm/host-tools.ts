/** The programs of this machine that a virtual machine needs. */
import { readElf } from '../elf/read-elf.ts';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';

export interface VmTools {
  readonly qemu: string;
  /** A busybox that needs no libraries. */
  readonly busybox: string;
}

/** Names in PATH, then the place where Enterprise Linux keeps it. */
const QEMU_NAMES = ['qemu-system-x86_64', '/usr/libexec/qemu-kvm'];
const BUSYBOX_NAMES = ['busybox', 'busybox-static', 'busybox.static', '/usr/lib/busybox/busybox-static'];

/** Packages that carry them, by the program that installs them. */
const PACKAGES: readonly { readonly tool: string; readonly qemu: string; readonly busybox: string }[] = [
  { tool: 'apt-get', qemu: 'qemu-system-x86', busybox: 'busybox-static' },
  { tool: 'dnf', qemu: 'qemu-kvm', busybox: 'busybox' },
  { tool: 'zypper', qemu: 'qemu-x86', busybox: 'busybox-static' },
];

/**
 * Finds QEMU and a static busybox.
 * @param local this machine
 * @throws TapprepError TOOL_MISSING with the command that installs what is missing
 */
export async function findVmTools(local: Host): Promise<VmTools> {
  const qemu = await firstOf(local, QEMU_NAMES, () => Promise.resolve(true));
  const busybox = await firstOf(local, BUSYBOX_NAMES, isStatic);
  if (qemu !== null && busybox !== null) return { qemu, busybox };
  const lacking = [
    ...(qemu === null ? ['qemu-system-x86_64'] : []),
    ...(busybox === null ? ['a statically linked busybox'] : []),
  ];
  throw new TapprepError('TOOL_MISSING', `${lacking.join(' and ')} is needed on this host to boot a kernel`, {
    hint: await installCommand(local, qemu === null, busybox === null),
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
async function isStatic(path: string): Promise<boolean> {
  const elf = await readElf(path);
  return elf !== null && elf.interpreter === null && elf.needed.length === 0;
}

async function installCommand(local: Host, qemu: boolean, busybox: boolean): Promise<string> {
  for (const row of PACKAGES) {
    if ((await local.which(row.tool)) === null) continue;
    return [row.tool, 'install', ...(qemu ? [row.qemu] : []), ...(busybox ? [row.busybox] : [])].join(' ');
  }
  return 'install qemu-system-x86_64 and a static busybox';
}
