/** Puts a portable SystemTap on a target, below one directory, and writes it into the target's journal. */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { isErrno, isTapprepError, TapprepError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { isOurs, removeTree } from '../../install/directories.ts';
import { writeEntry, type JournalEntry } from '../../install/journal.ts';
import type { Emit } from '../../types.ts';
import type { UsableSystemtap } from '../usable.ts';
import { collectGuestStaprun } from './guest.ts';
import { verifyPortable, type PortableSystemtap } from './kept.ts';
import { MANIFEST_NAME, parseManifest, type PortableFile, type PortableManifest } from './manifest.ts';
import { findNoexecMount } from './noexec.ts';
import { whyNotServed } from './serves.ts';

export interface PlaceRequest {
  /** The target: this host or a root directory. */
  readonly host: Host;
  readonly portable: PortableSystemtap;
  /** Absolute, on the target; `defaultPrefix` where left out. */
  readonly prefix?: string;
  /** uname -r and uname -m of the kernel it is for. */
  readonly release: string;
  readonly arch: string;
  readonly tapprepVersion: string;
  readonly emit: Emit;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

export interface PlacedSystemtap extends UsableSystemtap {
  readonly prefix: string;
  readonly manifest: PortableManifest;
  /** False where it was there already, whole. */
  readonly changed: boolean;
}

const STAP_TIMEOUT_MS = 60_000;

/** Where a version goes unless told otherwise. */
function defaultPrefix(version: string): string {
  return `/opt/tapprep/systemtap-${version}`;
}

/**
 * Copies the folder to the target, every file checked against the manifest on the way, and starts it once. What is in the
 * place of the prefix is only replaced when it is a portable SystemTap of tapprep.
 * @throws TapprepError USAGE (prefix), NOT_PROVEN (a kernel that it cannot serve), INSTALL_FAILED, DIGEST_MISMATCH,
 *   PERMISSION (noexec, read-only), NO_SPACE; nothing is left behind then.
 */
export async function placePortable(request: PlaceRequest): Promise<PlacedSystemtap> {
  const { host, portable, release, arch } = request;
  const { manifest } = portable;
  const prefix = checkPrefix(request.prefix ?? defaultPrefix(manifest.version));
  const refusal = whyNotServed(manifest, release, arch);
  if (refusal !== null) throw new TapprepError('NOT_PROVEN', refusal, { hint: 'add --systemtap distro' });
  const place = localPathOf(host, prefix);
  const placed = {
    prefix,
    manifest,
    stapArgv: [`${prefix}/bin/stap`],
    staprunArgv: [`${prefix}/bin/staprun`],
  };
  if (await isPlaced(place, manifest)) {
    await start(host, prefix, place);
    return { ...placed, guestStaprun: await collectGuestStaprun(portable, prefix), changed: false };
  }
  const making = `${prefix}.tapprep-making`;
  const entry: JournalEntry = {
    at: new Date(request.now()).toISOString(),
    tapprep: request.tapprepVersion,
    release,
    state: 'started',
    packages: [],
    replaced: [],
    files: [making, prefix],
  };
  await refuseForeign(host, prefix);
  await writeEntry(host, entry);
  let isThere = false;
  try {
    await removeTree(host, making);
    await copyFolder(portable, localPathOf(host, making), request.signal);
    await removeTree(host, prefix);
    await rename(localPathOf(host, making), place);
    isThere = true;
    await start(host, prefix, place);
    await writeEntry(host, { ...entry, state: 'done', files: [prefix] });
    return { ...placed, guestStaprun: await collectGuestStaprun(portable, prefix), changed: true };
  } catch (error) {
    await removeTree(host, isThere ? prefix : making);
    await writeEntry(host, { ...entry, state: 'failed', files: [] });
    throw explain(error, prefix, host);
  }
}

function checkPrefix(prefix: string): string {
  const isPlain = /^\/[^\u0000-\u001f\u007f:;$]+$/.test(prefix) && !prefix.split('/').includes('..');
  const normal = posix.normalize(prefix).replace(/\/$/, '');
  if (isPlain && posix.dirname(normal) !== '/') return normal;
  throw new TapprepError(
    'USAGE',
    `${prefix} cannot hold a SystemTap: an absolute path of two parts or more without ":", ";" or "$" is needed`,
    { facts: { prefix } },
  );
}

function localPathOf(host: Host, path: string): string {
  const local = host.localPath(path);
  if (local !== null) return local;
  throw new TapprepError(
    'USAGE',
    `a portable SystemTap cannot be put on ${host.name} yet, only on this host or a root`,
  );
}

/** Whether the very folder is there already, whole. */
async function isPlaced(place: string, wanted: PortableManifest): Promise<boolean> {
  try {
    const manifest = parseManifest(await readFile(join(place, MANIFEST_NAME), 'utf8'), place);
    if (manifest.key !== wanted.key) return false;
    await verifyPortable({ directory: place, manifest: wanted });
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return false;
    if (isTapprepError(error, 'DIGEST_MISMATCH') || isTapprepError(error, 'BAD_PACKAGE')) return false;
    throw error;
  }
}

async function refuseForeign(host: Host, prefix: string): Promise<void> {
  const there = await host.run(['ls', '-A', '--', prefix]);
  if (there.exitCode !== 0 || there.stdout === '') return;
  if (await isOurs(host, prefix)) return;
  throw new TapprepError('INSTALL_FAILED', `${prefix} on ${host.name} is there already and was not made by tapprep`, {
    hint: `ls -la ${prefix}`,
    facts: { prefix },
  });
}

/** The marker first: until the folder has its name it is nothing but what `remove` has to recognise. */
async function copyFolder({ directory, manifest }: PortableSystemtap, to: string, signal: AbortSignal): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o755 });
  await writeWhole(join(to, MANIFEST_NAME), await readFile(join(directory, MANIFEST_NAME)), 0o644);
  const made = new Set<string>();
  for (const file of manifest.files) {
    if (signal.aborted) throw new TapprepError('INTERRUPTED', 'stopped while a portable SystemTap was put in place');
    const folder = dirname(join(to, file.path));
    if (!made.has(folder)) await mkdir(folder, { recursive: true, mode: 0o755 });
    made.add(folder);
    await writeWhole(join(to, file.path), await readChecked(directory, file), file.mode);
  }
}

async function readChecked(directory: string, { path, sha256 }: PortableFile): Promise<Uint8Array> {
  const data = await readFile(join(directory, path));
  const found = createHash('sha256').update(data).digest('hex');
  if (found === sha256) return data;
  throw new TapprepError('DIGEST_MISMATCH', `${path} has sha256 ${found} but the manifest says ${sha256}`, {
    hint: `rm -r ${directory}`,
  });
}

async function writeWhole(path: string, data: Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(data);
    // The umask has cut the mode given to open.
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}

/** Starts stap once: the only way to know that the place can be executed from and that its C library takes the kernel. */
async function start(host: Host, prefix: string, place: string): Promise<void> {
  const stap = `${prefix}/bin/stap`;
  let words: string;
  try {
    const result = await host.run([stap, '-V'], { timeoutMs: STAP_TIMEOUT_MS });
    if (result.exitCode === 0) return;
    words = `exited with status ${result.exitCode ?? 'none'}: ${result.stderr.trim().split('\n').at(-1) ?? ''}`;
  } catch (error) {
    if (!isTapprepError(error, 'PERMISSION')) throw error;
    words = error.message;
  }
  const mount = await findNoexecMount(place);
  if (mount !== null) {
    throw new TapprepError(
      'PERMISSION',
      `nothing below ${prefix} on ${host.name} can be executed, because ${mount} is mounted noexec`,
      { hint: `mount -o remount,exec ${mount}`, facts: { prefix, mount } },
    );
  }
  throw new TapprepError('INSTALL_FAILED', `${stap} does not start on ${host.name}: ${words}`, { facts: { prefix } });
}

function explain(error: unknown, prefix: string, host: Host): unknown {
  if (isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT')) {
    return new TapprepError('NO_SPACE', `no space left below ${prefix} on ${host.name}; about 60 MB are needed`, {
      cause: error,
    });
  }
  if (isErrno(error, 'EACCES') || isErrno(error, 'EROFS') || isErrno(error, 'EPERM')) {
    return new TapprepError('PERMISSION', `${prefix} on ${host.name} cannot be written by this user`, { cause: error });
  }
  return error;
}
