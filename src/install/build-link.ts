/** /lib/modules/R/build, which belongs to the kernel's package on rpm distributions and is missing where no kernel is installed. */
import { shellLine } from '../shell-words.ts';
import { TapprepError } from '../errors.ts';
import { run } from '../make-remedy.ts';
import type { Host } from '../host/host.ts';
import { script } from '../host/scripts.ts';

/** LINK: prints the paths that are not there yet, the directory of the link and the link itself. */
const MISSING = `
directory=\${1%/*}
[ -e "$directory" ] || [ -h "$directory" ] || echo "$directory"
[ -e "$1" ] || [ -h "$1" ] || echo "$1"`;

/** TREE LINK: whatever the umask is, others may read what is made. */
const MAKE = `umask 022 && mkdir -p "\${2%/*}" && ln -s "$1" "$2"`;

/** What ensureBuildLink() would make there, for the journal: asked before the packages come, since they may bring it. */
export async function listMissingLink(host: Host, release: string): Promise<readonly string[]> {
  const { stdout } = await host.run(script(MISSING, [linkOf(release)]));
  return stdout.split('\n').filter((path) => path !== '');
}

/**
 * Links the build tree of kernel-devel to the place where stap looks, in an image without that kernel.
 * @param missing listMissingLink() of before
 * @returns what was made, for the journal
 * @throws TapprepError INSTALL_FAILED
 */
export async function ensureBuildLink(
  host: Host,
  release: string,
  missing: readonly string[],
): Promise<readonly string[]> {
  const link = linkOf(release);
  const tree = `/usr/src/kernels/${release}`;
  if ((await host.readText(`${link}/Makefile`)) !== null || (await host.readText(`${tree}/Makefile`)) === null)
    return [];
  const result = await host.run(script(MAKE, [tree, link]), { timeoutMs: 30_000 });
  if (result.exitCode !== 0)
    throw new TapprepError('INSTALL_FAILED', `${link} could not be made on ${host.name}: ${result.stderr.trim()}`, {
      remedy: run(shellLine`ls -l ${link}`),
    });
  return missing;
}

function linkOf(release: string): string {
  return `/lib/modules/${release}/build`;
}
