/** What stap is told of the kernel to build for, where a tree or a vmlinux was named instead of packages. */
import { posix } from 'node:path';
import { treeOf } from '../detect/own-kernel.ts';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Target } from '../types.ts';
import { findDebuginfo } from './build-id.ts';

/** TREE VMLINUX DIR: a tree of links to another one, with a vmlinux that lies elsewhere. */
const LINK_TREE = `set -e
mkdir -- "$3"
for entry in "$1"/* "$1"/.[!.]*; do
  case \${entry##*/} in
    vmlinux | vmlinux.debug) ;;
    *) if [ -e "$entry" ]; then ln -s -- "$entry" "$3/\${entry##*/}"; fi ;;
  esac
done
ln -s -- "$2" "$3/vmlinux"`;

/**
 * What `stap -r` takes: the release where packages are meant, else the directory of the tree (man stap). There stap looks
 * for vmlinux in that very directory and nowhere else, so one that lies elsewhere gets a tree of links, and nothing that
 * was named is changed.
 * @param directory on the host, private, for the links
 * @throws TapprepError BAD_BUILD_TREE for a vmlinux that is no ELF file, and where the links cannot be made; BAD_PACKAGE for one that is cut off
 */
export async function openStapKernel(
  host: Host,
  target: Pick<Target, 'release' | 'own'>,
  directory: string,
  signal: AbortSignal,
): Promise<string> {
  if (target.own === undefined) return target.release;
  const tree = treeOf(target);
  // In its place stap finds everything by the release.
  if (target.own.vmlinux === null && tree === treeOf({ release: target.release })) return target.release;
  const vmlinux = (await findDebuginfo(host, target))?.path ?? null;
  if (vmlinux === null && target.own.vmlinux !== null) {
    throw new TapprepError('BAD_BUILD_TREE', `--vmlinux ${target.own.vmlinux} on ${host.name} is no ELF file`, {
      hint: `file ${target.own.vmlinux}`,
    });
  }
  if (vmlinux === null || vmlinux === `${tree}/vmlinux`) return tree;
  const links = posix.join(directory, 'kernel');
  const run = await host.run(['sh', '-c', LINK_TREE, 'sh', tree, vmlinux, links], { signal });
  if (run.exitCode === 0) return links;
  throw new TapprepError(
    'BAD_BUILD_TREE',
    `no tree of links to ${tree} could be made in ${directory} on ${host.name}: ${run.stderr.trim().slice(0, 300)}`,
  );
}
