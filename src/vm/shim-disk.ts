/**
 * A disk that boots a kernel through shim, as distributions do: firmware checks shim by its vendor's key, shim checks what it
 * starts by the list of machine owner keys, and hands that list to the kernel, which makes .machine of it.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';

export interface ShimDisk {
  /** PEM of the key that signs what shim starts; it is made for these boots and goes with them. */
  readonly certificate: string;
  /** A disk with kernel, initramfs and command line in one signed image. @returns its path */
  write(
    kernel: { readonly image: string; readonly initramfs: string; readonly commandLine: string },
    directory: string,
  ): Promise<string>;
}

export const toolsOfShim: readonly string[] = ['openssl', 'sbsign', 'objcopy', 'objdump', 'mformat', 'mmd', 'mcopy'];

const SHIM = '/usr/lib/shim/shimx64.efi.signed';
const MOK_MANAGER = '/usr/lib/shim/mmx64.efi.signed';
const STUB = '/usr/lib/systemd/boot/efi/linuxx64.efi.stub';
const ALIGNMENT = 0x1000;
/** FAT32 wants 65,525 clusters; with one of 512 bytes each this is enough. */
const MIN_BYTES = 64 * 1024 * 1024;
const SPARE_BYTES = 8 * 1024 * 1024;

interface Work {
  readonly local: Host;
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** @throws TapprepError TOOL_MISSING */
export function requireShim(): void {
  const missing = [SHIM, MOK_MANAGER, STUB].filter((path) => !existsSync(path));
  if (missing.length > 0)
    throw new TapprepError('TOOL_MISSING', `${missing.join(', ')} is needed on this host to boot through shim`, {
      hint: 'apt-get install shim-signed systemd-boot-efi',
    });
}

/** @throws TapprepError TOOL_MISSING, VM_FAILED */
export async function makeShimDisk(work: Work): Promise<ShimDisk> {
  requireShim();
  const [key, certificate] = [join(work.directory, 'boot-key.pem'), join(work.directory, 'boot-cert.pem')];
  const request = ['openssl', 'req', '-new', '-x509', '-newkey', 'rsa:2048', '-nodes', '-sha256', '-days', '2'];
  await run(work, [...request, '-subj', '/CN=tapprep rehearsal/', '-keyout', key, '-out', certificate]);
  return {
    certificate,
    write: async (kernel, directory) => {
      const at = (name: string): string => join(directory, name);
      await writeFile(at('cmdline'), kernel.commandLine);
      await joinImage(
        work,
        [
          ['.cmdline', at('cmdline')],
          ['.linux', kernel.image],
          ['.initrd', kernel.initramfs],
        ],
        at('uki.efi'),
      );
      await run(work, ['sbsign', '--key', key, '--cert', certificate, '--output', at('signed.efi'), at('uki.efi')]);
      const bytes = Math.max((await stat(at('signed.efi'))).size + SPARE_BYTES, MIN_BYTES);
      await run(work, ['truncate', '-s', String(Math.ceil(bytes / 1024 / 1024) * 1024 * 1024), at('esp.img')]);
      await run(work, ['mformat', '-i', at('esp.img'), '-F', '-c', '1', '::']);
      await run(work, ['mmd', '-i', at('esp.img'), '::/EFI', '::/EFI/BOOT']);
      // shim starts what is called grubx64.efi beside it.
      for (const [file, name] of [
        [SHIM, 'BOOTX64.EFI'],
        [MOK_MANAGER, 'mmx64.efi'],
        [at('signed.efi'), 'grubx64.efi'],
      ])
        await run(work, ['mcopy', '-i', at('esp.img'), file ?? '', `::/EFI/BOOT/${name}`]);
      return at('esp.img');
    },
  };
}

/** A unified kernel image (systemd-stub(7)): sections behind those of the stub, none over another. */
async function joinImage(
  work: Work,
  sections: readonly (readonly [name: string, file: string])[],
  out: string,
): Promise<void> {
  const listed = await run(work, ['objdump', '-h', STUB]);
  const ends = [...listed.matchAll(/^ *\d+ \S+ +([0-9a-f]{8,16}) +([0-9a-f]{8,16}) /gm)].map(
    ([, size = '0', start = '0']) => Number.parseInt(size, 16) + Number.parseInt(start, 16),
  );
  let next = align(Math.max(...ends));
  const options: string[] = [];
  for (const [name, file] of sections) {
    options.push('--add-section', `${name}=${file}`, '--change-section-vma', `${name}=0x${next.toString(16)}`);
    next = align(next + (await readFile(file)).length);
  }
  await run(work, ['objcopy', ...options, STUB, out]);
}

function align(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
}

async function run({ local, signal }: Work, argv: readonly string[]): Promise<string> {
  const done = await local.run(argv, { signal });
  if (done.exitCode === 0) return done.stdout;
  throw new TapprepError('VM_FAILED', `${argv[0]} failed: ${done.stderr.trim().split('\n').at(-1) ?? ''}`, {
    facts: { argv, stderr: done.stderr.slice(-2000) },
  });
}
