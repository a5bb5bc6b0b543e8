/** What vouches for the packages of an unpacked bundle on this machine, by the keys that this machine accepts. */
import { stat } from 'node:fs/promises';
import type { BundledIndex, BundledPackage } from '../bundle/manifest.ts';
import type { OpenBundle } from '../bundle/read.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import type { DebRecord } from '../resolve/deb/packages-index.ts';
import { findKernelBuild } from '../resolve/rpm/choose.ts';
import type { BundleVouch } from '../trust/bundled.ts';
import { readBundledIndex } from '../trust/bundled-index.ts';
import type { Fingerprint, Repository, RepositoryTrust } from '../types.ts';
import type { Subject } from './open-target.ts';
import type { Session } from './session.ts';

/** Packages for which nothing can be checked here, and why; otherwise what vouches for each, by its path. */
export interface Vouches {
  readonly byPath: ReadonlyMap<string, BundleVouch>;
  readonly unchecked: readonly { readonly path: string; readonly why: string }[];
}

interface Round {
  readonly session: Session;
  readonly subject: Subject;
  readonly bundle: OpenBundle;
  /** Those that this machine would ask for the target, with their keys: the manifest names none that is believed. */
  readonly repositories: readonly Repository[];
}

/**
 * Finds what vouches for each package.
 * @throws TapprepError where something was checked and is bad: a signature, a digest, a package that its index does not list
 */
export async function findVouches(round: Round): Promise<Vouches> {
  return round.subject.target.family === 'deb' ? vouchByIndexes(round) : vouchByPackages(round);
}

async function vouchByIndexes({ session, subject, bundle, repositories }: Round): Promise<Vouches> {
  const { manifest } = bundle;
  const byPath = new Map<string, BundleVouch>();
  const unchecked: { path: string; why: string }[] = [];
  for (const id of new Set(manifest.packages.map(({ repository }) => repository))) {
    const packages = manifest.packages.filter(({ repository }) => repository === id);
    const index = manifest.indexes.find(({ repository }) => repository === id);
    const outcome =
      index === undefined
        ? `no signed index of ${id} came with it`
        : await readIndex(session, subject, bundle, index, packages, repositories);
    if (typeof outcome === 'string') {
      unchecked.push(...packages.map(({ path }) => ({ path, why: outcome })));
      continue;
    }
    for (const item of packages) byPath.set(item.path, vouchByRecord(item, outcome, index?.url ?? id));
  }
  return { byPath, unchecked };
}

/** The records of an index that was verified by a key of this machine, or why it could not be. */
async function readIndex(
  { emit, reader }: Session,
  { target }: Subject,
  bundle: OpenBundle,
  index: BundledIndex,
  packages: readonly BundledPackage[],
  repositories: readonly Repository[],
): Promise<readonly DebRecord[] | string> {
  const sameSuite = repositories.filter(
    ({ kind, suite, trust }) => kind === 'deb' && suite === index.suite && trust.metadata === 'signed',
  );
  if (sameSuite.length === 0) return `no source of suite ${index.suite} is known here`;
  const usable: Repository[] = [];
  for (const repository of sameSuite) if (await hasKeys(repository.trust)) usable.push(repository);
  if (usable.length === 0) {
    const files = [...new Set(sameSuite.flatMap(({ trust }) => trust.keyrings))].join(', ');
    return `the keyring for suite ${index.suite} is not on this machine (${files === '' ? 'none is named' : files})`;
  }
  const files = {
    url: index.url,
    release: bundle.pathOf(index.release),
    signature: index.signature === null ? null : bundle.pathOf(index.signature),
    packages: index.packages.map(({ name, path }) => ({ name, path: bundle.pathOf(path) })),
  };
  const names = new Set(packages.map(({ name }) => name));
  const arch = target.packageArch;
  let refusal: unknown = null;
  for (const repository of usable) {
    try {
      const { release, records } = await readBundledIndex(files, repository, arch, (name) => names.has(name), reader);
      emit({
        type: 'note',
        level: 'info',
        text: `${index.suite}: signed by ${release.signer ?? 'nobody'}, ${packages.length} packages traced to it`,
      });
      for (const text of release.notes) emit({ type: 'note', level: 'info', text });
      return records;
    } catch (error) {
      if (isTapprepError(error, 'TOOL_MISSING')) return error.message;
      if (!isTapprepError(error, 'UNKNOWN_KEY')) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

function vouchByRecord(item: BundledPackage, records: readonly DebRecord[], url: string): BundleVouch {
  const record = records.find(
    ({ name, version, arch }) => name === item.name && version === item.version && arch === item.arch,
  );
  if (record === undefined) {
    throw new TapprepError(
      'BAD_BUNDLE',
      `${item.name} ${item.version} ${item.arch} is in the bundle, but ${url}, which it is said to come from, does not list it`,
      { facts: { path: item.path, index: url } },
    );
  }
  return { kind: 'index', trust: record.trust, sizeBytes: record.sizeBytes };
}

async function vouchByPackages({ subject, bundle, repositories }: Round): Promise<Vouches> {
  const { target, facts } = subject;
  const byPath = new Map<string, BundleVouch>();
  const unchecked: { path: string; why: string }[] = [];
  const trusts: RepositoryTrust[] = [];
  for (const { kind, trust } of repositories) {
    if (kind !== 'deb' && trust.packages === 'signed' && (await hasKeys(trust))) trusts.push(trust);
  }
  const vendor = target.family === 'rpm' ? (findKernelBuild(target, facts.kernelPackages)?.vendor ?? null) : null;
  for (const item of bundle.manifest.packages) {
    const ofKernel = item.match !== 'dependency';
    if (item.trust.kind === 'rpm-signature' && item.signer !== null) {
      if (trusts.length > 0) byPath.set(item.path, { kind: 'package', trusts, vendor: ofKernel ? vendor : null });
      else unchecked.push({ path: item.path, why: 'no key that may sign packages of the target is on this machine' });
    } else if (target.buildId !== null && ofKernel) {
      byPath.set(item.path, { kind: 'build-id', buildId: target.buildId });
    } else unchecked.push({ path: item.path, why: 'the package is not signed itself' });
  }
  return { byPath, unchecked };
}

/** Whether there is any key to check a signature with: without one nothing was checked, which is not the same as bad. */
async function hasKeys({ keyrings, keyBlocks }: RepositoryTrust): Promise<boolean> {
  if ((keyBlocks ?? []).length > 0) return true;
  const there = await Promise.all(
    keyrings.map((path) =>
      stat(path).then(
        (found) => found.isFile() && found.size > 0,
        () => false,
      ),
    ),
  );
  return there.includes(true);
}

/** Every package of a bundle vouched for by the user's own key over its list of digests, or by nobody. */
export function vouchAll(
  unchecked: Vouches['unchecked'],
  signer: Fingerprint | null,
): readonly (readonly [string, BundleVouch])[] {
  return unchecked.map(({ path }) => [path, signer === null ? { kind: 'nobody' } : { kind: 'owner', signer }]);
}
