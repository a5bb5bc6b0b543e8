/** Whether an rpm file may be used: from its bytes and the plan's requirement to the evidence, without rpm. */
import { open } from 'node:fs/promises';
import { isErrno, TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { BuildId, Digest, Evidence, Fingerprint, PlanItem, RepositoryTrust } from '../types.ts';
import { refuseUnsigned, UNSIGNED_SWITCH } from './unsigned.ts';
import { checkHeaderDigests, checkWholeFile, type FileDigests, type KnownDigests } from './rpm-digests.ts';
import { readRpmHead, type RpmHead } from './rpm-header.ts';
import { checkRpmBuildId, checkRpmIdentity, type ExpectedRpm } from './rpm-identity.ts';
import { checkRpmSignature } from './rpm-signature.ts';
import { requireGoodSignature } from './signature-verdict.ts';

/** Headers are read whole: their bound is the parser's. */
const FIRST_READ_BYTES = 1024 * 1024;

/** What checking needs of this machine. */
interface CheckContext {
  /** Runs gpgv. */
  readonly run: Host['run'];
  readonly signal: AbortSignal;
  /** What was found while this very file was written; then it is not read again for that. */
  readonly known?: KnownDigests | undefined;
  /** The user allowed by name what nobody signed. */
  readonly allowUnsigned?: boolean | undefined;
}

/** What of a plan's item is held against the file. */
export type RpmItem = ExpectedRpm & Pick<PlanItem, 'sizeBytes'>;

/**
 * Checks a downloaded rpm in this order: is it the package that the plan names; do header and payload fit their own
 * digests; is it the file that the index names; and who vouches for it, as the requirement demands:
 * - `signed-index`: the digest, which a signature over the metadata covers; a signature in the package is not needed;
 * - `rpm-signature`: a good signature by a pinned or present key, its weaknesses allowed by name;
 * - `unsigned-index`, and a source that signs no packages: nobody does, so it is refused unless the user allowed that by
 *   name. The kernel's build-id has to be named as well where it is known, but it stands in for no signature: anybody can
 *   copy it into a package.
 * @throws TapprepError BAD_PACKAGE | VENDOR_MISMATCH | SIZE_MISMATCH | DIGEST_MISMATCH | UNSIGNED | BUILD_ID_MISMATCH,
 *   every outcome of a signature, and TOOL_MISSING | TIMEOUT | PERMISSION | NOT_FOUND when it could not be checked
 */
export async function verifyRpm(path: string, item: RpmItem, context: CheckContext): Promise<Evidence> {
  const { head, ...file } = await checkRpmFile(path, item, context.signal, context.known ?? null);
  const { signer, sentence } = await checkTrust(path, head, item, context);
  return { sha256: file.sha256, sizeBytes: file.sizeBytes, signer, checks: [...file.checks, sentence] };
}

/**
 * All of it but who vouches for it: the package is the one that is named, is whole, and has the digest and size named.
 * @throws TapprepError BAD_PACKAGE | VENDOR_MISMATCH | SIZE_MISMATCH | DIGEST_MISMATCH | NOT_FOUND | INTERRUPTED
 */
export async function checkRpmFile(
  path: string,
  item: RpmItem,
  signal: AbortSignal,
  known: KnownDigests | null = null,
): Promise<Omit<Evidence, 'signer'> & { readonly head: RpmHead }> {
  const head = await readRpmFileHead(path, item.fileName);
  const checks = [...checkRpmIdentity(head, item), ...checkHeaderDigests(head, item.fileName)];
  const digest = digestOf(item);
  const file = await checkWholeFile(path, head, item.fileName, digest?.algorithm ?? null, signal, known);
  checks.push(...file.checks, ...checkAgainstIndex(file, item, digest));
  return { head, sha256: file.sha256, sizeBytes: file.sizeBytes, checks };
}

/**
 * The same identity checks on the first bytes of a file, before the rest is fetched: null when they are not enough yet.
 * Nothing is proved by it; it spares the download of a wrong package.
 * @throws TapprepError BAD_PACKAGE | VENDOR_MISMATCH
 */
export function checkRpmPrefix(prefix: Buffer, item: ExpectedRpm): readonly string[] | null {
  const head = readRpmHead(prefix);
  return 'needBytes' in head ? null : checkRpmIdentity(head, item);
}

/** Lead, signature and header of a package file. @throws TapprepError BAD_PACKAGE */
export async function readRpmFileHead(path: string, name: string): Promise<RpmHead> {
  const file = await openForReading(path);
  try {
    const { size } = await file.stat();
    let wanted = Math.min(FIRST_READ_BYTES, size);
    for (;;) {
      const buffer = Buffer.alloc(wanted);
      const { bytesRead } = await file.read(buffer, 0, wanted, 0);
      const head = readRpmHead(buffer.subarray(0, bytesRead));
      if (!('needBytes' in head)) return head;
      if (head.needBytes > size || bytesRead < wanted) {
        throw new TapprepError(
          'BAD_PACKAGE',
          `${name} ends in its header: it has ${size} bytes, ${head.needBytes} are needed`,
        );
      }
      wanted = head.needBytes;
    }
  } finally {
    await file.close();
  }
}

async function openForReading(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    return await open(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new TapprepError('NOT_FOUND', `${path} does not exist, so it cannot be checked`, { cause: error });
  }
}

function digestOf(item: RpmItem): Digest | null {
  return item.trust.digest;
}

function checkAgainstIndex(file: FileDigests, item: RpmItem, digest: Digest | null): readonly string[] {
  if (item.sizeBytes !== null && item.sizeBytes !== file.sizeBytes) {
    throw new TapprepError(
      'SIZE_MISMATCH',
      `${item.fileName} has ${file.sizeBytes} bytes, the index names ${item.sizeBytes}`,
      { facts: { found: file.sizeBytes, expected: item.sizeBytes } },
    );
  }
  if (digest === null) return [];
  if (file.wanted !== digest.hex) {
    throw new TapprepError(
      'DIGEST_MISMATCH',
      `${item.fileName} has the ${digest.algorithm} ${file.wanted}, the index names ${digest.hex}`,
      { facts: { found: file.wanted, expected: digest.hex, algorithm: digest.algorithm } },
    );
  }
  return [`file has the ${digest.algorithm} that the index names`];
}

interface Vouched {
  readonly signer: Fingerprint | null;
  readonly sentence: string;
}

async function checkTrust(path: string, head: RpmHead, item: RpmItem, context: CheckContext): Promise<Vouched> {
  const { trust } = item;
  const allowed = context.allowUnsigned === true;
  switch (trust.kind) {
    case 'signed-index':
      return { signer: trust.signer, sentence: `the index ${trust.index} is signed by ${trust.signer}` };
    case 'unsigned-index':
      return takeUnsigned(
        head,
        item,
        trust.buildId,
        `neither the package nor the index ${trust.index} is signed`,
        allowed,
      );
    case 'rpm-signature':
      return trust.trust.packages === 'unsigned'
        ? takeUnsigned(head, item, trust.buildId ?? null, 'its source does not sign packages', allowed)
        : await requireSignature(path, head, item, trust.trust, context.run);
  }
}

/** What nobody signed: never without the user's word, and then it still has to be of the kernel's build. */
function takeUnsigned(head: RpmHead, item: RpmItem, buildId: BuildId | null, why: string, allowed: boolean): Vouched {
  if (!allowed) throw refuseUnsigned(`${item.fileName} is not accepted: ${why}`, { name: item.fileName });
  const build = buildId === null ? '' : `${checkRpmBuildId(head, item, buildId)}; `;
  return { signer: null, sentence: `${build}accepted unsigned, by ${UNSIGNED_SWITCH}, because ${why}` };
}

async function requireSignature(
  path: string,
  head: RpmHead,
  item: RpmItem,
  trust: RepositoryTrust,
  run: Host['run'],
): Promise<Vouched> {
  const { scope, verdict } = await checkRpmSignature(path, head, item.fileName, trust, run);
  requireGoodSignature(verdict, { name: item.fileName, keyrings: trust.keyrings, fingerprints: trust.fingerprints });
  const signer = verdict.primary ?? verdict.signer;
  const weak = verdict.weaknesses.length === 0 ? '' : `, accepted though it is ${verdict.weaknesses.join(', ')}`;
  return { signer, sentence: `${scope} signed by ${signer}${weak}` };
}
