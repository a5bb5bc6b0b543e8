/** The bare system of a distribution release that a rehearsal installs into, made once and kept as a tar file. */
import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { clearLeft } from '../files/clear-left.ts';
import { isOwnFile, ownUid } from '../files/own-user.ts';
import type { Host } from '../host/host.ts';
import type { DebTarget, Emit, Repository } from '../types.ts';
import { quoteCommand, shellLine } from '../shell-words.ts';

export interface BaseRootRequest {
  readonly local: Host;
  readonly target: DebTarget;
  /** The repository that carries the release's base system. */
  readonly repository: Repository;
  /** Directory of this cache for roots. */
  readonly rootsDir: string;
  /** Only what is kept already may be used. */
  readonly offline: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Names a base system: the same name, the same tar file. */
export function nameBase({ target, repository }: Pick<BaseRootRequest, 'target' | 'repository'>): string {
  return `base-${target.distro}-${repository.suite}-${target.packageArch}`;
}

/**
 * Path of the base system's tar file, made by mmdebstrap when it is not there yet.
 * What an earlier run left half-made is removed first; the caller works exclusively on this base system.
 * apt inside mmdebstrap verifies the same signatures by the same keyring as tapprep does.
 * @throws TapprepError OFFLINE, NETWORK, TOOL_MISSING, INTERRUPTED
 */
export async function ensureBaseTar(request: BaseRootRequest): Promise<string> {
  const { local, target, repository, emit } = request;
  return keepTar(join(request.rootsDir, `${nameBase(request)}.tar`), async (work, partial) => {
    if (request.offline) {
      throw new TapprepError('OFFLINE', `the base system ${nameBase(request)} is not in ${request.rootsDir}`, {
        hint: 'run the same command once without --offline',
      });
    }
    const argv = buildMmdebstrapArgv(target, repository, partial);
    emit({ type: 'command', argv, where: local.name });
    const result = await local.run(argv, { env: { TMPDIR: work }, signal: request.signal, timeoutMs: 900_000 });
    if (result.exitCode === 0) return;
    throw new TapprepError(
      'NETWORK',
      `mmdebstrap of ${repository.suite} exited ${result.exitCode}: ${lastError(result.stderr)}`,
      {
        hint: quoteCommand(buildMmdebstrapArgv(target, repository, '/tmp/check.tar')),
        facts: { stderr: result.stderr.slice(-4000) },
      },
    );
  });
}

/**
 * A tar file under its final name only when it is whole. `make` works in a directory that is removed afterwards and writes
 * the file that its second argument names.
 */
export async function keepTar(tar: string, make: (work: string, partial: string) => Promise<void>): Promise<string> {
  if (await isKept(tar)) return tar;
  const work = `${tar}.making`;
  await clearLeft(work);
  await mkdir(work, { recursive: true });
  try {
    const partial = join(work, 'base.tar');
    await make(work, partial);
    // Under umask 000 too, it is what `isKept` takes.
    await chmod(partial, 0o600);
    await rename(partial, tar);
    return tar;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The mmdebstrap command for one release. Documentation and caches of apt are left out: nothing reads them. */
function buildMmdebstrapArgv(target: DebTarget, repository: Repository, output: string): readonly string[] {
  return [
    // What it mounts ends with it, also when it is killed: a mount that stayed would keep its directory from being removed.
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'mmdebstrap',
    '--mode=root',
    '--variant=minbase',
    '--format=tar',
    `--architectures=${target.packageArch}`,
    `--components=${repository.components.join(',') || 'main'}`,
    ...repository.trust.keyrings.map((path) => `--keyring=${path}`),
    ...(repository.allowExpiredRelease ? ['--aptopt=Acquire::Check-Valid-Until "false"'] : []),
    '--dpkgopt=force-unsafe-io',
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    repository.suite ?? target.codename ?? '',
    output,
    repository.baseUrls[0] ?? '',
  ];
}

/** Unpacks the base system into a directory that does not exist yet. @throws TapprepError INSTALL_FAILED */
export async function unpackBase(local: Host, tar: string, directory: string, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  await mkdir(directory);
  const argv = ['tar', '--extract', '--numeric-owner', '--file', tar, '--directory', directory];
  const result = await local.run(argv, { signal, timeoutMs: 300_000 });
  if (result.exitCode === 0) return;
  throw new TapprepError('INSTALL_FAILED', `${tar} could not be unpacked: ${result.stderr.trim().slice(-300)}`, {
    hint: shellLine`rm ${tar}`,
  });
}

/** Nothing signs what mmdebstrap made: it is taken because nobody else can have put it there. */
async function isKept(path: string): Promise<boolean> {
  const info = await lstat(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  });
  return info !== null && isOwnFile(info, ownUid());
}

function lastError(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return (lines.findLast((line) => line.startsWith('E:')) ?? lines.at(-1) ?? '').slice(0, 300);
}
