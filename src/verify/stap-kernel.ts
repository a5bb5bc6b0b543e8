/** stap's options for the kernel to build for, where a tree or a vmlinux was named instead of packages. */
import { posix } from 'node:path';
import { treeOf } from '../detect/own-kernel.ts';
import { TapprepError } from '../errors.ts';
import { run } from '../make-remedy.ts';
import { shellLine } from '../shell-words.ts';
import type { Host } from '../host/host.ts';
import type { Runtime, Target } from '../types.ts';
import { findDebuginfo } from './build-id.ts';
import { findTableElsewhere } from './symbol-table.ts';

/**
 * TREE DIR VMLINUX TABLE: a tree of links to another one, with a vmlinux and a symbol table that lie elsewhere, or ''. The link
 * to the sources, which packages put beside /lib/modules/RELEASE/build, goes into it: in a directory that was named, stap
 * looks for the headers of tracepoints there and nowhere else (seen with 4.8 and 5.6).
 */
const LINK_TREE = `set -e
mkdir -- "$2"
for entry in "$1"/* "$1"/.[!.]*; do
  case \${entry##*/} in
    vmlinux | vmlinux.debug) ;;
    *) if [ -e "$entry" ]; then ln -s -- "$entry" "$2/\${entry##*/}"; fi ;;
  esac
done
if [ ! -e "$2/source" ] && [ -e "\${1%/*}/source" ]; then ln -s -- "\${1%/*}/source" "$2/source"; fi
if [ -n "$3" ]; then ln -s -- "$3" "$2/vmlinux"; fi
if [ -n "$4" ]; then ln -sf -- "$4" "$2/System.map"; fi`;

interface Links {
  readonly tree: string;
  readonly vmlinux: string | null;
  readonly table: string | null;
  readonly directory: string;
  readonly signal: AbortSignal;
}

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
  { signal, runtime = 'module' }: { readonly signal: AbortSignal; readonly runtime?: Runtime | undefined },
): Promise<string> {
  if (target.own === undefined) {
    // The bpf runtime takes a kernel without a symbol table for one that is too old for its tracepoints (seen with 4.8 and 5.6).
    const table = runtime === 'bpf' ? await findTableElsewhere(host, target) : null;
    if (table === null) return target.release;
    const found = await findDebuginfo(host, target);
    return linkTree(host, { tree: treeOf(target), vmlinux: found?.path ?? null, table, directory, signal });
  }
  const tree = treeOf(target);
  // In its place stap finds everything by the release.
  if (target.own.vmlinux === null && tree === treeOf({ release: target.release })) return target.release;
  const vmlinux = (await findDebuginfo(host, target))?.path ?? null;
  if (vmlinux === null && target.own.vmlinux !== null) {
    throw new TapprepError('BAD_BUILD_TREE', `--vmlinux ${target.own.vmlinux} on ${host.name} is no ELF file`, {
      remedy: run(shellLine`file ${target.own.vmlinux}`),
    });
  }
  if (vmlinux === null || vmlinux === `${tree}/vmlinux`) return tree;
  return linkTree(host, { tree, vmlinux, table: null, directory, signal });
}

async function linkTree(host: Host, { tree, vmlinux, table, directory, signal }: Links): Promise<string> {
  const links = posix.join(directory, 'kernel');
  const argv = ['sh', '-c', LINK_TREE, 'sh', tree, links, vmlinux ?? '', table ?? ''];
  const run = await host.run(argv, { signal });
  if (run.exitCode === 0) return links;
  throw new TapprepError(
    'BAD_BUILD_TREE',
    `no tree of links to ${tree} could be made in ${directory} on ${host.name}: ${run.stderr.trim().slice(0, 300)}`,
  );
}
