/** The second check of a package that came in a bundle: what vouches for it here, on the machine that installs it. */
import { isTapprepError, TapprepError } from '../errors.ts';
import type {
  Artifact,
  BuildId,
  Evidence,
  Fingerprint,
  PlanItem,
  RepositoryTrust,
  Sha256,
  TrustRequirement,
} from '../types.ts';
import { verifyArtifact, type VerifyContext } from './artifact.ts';
import { checkRpmFile } from './rpm-verify.ts';

/**
 * What vouches for a bundled package:
 * - `index`: the requirement that a signed index made which travelled along and was verified here;
 * - `package`: the signature in the rpm itself, by one of the keys that this machine accepts for the target;
 * - `build-id`: the package names the build-id of the kernel that was observed here;
 * - `owner`: the user's own key signed the bundle's list of digests;
 * - `nobody`: nothing could be checked here, and the user allowed that by name.
 */
export type BundleVouch =
  | { readonly kind: 'index'; readonly trust: TrustRequirement; readonly sizeBytes: number | null }
  | { readonly kind: 'package'; readonly trusts: readonly RepositoryTrust[]; readonly vendor: string | null }
  | { readonly kind: 'build-id'; readonly buildId: BuildId }
  | { readonly kind: 'owner'; readonly signer: Fingerprint }
  | { readonly kind: 'nobody' };

const LIST = 'SHA256SUMS of the bundle';

/**
 * Checks a file of an unpacked bundle and returns it as an Artifact. Of the manifest nothing is believed but that it
 * names a file: whether the file is what it is called is read from the package, who made it from what vouches for it.
 * @param sha256 the digest that the manifest names, which always has to hold as well
 * @throws TapprepError as verifyArtifact, and UNKNOWN_KEY where no key is given for a package's own signature
 */
export async function verifyBundledArtifact(
  item: PlanItem,
  path: string,
  sha256: Sha256,
  vouch: BundleVouch,
  context: VerifyContext,
): Promise<Artifact> {
  const digest = { algorithm: 'sha256', hex: sha256 } as const;
  switch (vouch.kind) {
    case 'index': {
      const sizeBytes = vouch.sizeBytes ?? item.sizeBytes;
      return requireDigest(await verifyArtifact({ ...item, sizeBytes, trust: vouch.trust }, path, context), sha256);
    }
    case 'package':
      return await verifyBySignature(item, path, sha256, vouch, context);
    case 'build-id': {
      const trust = { kind: 'unsigned-index', digest, index: LIST, buildId: vouch.buildId } as const;
      return await verifyArtifact({ ...item, trust }, path, context);
    }
    case 'owner': {
      const trust = { kind: 'signed-index', digest, signer: vouch.signer, index: LIST } as const;
      return await verifyArtifact({ ...item, trust }, path, context);
    }
    case 'nobody':
      return await verifyWithoutSigner(item, path, digest, context);
  }
}

/** Each repository of the target has keys and allowances of its own; one of them has to accept the package. */
async function verifyBySignature(
  item: PlanItem,
  path: string,
  sha256: Sha256,
  { trusts, vendor }: Extract<BundleVouch, { kind: 'package' }>,
  context: VerifyContext,
): Promise<Artifact> {
  let refusal: unknown = null;
  for (const trust of trusts) {
    try {
      const digest = { algorithm: 'sha256', hex: sha256 } as const;
      return await verifyArtifact({ ...item, trust: { kind: 'rpm-signature', trust, digest, vendor } }, path, context);
    } catch (error) {
      if (!isTapprepError(error, 'UNKNOWN_KEY') && !isTapprepError(error, 'WEAK_SIGNATURE')) throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? new TapprepError('UNKNOWN_KEY', `no key is known here that may sign ${item.fileName}`);
}

async function verifyWithoutSigner(
  item: PlanItem,
  path: string,
  digest: { readonly algorithm: 'sha256'; readonly hex: Sha256 },
  context: VerifyContext,
): Promise<Artifact> {
  const trust = { kind: 'unsigned-index', digest, index: LIST, buildId: null } as const;
  const named = { ...item, trust };
  if (!item.fileName.endsWith('.rpm')) return await verifyArtifact(named, path, context);
  const { head: _, ...file } = await checkRpmFile(path, named, context.signal);
  const evidence: Evidence = {
    ...file,
    signer: null,
    checks: [...file.checks, `the ${LIST} is not signed: accepted because that was allowed by name`],
  };
  return { item: named as PlanItem, path, evidence } as Artifact;
}

function requireDigest(artifact: Artifact, sha256: Sha256): Artifact {
  if (artifact.evidence.sha256 === sha256) return artifact;
  throw new TapprepError(
    'DIGEST_MISMATCH',
    `${artifact.item.fileName} has sha256 ${artifact.evidence.sha256}, the bundle's manifest names ${sha256}`,
  );
}
