/** Who may vouch for the files of an unpacked bundle on this machine: its own sources of the target, and their keys. */
import { stat } from 'node:fs/promises';
import type { BundledIndex, BundledPackage } from '../bundle/manifest.ts';
import type { OpenBundle } from '../bundle/read.ts';
import { countOf } from '../count.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import type { DebRecord } from '../resolve/deb/packages-index.ts';
import { findKernelBuild } from '../resolve/rpm/choose.ts';
import { listNeeds } from '../resolve/rpm/needs.ts';
import { readBundledIndex } from '../trust/bundled-index.ts';
import type { Authority } from '../trust/judge.ts';
import type { Repository, RepositoryTrust, RpmTarget } from '../types.ts';
import type { OpenTarget } from './open-target.ts';
import type { Session } from './session.ts';
import { forFamily, systemOf } from '../package-system/systems.ts';

export interface Round {
  readonly session: Session;
  readonly open: OpenTarget;
  readonly bundle: OpenBundle;
  /** Those that this machine would ask for the target, with their keys: the manifest names none that is believed. */
  readonly repositories: readonly Repository[];
}

/** What this side knows of the files' makers, before the user's own word comes to it. */
export interface OwnAuthority extends Pick<Authority, 'listed' | 'packageTrusts' | 'vendorOf'> {
  /** Every record of a carried package's name in the verified indexes, other versions too. */
  readonly records: readonly DebRecord[];
}

/** @throws TapprepError where an index was checked and is bad */
export async function findAuthority(round: Round): Promise<OwnAuthority> {
  return forFamily<Promise<OwnAuthority>>(round.open.target, {
    deb: async ({ packageArch }) => {
      const { records, listed } = await readIndexes(round, { ...round.bundle.manifest, arch: packageArch });
      return { records, listed, packageTrusts: [], vendorOf: () => null };
    },
    rpm: (target) => findRpmAuthority(round, target),
  });
}

async function findRpmAuthority({ open: { facts }, repositories }: Round, target: RpmTarget): Promise<OwnAuthority> {
  const packageTrusts: RepositoryTrust[] = [];
  for (const { kind, trust } of repositories) {
    if (systemOf(target).reads(kind) && trust.packages === 'signed' && (await hasKeys(trust)))
      packageTrusts.push(trust);
  }
  const vendor = findKernelBuild(target, facts.kernelPackages)?.vendor ?? null;
  const everything = { image: true, debuginfo: true, systemtap: 'none' } as const;
  const ofKernel = new Set(listNeeds(target, { installed: null, roles: everything }).flatMap(({ names }) => names));
  return {
    records: [],
    listed: () => ({ unchecked: 'packages of that kind are vouched for by no index of the target' }),
    packageTrusts,
    vendorOf: ({ name }) => (ofKernel.has(name) ? vendor : null),
  };
}

/** Packages, and the indexes that came along to vouch for them. */
interface Carried {
  readonly packages: readonly BundledPackage[];
  readonly indexes: readonly BundledIndex[];
  /** amd64, arm64 … */
  readonly arch: string;
}

/**
 * Who may vouch for what a folder is made of: the sources of its own suite, whatever the target is.
 * @throws TapprepError where an index was checked and is bad
 */
export async function findFolderAuthority(round: Round, carried: Carried): Promise<Pick<Authority, 'listed'>> {
  const { listed } = await readIndexes(round, carried);
  return { listed };
}

/**
 * Verifies every index that came along, whichever packages the manifest says it is for: a package is listed where any of
 * them lists it.
 */
async function readIndexes(round: Round, carried: Carried): Promise<Pick<OwnAuthority, 'records' | 'listed'>> {
  const records: DebRecord[] = [];
  const read: string[] = [];
  const unread: string[] = [];
  for (const index of carried.indexes) {
    const outcome = await readIndex(round, carried, index);
    if (typeof outcome === 'string') unread.push(outcome);
    else {
      records.push(...outcome);
      read.push(index.url);
    }
  }
  return {
    records,
    listed({ name, version, arch }, sha256) {
      const same = records.filter((each) => each.name === name && each.version === version && each.arch === arch);
      // Two archives may have other bytes under one version.
      const record = same.find(({ digest }) => digest?.hex === sha256) ?? same[0];
      if (record?.trust.kind === 'signed-index') return { trust: record.trust, sizeBytes: record.sizeBytes };
      const [why] = unread;
      if (why !== undefined || read.length === 0) return { unchecked: why ?? 'no signed index came with it' };
      throw new TapprepError(
        'BAD_BUNDLE',
        `${name} ${version} ${arch} is in the bundle, but ${read.join(' or ')}, which came with it, does not list it`,
        { facts: { name, version, arch, indexes: read } },
      );
    },
  };
}

/** The records of an index that was verified by a key of this machine, or why it could not be. */
async function readIndex(round: Round, carried: Carried, index: BundledIndex): Promise<readonly DebRecord[] | string> {
  const { session, bundle, repositories } = round;
  const { emit, reader } = session;
  const { packages, arch } = carried;
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
  let refusal: unknown = null;
  for (const repository of usable) {
    try {
      const { release, records } = await readBundledIndex(files, repository, arch, (name) => names.has(name), reader);
      const traced = new Set(records.map(({ name }) => name)).size;
      emit({
        type: 'note',
        level: 'info',
        text: `${index.suite}: signed by ${release.signer ?? 'nobody'}, ${countOf(traced, 'package')} traced to it`,
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
