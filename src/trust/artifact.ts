/** The only maker of an Artifact: a downloaded file that passed everything its plan item requires. */
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Artifact, Digest, Evidence, PlanItem } from '../types.ts';
import { isWellFormedDigest, verifyFileDigest } from './checksums.ts';
import { readDebIdentity } from './deb-control.ts';
import type { KnownDigests } from './rpm-digests.ts';
import { verifyRpm } from './rpm-verify.ts';
import { refuseUnsigned } from './unsigned.ts';

/** What checking may need of this machine. */
export interface VerifyContext {
  /** Runs gpgv on this machine. */
  readonly run: Host['run'];
  readonly signal: AbortSignal;
  /** What was found while this very file was written, by the digest of the item; then it is not read again for that. */
  readonly known?: KnownDigests | undefined;
  /** The user allowed by name what nobody signed (--allow-unsigned-packages). */
  readonly allowUnsigned?: boolean | undefined;
}

type VerifyPackage = (item: PlanItem, path: string, context: VerifyContext) => Promise<Evidence>;

const BY_FORMAT: readonly (readonly [RegExp, VerifyPackage])[] = [
  [/\.d?deb$/, verifyDeb],
  [/\.rpm$/, (item, path, context) => verifyRpm(path, item, context)],
];

/**
 * Checks a file against its plan item and returns it as an Artifact: size and digest by the index, that the package is
 * the one it is listed as, and for an rpm who signed it.
 * @throws TapprepError DIGEST_MISMATCH | SIZE_MISMATCH | BAD_PACKAGE | NOT_FOUND, and what the package format's own
 *   signature may fail by.
 */
export async function verifyArtifact(item: PlanItem, path: string, context: VerifyContext): Promise<Artifact> {
  const verify = BY_FORMAT.find(([pattern]) => pattern.test(item.fileName))?.[1];
  if (verify === undefined) {
    throw new TapprepError('BAD_PACKAGE', `${item.fileName} is of no kind of package that can be checked`);
  }
  return { item, path, evidence: await verify(item, path, context) } as Artifact;
}

async function checkDigest(
  item: PlanItem,
  path: string,
  { signal, known }: VerifyContext,
): Promise<Omit<Evidence, 'signer'>> {
  const digest = digestOf(item);
  const isKnown = known?.wanted === digest.hex && (item.sizeBytes === null || item.sizeBytes === known.sizeBytes);
  const found = isKnown
    ? { sha256: known.sha256, sizeBytes: known.sizeBytes }
    : await verifyFileDigest(path, digest, item.sizeBytes, signal);
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
async function verifyDeb(item: PlanItem, path: string, context: VerifyContext): Promise<Evidence> {
  const { trust } = item;
  const file = await checkDigest(item, path, context);
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
  if (trust.kind === 'unsigned-index' && context.allowUnsigned !== true) {
    throw refuseUnsigned(`${item.fileName} is not accepted: its index ${trust.index} is not signed`, {
      name: item.name,
    });
  }
  const signer = trust.kind === 'signed-index' ? trust.signer : null;
  const signed = signer === null ? 'the index is not signed' : `the index is signed by ${signer}`;
  return { ...file, signer, checks: [...file.checks, signed, `its control file says ${stated}`] };
}
