/**
 * UEFI firmware (OVMF) for a guest, with the certificate of a key for modules enrolled in it. The kernel reads firmware's db
 * into .platform whether Secure Boot is on or off; without firmware no key of one's own can ever count.
 *
 * OVMF does not check the signature of a kernel that QEMU hands it, so the target's unmodified kernel boots, and nothing is
 * said by it about whether firmware would boot that kernel from a disk. The kernel sees Secure Boot on, which is what decides
 * about modules.
 */
import { copyFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { SecureBootMode } from '../types.ts';
import { makeShimDisk, requireShim, type ShimDisk, toolsOfShim } from './shim-disk.ts';

export interface GuestFirmware {
  readonly secureBoot: SecureBootMode;
  /** Of the key that is to count; PEM. */
  readonly certificate: string;
}

/** Files of OVMF by distribution; those of Debian, which Ubuntu has too. */
interface OvmfFiles {
  readonly code: string;
  readonly secureCode: string;
  readonly variables: string;
  /** With the keys of the firmware's vendors, by which shim is signed. */
  readonly vendorVariables: string;
}

const OVMF: readonly OvmfFiles[] = [
  {
    code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
    secureCode: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd',
    variables: '/usr/share/OVMF/OVMF_VARS_4M.fd',
    vendorVariables: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd',
  },
];

/** Owner of the enrolled certificates: any GUID will do. */
const OWNER = 'c1b1a3d6-6d2f-4b0e-9d56-7470726570aa';

/** Firmware that is ready for any number of boots. */
export interface PreparedFirmware {
  readonly secureBoot: SecureBootMode;
  readonly code: string;
  /** Copied for each boot, as the firmware writes to them. */
  readonly variables: string;
  /** For 'mok': what shim needs. */
  readonly shim: ShimDisk | null;
}

/** What it takes, before anything is made for it. @throws TapprepError TOOL_MISSING */
export async function requireFirmware(local: Host, secureBoot: SecureBootMode): Promise<void> {
  await findFiles(local, secureBoot);
  if (secureBoot === 'mok') requireShim();
}

/**
 * Enrols the certificate in a fresh store of variables.
 * @param directory on this machine, where they go
 * @throws TapprepError TOOL_MISSING, VM_FAILED, INTERRUPTED
 */
export async function prepareFirmware(
  { secureBoot, certificate }: GuestFirmware,
  { local, directory, signal }: { readonly local: Host; readonly directory: string; readonly signal: AbortSignal },
): Promise<PreparedFirmware> {
  const files = await findFiles(local, secureBoot);
  const pem = join(directory, 'module-cert.pem');
  await writeFile(pem, certificate);
  const variables = join(directory, 'variables.fd');
  const shim = secureBoot === 'mok' ? await makeShimDisk({ local, directory, signal }) : null;
  const enrol = {
    off: ['--add-db', OWNER, pem],
    db: ['--set-pk', OWNER, pem, '--add-kek', OWNER, pem, '--add-db', OWNER, pem, '--secure-boot'],
    mok: ['--add-mok', OWNER, pem, ...(shim === null ? [] : ['--add-mok', OWNER, shim.certificate])],
  }[secureBoot];
  const input = secureBoot === 'mok' ? files.vendorVariables : files.variables;
  const run = await local.run(['virt-fw-vars', '--input', input, '--output', variables, ...enrol], { signal });
  if (run.exitCode !== 0)
    throw new TapprepError(
      'VM_FAILED',
      `virt-fw-vars did not enrol the certificate: ${run.stderr.trim().split('\n').at(-1) ?? ''}`,
      { facts: { stderr: run.stderr.slice(-2000) } },
    );
  return { secureBoot, code: secureBoot === 'off' ? files.code : files.secureCode, variables, shim };
}

/** What of QEMU's machine differs with firmware, and the arguments that boot the kernel. */
export interface FirmwareArguments {
  readonly board: readonly string[];
  readonly boot: readonly string[];
}

/** @param directory of this boot alone @throws TapprepError VM_FAILED */
export async function firmwareArguments(
  { code, variables, secureBoot, shim }: PreparedFirmware,
  kernel: { readonly image: string; readonly initramfs: string; readonly commandLine: string },
  directory: string,
): Promise<FirmwareArguments> {
  const own = join(directory, 'variables.fd');
  await copyFile(variables, own);
  const secure = secureBoot === 'off' ? [] : ['-global', 'driver=cfi.pflash01,property=secure,value=on'];
  const board = [
    '-M',
    secureBoot === 'off' ? 'q35' : 'q35,smm=on',
    '-cpu',
    'max',
    ...secure,
    ...flash(0, code, ',readonly=on'),
    ...flash(1, own, ''),
  ];
  if (shim === null)
    return {
      board,
      boot: ['-kernel', kernel.image, '-initrd', kernel.initramfs, '-append', kernel.commandLine],
    };
  const disk = await shim.write(kernel, directory);
  return {
    board,
    boot: [
      '-drive',
      `file=${disk},format=raw,if=none,id=esp,readonly=on`,
      '-device',
      'virtio-blk-pci,drive=esp,bootindex=1',
    ],
  };
}

/** A flash chip of the machine. @param more of QEMU's words for the drive */
function flash(unit: number, file: string, more: string): readonly string[] {
  return ['-drive', `if=pflash,format=raw,unit=${unit},file=${file}${more}`];
}

async function findFiles(local: Host, secureBoot: SecureBootMode): Promise<OvmfFiles> {
  const files = OVMF.find((each) => Object.values(each).every((path) => existsSync(path as string)));
  const needed = ['virt-fw-vars', ...(secureBoot === 'mok' ? toolsOfShim : [])];
  const missing: string[] = files === undefined ? ['the firmware OVMF'] : [];
  for (const tool of needed) if ((await local.which(tool)) === null) missing.push(tool);
  if (files !== undefined && missing.length === 0) return files;
  throw new TapprepError('TOOL_MISSING', `${missing.join(', ')} is needed on this host to boot with UEFI firmware`, {
    hint: `apt-get install ovmf python3-virt-firmware${secureBoot === 'mok' ? ' shim-signed systemd-boot-efi sbsigntool mtools binutils' : ''}   # python3-virt-firmware of Debian 12 is in bookworm-backports`,
    facts: { missing },
  });
}
