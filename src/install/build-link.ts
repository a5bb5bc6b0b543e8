/** /lib/modules/R/build, which belongs to the kernel's package on rpm distributions and is missing where no kernel is installed. */
import { quoteWord } from '../vm/shell-words.ts';
import { TapprepError } from '../errors.ts';
import { run } from '../make-remedy.ts';
import type { Host } from '../host/host.ts';

/**
 * Links the build tree of kernel-devel to the place where stap looks, in an image without that kernel.
 * @returns what was made, for the journal
 * @throws TapprepError INSTALL_FAILED
 */
export async function ensureBuildLink(host: Host, release: string): Promise<readonly string[]> {
  const link = `/lib/modules/${release}/build`;
  const tree = `/usr/src/kernels/${release}`;
  if ((await host.readText(`${link}/Makefile`)) !== null || (await host.readText(`${tree}/Makefile`)) === null)
    return [];
  for (const argv of [
    ['mkdir', '-p', `/lib/modules/${release}`],
    ['ln', '-s', tree, link],
  ]) {
    const result = await host.run(argv, { timeoutMs: 30_000 });
    if (result.exitCode === 0) continue;
    throw new TapprepError('INSTALL_FAILED', `${link} could not be made on ${host.name}: ${result.stderr.trim()}`, {
      remedy: run(`ls -l ${quoteWord(link)}`),
    });
  }
  return [link];
}
