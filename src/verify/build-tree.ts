/** Whether the build tree of a kernel is there, complete, and of exactly this kernel. */
import { treeOf } from '../detect/own-kernel.ts';
import type { Host } from '../host/host.ts';
import type { Target } from '../types.ts';

const MUST_HAVE = ['.config', 'Module.symvers', 'Makefile'] as const;
/** UTS_VERSION: in compile.h up to Linux 6.0, in utsversion.h since 6.1, in include/linux/ on Enterprise Linux 5. */
const VERSION_FILES = [
  'include/generated/utsversion.h',
  'include/generated/compile.h',
  'include/linux/compile.h',
] as const;

/**
 * UTS_RELEASE, which goes into every module's vermagic. include/config/kernel.release is not asked first: Debian 11 and 12
 * keep the upstream version there ("5.10.223" for 5.10.0-32-cloud-amd64).
 */
const RELEASE_FILES = ['include/generated/utsrelease.h', 'include/linux/utsrelease.h'] as const;

/** What is wrong with a build tree; null when nothing is. */
export async function findBuildTreeFault(
  host: Host,
  target: Pick<Target, 'release' | 'unameV' | 'own'>,
): Promise<string | null> {
  const { release, unameV, own } = target;
  const tree = treeOf(target);
  const missing: string[] = [];
  for (const name of MUST_HAVE) if ((await host.readText(`${tree}/${name}`)) === null) missing.push(name);
  if (missing.length === MUST_HAVE.length)
    return own?.buildTree == null
      ? `${tree} is not there: the kernel's headers (devel) package is missing`
      : `${tree} is no build tree of a kernel: it has none of ${MUST_HAVE.join(', ')}`;
  if (missing.length > 0) return `${tree} lacks ${missing.join(', ')}`;
  const built = await readRelease(host, tree);
  if (built === null) return `${tree} does not say which kernel it is for: ${RELEASE_FILES[0]} is missing`;
  if (built !== release) return `${tree} is for ${built}, but the kernel is ${release}`;
  const version = await readUtsVersion(host, tree);
  if (version !== null && unameV !== null && version !== unameV)
    return `${tree} is of the build "${version}", but the kernel is "${unameV}"`;
  return null;
}

async function readRelease(host: Host, tree: string): Promise<string | null> {
  for (const name of RELEASE_FILES) {
    const text = await host.readText(`${tree}/${name}`);
    const found = text === null ? null : /^#define UTS_RELEASE "([^"\n]{1,256})"/m.exec(text);
    if (found?.[1] !== undefined) return found[1];
  }
  return (await host.readText(`${tree}/include/config/kernel.release`))?.trim() ?? null;
}

async function readUtsVersion(host: Host, tree: string): Promise<string | null> {
  for (const name of VERSION_FILES) {
    const text = await host.readText(`${tree}/${name}`);
    const found = text === null ? null : /^#define UTS_VERSION "([^"\n]{1,256})"$/m.exec(text);
    if (found?.[1] !== undefined) return found[1];
  }
  return null;
}
