/** The only maker of an Artifact: a downloaded file that passed everything its plan item requires. */
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Artifact, Digest, Evidence, Fingerprint, PlanItem } from '../types.ts';
import { isWellFormedDigest, verifyFileDigest } from './checksums.ts';
import { readDebIdentity } from './deb-control.ts';

/** What checking may need of this machine. */
export interface VerifyContext {
  /** Runs gpgv on this machine. */
  readonly run: Host['run'];
  readonly signal: AbortSignal;
}

/** What one kind of package adds to the digest: who signed it, and sentences of what was checked. */
interface PackageCheck {
  readonly signer: Fingerprint | null;
  readonly checks: readonly string[];
}

type CheckPackage = (item: PlanItem, path: string, context: VerifyContext) => Promise<PackageCheck>;

const BY_FORMAT: readonly (readonly [RegExp, CheckPackage])[] = [[/\.d?deb$/, checkDeb]];

/**
 * Checks a file against its plan item and returns it as an Artifact: size and digest by the index, then that the package
 * is the one it is listed as.
 * @throws TapprepError DIGEST_MISMATCH | SIZE_MISMATCH | BAD_PACKAGE | NOT_FOUND, and what the package format's own
 *   signature may fail by.
 */
export async function verifyArtifact(item: PlanItem, path: string, context: VerifyContext): Promise<Artifact> {
  const check = BY_FORMAT.find(([pattern]) => pattern.test(item.fileName))?.[1];
  if (check === undefined) {
    throw new TapprepError('BAD_PACKAGE', `${item.fileName} is of no kind of package that can be checked`);
  }
  const file = await checkDigest(item, path, context.signal);
  const { signer, checks } = await check(item, path, context);
  const evidence: Evidence = { ...file, signer, checks: [...file.checks, ...checks] };
  return { item, path, evidence } as Artifact;
}

async function checkDigest(item: PlanItem, path: string, signal: AbortSignal): Promise<Omit<Evidence, 'signer'>> {
  const digest = digestOf(item);
  const found = await verifyFileDigest(path, digest, item.sizeBytes, signal);
  const source = item.trust.kind === 'rpm-signature' ? 'the index' : item.trust.index;
  return { ...found, checks: [`${digest.algorithm} ${digest.hex} as ${source} names it`] };
}

function digestOf({ trust, fileName }: PlanItem): Digest {
  const { digest } = trust;
  if (digest === null || !isWellFormedDigest(digest)) {
    throw new TapprepError('BAD_METADATA', `no index names a digest of ${fileName}, so it cannot be checked`);
  }
  return digest;
}

/** A .deb carries no signature of its own: the signed index vouches for its digest, its control file for its name. */
async function checkDeb(item: PlanItem, path: string): Promise<PackageCheck> {
  const { trust } = item;
  if (trust.kind === 'rpm-signature' || (trust.kind === 'signed-index' && trust.digest.algorithm === 'sha1')) {
    throw new TapprepError('BAD_PACKAGE', `${item.fileName} is no package that ${trust.kind} can vouch for`);
  }
  const found = await readDebIdentity(path);
  const wanted = `${item.name} ${item.version} ${item.arch}`;
  const stated = `${found.name} ${found.version} ${found.arch}`;
  if (stated !== wanted) {
    throw new TapprepError('BAD_PACKAGE', `${item.fileName} says it is ${stated}, the index lists it as ${wanted}`, {
      facts: { found, wanted: { name: item.name, version: item.version, arch: item.arch } },
    });
  }
  const signer = trust.kind === 'signed-index' ? trust.signer : null;
  const signed = signer === null ? 'the index is not signed' : `the index is signed by ${signer}`;
  return { signer, checks: [signed, `its control file says ${stated}`] };
}
