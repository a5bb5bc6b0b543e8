/** Which repositories carry the suite that a portable SystemTap is taken from, whatever the target itself is. */
import { findArchitecture } from '../../detect/architectures.ts';
import { deriveFromLocalSources } from '../../mirrors/derive.ts';
import type { Mirrors } from '../../mirrors/mirror-list.ts';
import type { MirrorOverride } from '../../mirrors/override.ts';
import { readLocalAptFiles } from '../../mirrors/own-sources.ts';
import { selectRepositories } from '../../mirrors/select.ts';
import type { DebTarget, Repository, RepositoryContent } from '../../types.ts';
import type { PortableRequest } from './request.ts';

/** Suites whose expired index is accepted: all, or those named by suite or by repository id. */
export type ExpiredAllowance = boolean | readonly string[];

export interface SuiteSources {
  readonly mirrors: Mirrors;
  readonly overrides: readonly MirrorOverride[];
  readonly allowExpiredRelease: ExpiredAllowance;
  /** This machine's apt configuration; /etc/apt where left out. */
  readonly etcApt?: string;
}

/** The copies of one suite, in the order to ask: --mirror, this machine's own archive, the list. */
export async function findSuiteRepositories(
  { distro, suite, arch, debArch }: Pick<PortableRequest, 'distro' | 'suite' | 'arch' | 'debArch'>,
  { mirrors, overrides, allowExpiredRelease, etcApt }: SuiteSources,
  content: RepositoryContent = 'systemtap',
): Promise<readonly Repository[]> {
  const target = declareSuite(distro, suite, arch, debArch, mirrors);
  const own = deriveFromLocalSources(await readLocalAptFiles(etcApt ?? '/etc/apt'), target, mirrors);
  const found = selectRepositories(
    target,
    { own: own.repositories, list: mirrors, overrides },
    { contents: [content] },
  );
  const mayBeExpired = ({ id }: Repository): boolean =>
    typeof allowExpiredRelease === 'boolean'
      ? allowExpiredRelease
      : allowExpiredRelease.some((name) => name === suite || name === id);
  return found
    .filter((repository) => repository.suite === suite)
    .map((repository) => ({ ...repository, allowExpiredRelease: mayBeExpired(repository) }));
}

/** Packages of a suite are looked for as if for a system of that suite; no kernel comes into it. */
function declareSuite(distro: string, suite: string, arch: string, debArch: string, mirrors: Mirrors): DebTarget {
  const codenames = mirrors.codenames[distro.toLowerCase()] ?? {};
  return {
    family: 'deb',
    kernelFamily: 'debian',
    distro,
    version: Object.keys(codenames).find((version) => codenames[version] === suite) ?? null,
    codename: suite,
    arch: findArchitecture(arch)?.machine ?? arch,
    packageArch: debArch,
    release: '',
    unameV: null,
    buildId: null,
    flavour: '',
    packageVersion: null,
  };
}
