/** Kernel modules that scripts ask for in the guest: the kernel's own, and such as are built on the target from source. */
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { isTapprepError, TapprepError } from '../errors.ts';
import { treeOf } from '../detect/own-kernel.ts';
import type { KernelModule } from '../vm/initramfs.ts';
import { collectKernelModules } from '../vm/kernel-modules.ts';
import { readSigningHash } from '../sign/signing-hash.ts';
import type { GuestSource, VerifyOptions, VmAssets } from './options.ts';
import { findErrorLines } from './tool-words.ts';

const BUILD_TIMEOUT_MS = 5 * 60_000;

/**
 * What can be had of them, in the order to load; a note names what cannot, as only some events need it.
 * @throws TapprepError INTERRUPTED, TOOL_MISSING (no make on the target), TOO_LARGE
 */
export async function collectGuestModules(options: VerifyOptions, vm: VmAssets): Promise<readonly KernelModule[]> {
  const scripts = options.level === 'scripts' ? (options.scripts ?? []) : [];
  const modules = new Map<string, KernelModule>();
  for (const name of new Set(scripts.flatMap(({ guestModules }) => guestModules ?? [])))
    for (const module of await collectOwn(options, vm, name)) modules.set(module.name, module);
  const sources = new Map(
    scripts.flatMap(({ guestSources }) => guestSources ?? []).map((source) => [source.name, source]),
  );
  for (const source of sources.values()) {
    const built = await buildModule(options, source);
    if (built !== null) modules.set(built.name, built);
  }
  return [...modules.values()];
}

async function collectOwn(
  { emit }: VerifyOptions,
  { modulesDirectory }: VmAssets,
  name: string,
): Promise<readonly KernelModule[]> {
  if (modulesDirectory === undefined) return [];
  try {
    return await collectKernelModules(modulesDirectory, [name]);
  } catch (error) {
    if (!isTapprepError(error, 'NOT_FOUND')) throw error;
    emit({ type: 'note', level: 'info', text: `guest: ${error.message}` });
    return [];
  }
}

/** By the kernel's own build system (Linux: Documentation/kbuild/modules.rst). */
async function buildModule(options: VerifyOptions, { name, files }: GuestSource): Promise<KernelModule | null> {
  const { host, target, workDirectory, signal, emit, cross } = options;
  const directory = posix.join(workDirectory, name);
  for (const [file, text] of Object.entries(files)) await host.writeFile(posix.join(directory, file), text, 0o644);
  const argv = ['make', '-C', treeOf(target), ...(cross?.kbuildWords ?? []), `M=${directory}`, 'modules'];
  const run = await host.run(argv, { signal, timeoutMs: BUILD_TIMEOUT_MS, proc: true });
  if (run.exitCode !== 0) {
    const words = findErrorLines(run.stderr, 1).join('');
    emit({ type: 'note', level: 'warning', text: `guest: ${name} could not be built: ${words}` });
    return null;
  }
  const local = await host.fetchFile(posix.join(directory, `${name}.ko`));
  if (local === null)
    throw new TapprepError('INTERNAL', `${name} was built on ${host.name}, but ${name}.ko is not there`);
  const data = await readFile(local);
  const { signer } = options;
  if (signer === undefined) return { name, data };
  // A guest that takes signed modules only takes this one, too, by the same key.
  return { name, data: await signer.sign(data, `${name}.ko`, await readSigningHash(host, target.release)) };
}
