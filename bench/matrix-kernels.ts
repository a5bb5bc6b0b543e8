/** The kernels of the Debian archive that have a debug package, and the order in which the matrix takes them. */
import { declareDistribution } from '../src/detect/declared-facts.ts';
import { declareTarget } from '../src/detect/target.ts';
import { findRepositories } from '../src/pipeline/find-repositories.ts';
import type { Session } from '../src/pipeline/session.ts';
import { releaseOf } from '../src/resolve/deb/kernel-names.ts';
import { readDebRepositories } from '../src/resolve/deb/reader.ts';
import type { DebTarget } from '../src/types.ts';
import { compareDebVersions } from '../src/version/deb-vercmp.ts';

export interface ArchiveKernel {
  /** "debian:12" */
  readonly distro: string;
  /** "bookworm-backports" */
  readonly suite: string;
  readonly release: string;
  readonly flavour: string;
  /** Of its packages. */
  readonly version: string;
}

/** A package as an index lists it. */
interface Listed {
  readonly name: string;
  readonly version: string;
  readonly suite: string;
}

/** Newest first; a kernel that is in several suites counts for the first. */
export const MATRIX_DISTROS: readonly string[] = ['debian:sid', 'debian:13', 'debian:12', 'debian:11'];

/** All of the first, a sample of the others: the newest of each series in a suite. */
const FLAVOURS = ['cloud-amd64', 'amd64', 'rt-amd64'] as const;
const PREFIX = 'linux-image-';
const HEADERS = 'linux-headers-';

/** @throws TapprepError where none of a distribution's repositories can be read */
export async function listArchiveKernels(
  session: Session,
  distros = MATRIX_DISTROS,
): Promise<readonly ArchiveKernel[]> {
  const lists: ArchiveKernel[] = [];
  for (const distro of distros) {
    const [id = '', version = ''] = distro.split(':');
    const facts = declareDistribution(distro, null);
    // Of no kernel: only to say whose repositories are meant, those of backports among them.
    const kernel = `6.12.38+deb${/^\d+$/.exec(version)?.[0] ?? '14'}-cloud-amd64`;
    const target = declareTarget({ distro: id, version, kernel, arch: 'x86_64', unameV: null });
    const { repositories } = await findRepositories(
      session,
      { host: null, facts, target },
      { contents: ['image', 'devel', 'debuginfo'], allowExpiredRelease: true },
    );
    const wanted = { roots: [], wantsName: (name: string) => name.startsWith(PREFIX) || name.startsWith(HEADERS) };
    const live = repositories.filter(({ state }) => state !== 'snapshot');
    const read = await readDebRepositories(live, (target as DebTarget).packageArch, wanted, session.reader);
    if (read.records.length === 0 && read.failures[0] !== undefined) throw read.failures[0].error;
    const records = read.records.map(({ name, version: of, repository }) => ({
      name,
      version: of,
      suite: repository.suite ?? '',
    }));
    lists.push(...kernelsOf(distro, records));
  }
  return lists;
}

/** The kernels that a list of packages has image, headers and debug package of, in one version. */
export function kernelsOf(distro: string, records: readonly Listed[]): readonly ArchiveKernel[] {
  const keys = new Set(records.map(({ name, version }) => `${name} ${version}`));
  const kernels = new Map<string, ArchiveKernel>();
  for (const flavour of FLAVOURS) {
    for (const { name, version, suite } of records) {
      const abi = releaseOf(name, PREFIX, '-dbg', flavour);
      if (abi === null) continue;
      const release = `${abi}-${flavour}`;
      const whole = [`${PREFIX}${release}`, `${HEADERS}${release}`].every((each) => keys.has(`${each} ${version}`));
      const known = kernels.get(release);
      // Several versions of one release: the newest is what is planned.
      if (!whole || (known !== undefined && compareDebVersions(known.version, version) >= 0)) continue;
      kernels.set(release, { distro, suite, release, flavour, version });
    }
  }
  return [...kernels.values()];
}

/**
 * Newest first of each suite and flavour, in turn: however few are taken, every distribution and flavour is among them, and
 * the newest of each. Flavours other than the first give one kernel of each series.
 */
export function orderKernels(all: readonly ArchiveKernel[]): readonly ArchiveKernel[] {
  const first = new Map(all.toReversed().map((kernel) => [`${kernel.release} ${kernel.version}`, kernel]));
  const newest = [...first.values()].toSorted((a, b) => compareDebVersions(b.version, a.version));
  const series = new Set<string>();
  const sample = newest.filter(({ distro, suite, flavour, version }) => {
    if (flavour === FLAVOURS[0]) return true;
    const key = `${distro} ${suite} ${flavour} ${/^\d+\.\d+/.exec(version)?.[0]}`;
    const isFirst = !series.has(key);
    series.add(key);
    return isFirst;
  });
  const rank = ({ flavour, distro }: ArchiveKernel): number =>
    FLAVOURS.findIndex((each) => each === flavour) * MATRIX_DISTROS.length + MATRIX_DISTROS.indexOf(distro);
  const groups = [...Map.groupBy(sample, ({ distro, suite, flavour }) => `${distro} ${suite} ${flavour}`).values()];
  const inTurn = groups.toSorted(([a], [b]) => (a === undefined || b === undefined ? 0 : rank(a) - rank(b)));
  const rounds = Math.max(0, ...groups.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) => inTurn.flatMap((group) => group[round] ?? [])).flat();
}
