/**
 * The bare system of an rpm distribution, put together from its closure by rpm itself: the same for every age and vendor,
 * where dnf of today reads neither the metadata nor the database of the older ones.
 */
import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TapprepError } from '../errors.ts';
import { copyVerified } from '../files/private-copy.ts';
import type { Host, RunResult } from '../host/host.ts';
import type { Artifact, Emit, RpmTarget } from '../types.ts';
import { keepTar } from './base-root.ts';

export interface RpmBaseRequest {
  readonly local: Host;
  readonly target: RpmTarget;
  /** Every package of the base system, verified. */
  readonly artifacts: readonly Artifact[];
  /** Directory of this cache for roots. */
  readonly rootsDir: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Where the packages lie in the root while they are installed, and what this machine's rpm writes down of them. */
const STAGING = '/var/tmp/tapprep-base';

/** What scriptlets write to and read from. */
const DEVICES = [
  ['null', '1', '3'],
  ['zero', '1', '5'],
  ['full', '1', '7'],
  ['random', '1', '8'],
  ['urandom', '1', '9'],
] as const;

/** Names a base system by its packages: the same name, the same tar file. */
export function nameRpmBase({ target, artifacts }: Pick<RpmBaseRequest, 'target' | 'artifacts'>): string {
  const digests = artifacts.map(({ evidence }) => evidence.sha256).toSorted();
  const key = createHash('sha256').update(digests.join('\n')).digest('hex').slice(0, 12);
  return `base-${target.distro}-${target.version ?? 'any'}-${target.packageArch}-${key}`;
}

/**
 * Path of the base system's tar file, made when it is not there yet; the caller works exclusively on this base system.
 * This machine's rpm unpacks the packages and runs their scripts; then the root's own rpm writes its database anew, in the
 * place and the format that it reads.
 * @throws TapprepError INSTALL_FAILED with rpm's words, DIGEST_MISMATCH, NO_SPACE, INTERRUPTED
 */
export async function ensureRpmBaseTar(request: RpmBaseRequest): Promise<string> {
  const { local, rootsDir, signal } = request;
  return keepTar(join(rootsDir, `${nameRpmBase(request)}.tar`), async (work, partial) => {
    const root = join(work, 'root');
    const files = await stagePackages(root, request);
    for (const [name, major, minor] of DEVICES)
      await run(request, ['mknod', '-m', '666', join(root, 'dev', name), 'c', major, minor]);
    await run(request, [
      'rpm',
      '--root',
      root,
      '--dbpath',
      `${STAGING}/db`,
      '--install',
      '--excludedocs',
      // tapprep has verified every one of them, and the copies by their digests: the keys of this machine's rpm are not asked.
      '--nosignature',
      '--nodigest',
      '--define',
      '_pkgverify_level none',
      ...files.map((file) => join(root, file)),
    ]);
    const own = ['chroot', root, 'rpm', '--install', '--justdb', '--nodeps', '--noscripts', '--notriggers'];
    await run(request, [...own, '--nosignature', '--nodigest', ...files]);
    await rm(join(root, STAGING), { recursive: true, force: true });
    const tar = ['tar', '--create', '--numeric-owner', '--file', partial, '--directory', root, '.'];
    await run({ local, signal }, tar);
  });
}

/** Copies the packages below the root; their paths seen from there. */
async function stagePackages(
  root: string,
  { artifacts, signal }: Pick<RpmBaseRequest, 'artifacts' | 'signal'>,
): Promise<readonly string[]> {
  await mkdir(join(root, STAGING), { recursive: true });
  await mkdir(join(root, 'dev'));
  const files: string[] = [];
  for (const { item, path, evidence } of artifacts) {
    const file = `${STAGING}/${item.fileName}`;
    await copyVerified(path, join(root, file), evidence.sha256, signal);
    files.push(file);
  }
  return files;
}

async function run(
  { local, emit, signal }: Pick<RpmBaseRequest, 'local' | 'signal'> & { readonly emit?: Emit },
  argv: readonly string[],
): Promise<RunResult> {
  emit?.({ type: 'command', argv, where: local.name });
  const result = await local.run(argv, { signal, timeoutMs: 900_000 });
  if (result.exitCode === 0) return result;
  const words = result.stderr.trim().split('\n').slice(-3).join(' / ').slice(-400);
  throw new TapprepError(
    'INSTALL_FAILED',
    `the base system could not be made: ${argv[0]} exited ${result.exitCode}: ${words}`,
    {
      facts: { argv, stderr: result.stderr.slice(-4000) },
    },
  );
}
