/** The kernel that a distribution installs today: what its kernel metapackage depends on. */
import { declareTarget } from '../detect/target.ts';
import { TapprepError } from '../errors.ts';
import { readDebRepositories } from '../resolve/deb/reader.ts';
import type { DebTarget } from '../types.ts';
import { findRepositories, type FindOptions } from './find-repositories.ts';
import type { OpenTarget } from './open-target.ts';
import type { Session } from './session.ts';

/** Per distribution: the metapackage of the smallest flavour that boots in QEMU, and a release of that form. */
const METAPACKAGES: Readonly<
  Record<string, { readonly name: (arch: string) => string; readonly form: (arch: string) => string }>
> = {
  debian: { name: (arch) => `linux-image-cloud-${arch}`, form: (arch) => `6.1.0-1-cloud-${arch}` },
  ubuntu: { name: () => 'linux-image-virtual', form: () => '6.8.0-1-generic' },
};

/**
 * The release (as uname -r prints it) of the current kernel of a host's own distribution, in what that host and this machine install from.
 * @throws TapprepError CUSTOM_KERNEL_NO_PACKAGE where the distribution is of another family, NO_EXACT_PACKAGE
 */
export async function findCurrentKernel(
  session: Session,
  { host, facts }: OpenTarget,
  { allowExpiredRelease }: Pick<FindOptions, 'allowExpiredRelease'>,
): Promise<string> {
  const row = METAPACKAGES[facts.os.id ?? ''];
  const arch = facts.kernel.arch === 'aarch64' ? 'arm64' : 'amd64';
  if (row === undefined || facts.os.id === null) {
    throw new TapprepError(
      'CUSTOM_KERNEL_NO_PACKAGE',
      `the current kernel of ${facts.os.prettyName ?? facts.os.id ?? 'this distribution'} is not known: only those of ${Object.keys(METAPACKAGES).join(' and ')} are looked up`,
      { hint: 'tapprep rehearse --distro debian:12 --kernel RELEASE' },
    );
  }
  // A release of the distribution's form, only to say whose repositories are meant; nothing is looked up by it.
  const target = declareTarget({
    distro: facts.os.id,
    version: facts.os.versionId,
    kernel: row.form(arch),
    arch: facts.kernel.arch,
    unameV: null,
  }) as DebTarget;
  const subject = { host, facts, target };
  const { repositories } = await findRepositories(session, subject, { contents: ['image'], allowExpiredRelease });
  const name = row.name(arch);
  const own = repositories.filter(({ origin }) => origin !== 'mirrors.json');
  const wanted = { roots: [], wantsName: (each: string) => each === name };
  const { records, failures } = await readDebRepositories(own, target.packageArch, wanted, session.reader);
  const releases = records.flatMap(({ requires }) =>
    requires.flatMap((entry) => /^linux-image-(?:unsigned-)?(\d\S*)/.exec(entry)?.[1] ?? []),
  );
  const [first] = releases.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  if (first !== undefined) return first;
  if (failures[0] !== undefined) throw failures[0].error;
  throw new TapprepError(
    'NO_EXACT_PACKAGE',
    `${name} is not in the repositories of ${facts.os.prettyName ?? facts.os.id}`,
    {
      hint: 'tapprep rehearse --distro ID:VERSION --kernel RELEASE',
    },
  );
}
