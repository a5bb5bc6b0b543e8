/**
 * The one judge of files that somebody carried here. What has to hold of a file is decided by this side: by indexes whose
 * signature was verified here, by the keys of the target's own sources, by the user's own key and switches. Of what came
 * with the file nothing counts but which file it is said to be, and that is read from the file as well.
 */
import { isTapprepError, TapprepError } from '../errors.ts';
import type {
  Artifact,
  Digest,
  Evidence,
  Fingerprint,
  PlanItem,
  RepositoryTrust,
  Sha256,
  TrustRequirement,
} from '../types.ts';
import { verifyArtifact, type VerifyContext } from './artifact.ts';
import { carriesSignature } from './rpm-signature.ts';
import { checkRpmFile, readRpmFileHead } from './rpm-verify.ts';
import { refuseUnsigned } from './unsigned.ts';

/** What an index that was verified here demands of a package. */
export interface ListedPackage {
  readonly trust: Extract<TrustRequirement, { readonly kind: 'signed-index' }>;
  readonly sizeBytes: number | null;
}

/** Who may vouch for a file, as this side knows it. */
export interface Authority {
  /**
   * A package without a signature of its own (deb): what a verified index demands of it; or why none could be verified.
   * @throws TapprepError where the indexes were verified and do not list it
   */
  readonly listed: (item: PlanItem, sha256: Sha256) => ListedPackage | { readonly unchecked: string };
  /** The target's sources whose packages are signed (rpm), of which a key is here. */
  readonly packageTrusts: readonly RepositoryTrust[];
  /** Who built the kernel in question, where that is known. */
  readonly vendorOf: (item: PlanItem) => string | null;
  /** The key of the user's choice that signed the list of the files' digests; null where none was asked for. */
  readonly owner: Fingerprint | null;
  /** The user allowed by name what no key here can check. */
  readonly allowUnchecked: boolean;
  /** The user allowed by name what nobody signed. */
  readonly allowUnsigned: boolean;
}

/** A file to judge: what it is said to be, where it lies, and the digest of the bytes that are meant. */
export interface CarriedFile {
  readonly item: PlanItem;
  readonly path: string;
  readonly sha256: Sha256;
}

/** "Could not be checked" is neither good nor bad. */
export type Judgement = { readonly artifact: Artifact } | { readonly unchecked: string };

const LIST = 'SHA256SUMS of the bundle';

/**
 * Judges a file.
 * @throws TapprepError UNSIGNED for an rpm that nobody signed, DIGEST_MISMATCH, and as verifyArtifact where it was checked
 *   and is bad
 */
export async function judgeFile(file: CarriedFile, authority: Authority, context: VerifyContext): Promise<Judgement> {
  return file.item.fileName.endsWith('.rpm')
    ? await judgeRpm(file, authority, context)
    : await judgeListed(file, authority, context);
}

async function judgeListed(file: CarriedFile, authority: Authority, context: VerifyContext): Promise<Judgement> {
  const listed = authority.listed(file.item, file.sha256);
  if ('unchecked' in listed) return judgeUnchecked(file, listed.unchecked, authority, context);
  const item = { ...file.item, sizeBytes: listed.sizeBytes ?? file.item.sizeBytes, trust: listed.trust };
  return { artifact: requireDigest(await verifyArtifact(item, file.path, context), file.sha256) };
}

async function judgeRpm(file: CarriedFile, authority: Authority, context: VerifyContext): Promise<Judgement> {
  const { item, path } = file;
  const isSigned = carriesSignature(await readRpmFileHead(path, item.fileName));
  if (isSigned && authority.packageTrusts.length > 0) return { artifact: await verifySigned(file, authority, context) };
  if (isSigned) {
    return judgeUnchecked(file, 'no key that may sign packages of the target is on this machine', authority, context);
  }
  if (authority.owner !== null) return { artifact: await verifyByOwner(file, authority.owner, context) };
  if (!authority.allowUnsigned) {
    throw refuseUnsigned(`${item.fileName} is not accepted: it carries no signature`, { name: item.fileName });
  }
  return { artifact: await takeUnvouched(file, context) };
}

/**
 * The user's own key may vouch for a file whose signer nobody here knows, as it may for one without a signature; nothing lets
 * in what a known key signed badly.
 */
async function verifySigned(file: CarriedFile, authority: Authority, context: VerifyContext): Promise<Artifact> {
  try {
    return await verifyBySource(file, authority, context);
  } catch (error) {
    if (authority.owner === null || !isTapprepError(error, 'UNKNOWN_KEY')) throw error;
    return await verifyByOwner(file, authority.owner, context);
  }
}

/** Each source of the target has keys and allowances of its own; one of them has to accept the package. */
async function verifyBySource(
  { item, path, sha256 }: CarriedFile,
  authority: Authority,
  context: VerifyContext,
): Promise<Artifact> {
  const vendor = authority.vendorOf(item);
  let refusal: unknown = null;
  for (const trust of authority.packageTrusts) {
    try {
      const requirement = { kind: 'rpm-signature', trust, digest: digestOf(sha256), vendor } as const;
      return await verifyArtifact({ ...item, trust: requirement }, path, context);
    } catch (error) {
      if (!isTapprepError(error, 'UNKNOWN_KEY') && !isTapprepError(error, 'WEAK_SIGNATURE')) throw error;
      // What a known key signed too weakly says more than that others are not known.
      if (refusal === null || isTapprepError(refusal, 'UNKNOWN_KEY')) refusal = error;
    }
  }
  throw refusal ?? new TapprepError('UNKNOWN_KEY', `no key is known here that may sign ${item.fileName}`);
}

async function judgeUnchecked(
  file: CarriedFile,
  why: string,
  { owner, allowUnchecked }: Authority,
  context: VerifyContext,
): Promise<Judgement> {
  if (owner !== null) return { artifact: await verifyByOwner(file, owner, context) };
  return allowUnchecked ? { artifact: await takeUnvouched(file, context) } : { unchecked: why };
}

async function verifyByOwner(
  { item, path, sha256 }: CarriedFile,
  signer: Fingerprint,
  context: VerifyContext,
): Promise<Artifact> {
  const trust = { kind: 'signed-index', digest: digestOf(sha256), signer, index: LIST } as const;
  return await verifyArtifact({ ...item, trust }, path, context);
}

/** Whole, and the package that it is called; who made it nobody knows, and the user said that this will do. */
async function takeUnvouched({ item, path, sha256 }: CarriedFile, context: VerifyContext): Promise<Artifact> {
  const named = {
    ...item,
    trust: { kind: 'unsigned-index', digest: digestOf(sha256), index: LIST, buildId: null } as const,
  };
  if (!item.fileName.endsWith('.rpm')) return await verifyArtifact(named, path, { ...context, allowUnsigned: true });
  const { head: _, ...file } = await checkRpmFile(path, named, context.signal);
  const evidence: Evidence = {
    ...file,
    signer: null,
    checks: [...file.checks, 'nobody that is known here vouches for it: accepted because that was allowed by name'],
  };
  return { item: named as PlanItem, path, evidence } as Artifact;
}

function digestOf(sha256: Sha256): Digest {
  return { algorithm: 'sha256', hex: sha256 };
}

function requireDigest(artifact: Artifact, sha256: Sha256): Artifact {
  if (artifact.evidence.sha256 === sha256) return artifact;
  throw new TapprepError(
    'DIGEST_MISMATCH',
    `${artifact.item.fileName} has sha256 ${artifact.evidence.sha256}, the bundle's manifest names ${sha256}`,
  );
}
