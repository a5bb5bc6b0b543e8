/** A busybox for guests of another architecture than this machine's own, of i686 on x86_64 too, out of the signed package of a Debian suite. */
import { join } from 'node:path';
import { findArchitecture, kernelMachineOf } from '../detect/architectures.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import { copyVerified } from '../files/private-copy.ts';
import { openPrivateDirectory } from '../files/private-directory.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import { writeWhole } from '../files/write-whole.ts';
import { isRegularFile } from '../host/files.ts';
import { hasProgramsOf } from '../host/local.ts';
import { forFamily } from '../package-system/systems.ts';
import { readDebRepositories } from '../resolve/deb/reader.ts';
import { readDebFiles } from '../systemtap/portable/deb-files.ts';
import { findSuiteRepositories } from '../systemtap/portable/repositories.ts';
import { toItem } from '../systemtap/portable/packages.ts';
import type { Artifact, Target } from '../types.ts';
import { compareDebVersions } from '../version/deb-vercmp.ts';
import { acquireArtifacts } from './acquire.ts';
import type { Session } from './session.ts';

const PACKAGE = 'busybox-static';
/** Where the package has it: up to Debian 12, and since. */
const PLACE = /^(?:usr\/)?bin\/busybox$/;

interface Suite {
  readonly distro: string;
  readonly suite: string;
}

/**
 * Path of the program on this machine, kept in the cache by its package; null where this machine's own serves.
 * @throws TapprepError of planning and fetching: why the last suite that was asked had none
 */
export async function provideGuestBusybox(
  session: Session,
  target: Target,
  allowExpiredRelease: boolean,
): Promise<string | null> {
  const arch = kernelMachineOf(target);
  if (hasProgramsOf(arch)) return null;
  const own = forFamily<readonly Suite[]>(target, {
    deb: ({ distro, codename }) => (codename === null ? [] : [{ distro, suite: codename }]),
    rpm: () => [],
  });
  let problem: unknown = null;
  // A static program does not ask which distribution it is from.
  for (const { distro, suite } of [...own, ...session.mirrors.systemtap.portable]) {
    try {
      return await takeBusybox(session, { distro, suite, arch }, allowExpiredRelease);
    } catch (error) {
      if (!isTapprepError(error) || error.code === 'INTERRUPTED') throw error;
      problem ??= error;
    }
  }
  throw problem;
}

async function takeBusybox(
  session: Session,
  { distro, suite, arch }: Suite & { readonly arch: string },
  allowExpiredRelease: boolean,
): Promise<string> {
  const { mirrors, overrides, reader, cacheDir, signal } = session;
  const debArch = findArchitecture(arch)?.deb ?? arch;
  const sources = { mirrors, overrides, allowExpiredRelease };
  const repositories = await findSuiteRepositories({ distro, suite, arch, debArch }, sources);
  const wanted = { roots: [], wantsName: (name: string) => name === PACKAGE };
  const { records, failures } = await readDebRepositories(repositories, debArch, wanted, reader);
  const [newest] = records
    .filter(({ name }) => name === PACKAGE)
    .toSorted((a, b) => compareDebVersions(b.version, a.version));
  if (newest === undefined) {
    if (failures[0] !== undefined) throw failures[0].error;
    throw new TapprepError('NO_EXACT_PACKAGE', `suite ${suite} of ${distro} has no ${PACKAGE} for ${debArch}`);
  }
  const [artifact] = await acquireArtifacts(session, [toItem(newest)]);
  if (artifact === undefined) throw new TapprepError('INTERNAL', `${PACKAGE} was fetched and is lost`);
  return unpack(artifact, await openPrivateDirectory(cacheDir, 'guest'), signal);
}

async function unpack({ item, path, evidence }: Artifact, directory: string, signal: AbortSignal): Promise<string> {
  const kept = join(directory, `busybox-${item.arch}-${evidence.sha256.slice(0, 16)}`);
  if (await isRegularFile(kept)) return kept;
  return withTemporaryDirectory(directory, 'busybox-', async (work) => {
    const copy = join(work, 'package.deb');
    await copyVerified(path, copy, evidence.sha256, signal);
    const { files } = await readDebFiles(copy, (name) => PLACE.test(name), work);
    const [bytes] = files.values();
    if (bytes === undefined)
      throw new TapprepError('BAD_PACKAGE', `${item.fileName} has no busybox, where one was expected`);
    await writeWhole(kept, bytes, { mode: 0o755 });
    return kept;
  });
}
