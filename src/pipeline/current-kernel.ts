/** The kernels of a distribution: the one that it installs today, and the newest that its repositories have. */
import { findArchitecture } from '../detect/architectures.ts';
import { packageFamilyOf } from '../detect/distributions.ts';
import { declareTarget } from '../detect/target.ts';
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { releaseOf } from '../resolve/deb/kernel-names.ts';
import { readDebRepositories } from '../resolve/deb/reader.ts';
import type { PackageRecord } from '../resolve/reader.ts';
import { createRpmReader } from '../resolve/rpm/read-repositories.ts';
import type { DebTarget, RpmTarget } from '../types.ts';
import { compareDebVersions } from '../version/deb-vercmp.ts';
import { compareEvr } from '../version/evr.ts';
import { findRepositories, type FindOptions } from './find-repositories.ts';
import type { OpenHost } from './open-target.ts';
import { describeOutage } from './outage.ts';
import type { Session } from './session.ts';
import { planInTiers } from './tiers.ts';

/** Per distribution: the metapackage of the smallest flavour that boots in QEMU, and a release of that form. */
const METAPACKAGES: Readonly<
  Record<string, { readonly name: (arch: string) => string; readonly form: (arch: string) => string }>
> = {
  debian: { name: (arch) => `linux-image-${flavourOf(arch)}`, form: (arch) => `6.1.0-1-${flavourOf(arch)}` },
  ubuntu: { name: () => 'linux-image-virtual', form: () => '6.8.0-1-generic' },
};

/** Debian makes kernels for clouds of two architectures; that of ppc64el has another name than its packages. */
function flavourOf(arch: string): string {
  if (arch === 'amd64' || arch === 'arm64') return `cloud-${arch}`;
  return arch === 'ppc64el' ? 'powerpc64le' : arch;
}

/** What an rpm distribution calls the package that has its kernel, the likeliest first. */
interface RpmKernelNames {
  readonly stem: string;
  readonly names: readonly string[];
}

const RPM_KERNEL: RpmKernelNames = { stem: 'kernel', names: ['kernel-core', 'kernel'] };
const SUSE_KERNEL: RpmKernelNames = { stem: 'kernel-default', names: ['kernel-default'] };
/** By os-release ID; Oracle Linux boots its own kernel where nobody chose the other. */
const RPM_KERNELS: Readonly<Record<string, RpmKernelNames>> = {
  ol: { stem: 'kernel-uek', names: ['kernel-uek-core', 'kernel-uek'] },
};

const NAMED = tapprep('rehearse', '--kernel', 'RELEASE');

/**
 * The release (as uname -r prints it) of the current kernel of a host's own distribution, in what that host and this machine install from.
 * @throws TapprepError CUSTOM_KERNEL_NO_PACKAGE where the distribution is of another family, NO_EXACT_PACKAGE
 */
export async function findCurrentKernel(
  session: Session,
  { host, facts }: OpenHost,
  { allowExpiredRelease }: Pick<FindOptions, 'allowExpiredRelease'>,
): Promise<string> {
  if (facts.os.id !== null && packageFamilyOf(facts.os.id, facts.os.idLike) === 'rpm') {
    return findCurrentRpmKernel(session, { host, facts }, allowExpiredRelease);
  }
  const row = METAPACKAGES[facts.os.id ?? ''];
  const arch = findArchitecture(facts.kernel.arch)?.deb ?? 'amd64';
  if (row === undefined || facts.os.id === null) {
    throw new TapprepError(
      'CUSTOM_KERNEL_NO_PACKAGE',
      `the current kernel of ${facts.os.prettyName ?? facts.os.id ?? 'this distribution'} is not known: only those of ${Object.keys(METAPACKAGES).join(' and ')} are looked up`,
      { remedy: NAMED },
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
  const open = { host, facts, target };
  const { repositories } = await findRepositories(session, open, { contents: ['image'], allowExpiredRelease });
  const name = row.name(arch);
  const own = repositories.filter(({ origin }) => origin !== 'mirrors.json');
  const wanted = { roots: [], wantsName: (each: string) => each === name };
  const { records, failures } = await readDebRepositories(own, target.packageArch, wanted, session.reader);
  const releases = records.flatMap(({ requires }) =>
    requires.flatMap((entry) => /^linux-image-(?:unsigned-)?(\d\S*)/.exec(entry)?.[1] ?? []),
  );
  const [first] = releases.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  if (first !== undefined) return first;
  if (failures[0] !== undefined) throw describeOutage(failures.map(({ error }) => error)) ?? failures[0].error;
  throw new TapprepError(
    'NO_EXACT_PACKAGE',
    `${name} is not in the repositories of ${facts.os.prettyName ?? facts.os.id}`,
    {
      remedy: NAMED,
    },
  );
}

/**
 * The newest kernels of the current one's flavour that the repositories have build trees of, newest first.
 * @throws TapprepError as findCurrentKernel
 */
export async function findLatestKernels(
  session: Session,
  open: OpenHost,
  options: Pick<FindOptions, 'allowExpiredRelease'>,
  count: number,
): Promise<readonly string[]> {
  const { os, kernel } = open.facts;
  if (os.id !== null && packageFamilyOf(os.id, os.idLike) === 'rpm')
    return (await listRpmKernels(session, open, options.allowExpiredRelease)).slice(0, count);
  const current = await findCurrentKernel(session, open, options);
  const declared = { distro: os.id ?? '', version: os.versionId, kernel: current, arch: kernel.arch, unameV: null };
  const target = declareTarget(declared) as DebTarget;
  const { repositories } = await findRepositories(session, { ...open, target }, { contents: ['devel'], ...options });
  const wanted = { roots: [], wantsName: (name: string) => name.startsWith(HEADERS) };
  const { records } = await readDebRepositories(repositories, target.packageArch, wanted, session.reader);
  const releases = records
    .toSorted((a, b) => compareDebVersions(b.version, a.version))
    .flatMap(({ name }) => releaseOf(name, HEADERS, '', target.flavour) ?? [])
    .map((abi) => `${abi}-${target.flavour}`);
  return [...new Set([...releases, current])].slice(0, count);
}

const HEADERS = 'linux-headers-';

/** The newest kernel of the nearest repositories that have one. */
async function findCurrentRpmKernel(session: Session, open: OpenHost, allowExpiredRelease: boolean): Promise<string> {
  const [first = ''] = await listRpmKernels(session, open, allowExpiredRelease);
  return first;
}

/** Those of the nearest repositories that have any, newest first; never none. */
async function listRpmKernels(
  session: Session,
  { host, facts }: OpenHost,
  allowExpiredRelease: boolean,
): Promise<readonly string[]> {
  const { id, versionId, prettyName } = facts.os;
  const isSuse = /^(?:suse|sles?|sled|opensuse)/.test(id ?? '');
  const { stem, names } = RPM_KERNELS[id ?? ''] ?? (isSuse ? SUSE_KERNEL : RPM_KERNEL);
  const packageArch = findArchitecture(facts.kernel.arch)?.rpm ?? facts.kernel.arch;
  // Of no release, only to say whose repositories are meant.
  const target: RpmTarget = {
    family: 'rpm',
    kernelFamily: 'rpm',
    distro: id ?? '',
    version: versionId,
    codename: null,
    arch: facts.kernel.arch,
    release: '',
    unameV: null,
    buildId: null,
    packageArch,
    stem,
    variant: null,
    versionRelease: '',
  };
  const { repositories } = await findRepositories(
    session,
    { host, facts, target },
    { contents: ['image'], allowExpiredRelease },
  );
  const read = createRpmReader(packageArch, { wantsName: (name) => names.includes(name) }, session.reader);
  return planInTiers(
    repositories,
    async (asked) => {
      const { records, failures } = await read(asked, () => false);
      return { failures, plan: () => releasesOf(records, names, packageArch, prettyName ?? `${id} ${versionId}`) };
    },
    session.emit,
  );
}

function releasesOf(
  records: readonly PackageRecord[],
  names: readonly string[],
  arch: string,
  system: string,
): readonly string[] {
  const offered = records.filter((record) => record.arch === arch);
  const name = names.find((wanted) => offered.some((record) => record.name === wanted));
  const newest = offered.filter((record) => record.name === name).toSorted((a, b) => compareEvr(b.version, a.version));
  if (newest.length > 0) return [...new Set(newest.map(releaseOfKernel))];
  throw new TapprepError(
    'NO_EXACT_PACKAGE',
    `none of ${names.join(', ')} for ${arch} is in the repositories of ${system}`,
    { remedy: NAMED },
  );
}

/** As the package says itself; else by the habit of its vendor: SUSE leaves the rebuild counter out, Red Hat up to 5 the architecture. */
function releaseOfKernel({ name, version, arch, provides }: PackageRecord): string {
  const told = provides.flatMap((provided) => /-uname-r = (\S+)$/.exec(provided)?.[1] ?? [])[0];
  if (told !== undefined) return told;
  const bare = version.replace(/^\d+:/, '');
  if (name === 'kernel-default') return `${bare.replace(/\.\d+$/, '')}-default`;
  return /\.el5|\.EL$|fc5$|_FC5$|\.ph\d/.test(bare) ? bare : `${bare}.${arch}`;
}
