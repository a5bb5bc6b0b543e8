/** A kernel's debug information by its build-id from a debuginfod: found for a plan, fetched, checked and put in place. */
import { posix } from 'node:path';
import { isTapprepError, TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { placeDebugFiles } from '../install/place-debug-files.ts';
import { tapprep } from '../make-remedy.ts';
import { debuginfoPlace } from '../resolve/debuginfod/place.ts';
import { debuginfoUrl, listServers } from '../resolve/debuginfod/servers.ts';
import { checkLooseVmlinux } from '../trust/loose-vmlinux.ts';
import type { FileItem, PlacedFile, Plan, Sha256 } from '../types.ts';
import type { OpenTarget } from './open-target.ts';
import type { Session } from './session.ts';

/** The largest vmlinux of any distribution is below 2 GB. */
const MAX_VMLINUX_BYTES = 4e9;
/** A status of a server that has no such file. */
const ABSENT = [404, 410];
/** elfutils' own server answers so to HEAD, whatever it has: only asking for the file tells. */
const NO_HEAD = [400, 405, 501];

/**
 * Adds the vmlinux of the very build, where it is not there yet.
 * @throws TapprepError NO_BUILD_ID; NO_EXACT_PACKAGE naming every address that was asked; why no server answered
 */
export async function addDebuginfodFile(session: Session, open: OpenTarget, plan: Plan): Promise<Plan> {
  const { target, facts, host } = open;
  const { buildId, release, arch, distro } = target;
  if (buildId === null) {
    throw new TapprepError(
      'NO_BUILD_ID',
      `a debuginfod is asked by build-id, but that of kernel ${release} is not known: it neither runs nor lies there as an image`,
      { remedy: tapprep('plan') },
    );
  }
  if (facts.debuginfo.some((one) => one.buildId === buildId && one.hasDwarf === true)) return plan;
  const servers = listServers(session.debuginfodUrls, await readServerFiles(host), distro);
  const asked = servers.map((server) => debuginfoUrl(server, buildId));
  const having: { readonly url: string; readonly sizeBytes: number | null }[] = [];
  let failure: unknown = null;
  for (const url of asked) {
    try {
      const answer = await session.reader.probe(url);
      if (ABSENT.includes(answer.status)) continue;
      having.push({ url, sizeBytes: NO_HEAD.includes(answer.status) ? null : answer.sizeBytes });
    } catch (error) {
      if (!isTapprepError(error) || error.code === 'INTERRUPTED') throw error;
      failure ??= error;
    }
  }
  const [first] = having;
  if (first === undefined) {
    throw failure ?? noServerHas(release, buildId, asked);
  }
  const item: FileItem = {
    kind: 'file',
    role: 'debuginfo',
    name: 'vmlinux',
    version: release,
    arch,
    buildId,
    urls: having.map(({ url }) => url),
    place: debuginfoPlace(release),
    sizeBytes: first.sizeBytes,
    installedBytes: first.sizeBytes,
    repository: 'debuginfod',
    install: true,
  };
  return {
    ...plan,
    items: [...plan.items, item],
    downloadBytes: plan.downloadBytes + (first.sizeBytes ?? 0),
    installedBytes: plan.installedBytes + (first.sizeBytes ?? 0),
    notes: [
      ...plan.notes,
      `nobody signs what a debuginfod serves: ${item.name} of ${release} is held against build-id ${buildId}, its DWARF and its release, and against nothing else`,
    ],
  };
}

function noServerHas(release: string, buildId: string, asked: readonly string[]): TapprepError {
  const text = `no debuginfod has the build ${buildId} of kernel ${release}: ${asked.join(', ')}`;
  return new TapprepError('NO_EXACT_PACKAGE', text, { remedy: tapprep('plan'), facts: { asked } });
}

/** /etc/debuginfod/*.urls of the target, as elfutils' profile script reads them; empty for a target that is not here. */
async function readServerFiles(host: Host | null): Promise<string> {
  if (host === null) return '';
  const run = await host.run([
    'sh',
    '-c',
    'for file in /etc/debuginfod/*.urls; do [ ! -f "$file" ] || cat "$file"; done',
  ]);
  return run.stdout.slice(0, 64 * 1024);
}

/** A file that was fetched and found to be what it was asked for as. */
export interface LooseFile {
  readonly item: FileItem;
  readonly path: string;
  readonly url: string;
  readonly sha256: Sha256;
}

/**
 * From the first server that tells the truth; what a liar served leaves the cache.
 * @throws TapprepError NO_EXACT_PACKAGE where none has it; else of the first that has and lies or fails: of fetch, NOT_DEBUGINFO,
 *   BUILD_ID_MISMATCH, WRONG_RELEASE, BAD_PACKAGE
 */
export async function acquireLooseFile(session: Session, item: FileItem): Promise<LooseFile> {
  let failure: unknown = null;
  for (const url of item.urls) {
    try {
      const file = await session.fetcher.fetchFile({
        name: `vmlinux of ${item.version}`,
        urls: [url],
        sizeBytes: null,
        digest: null,
        maxBytes: MAX_VMLINUX_BYTES,
        redirects: 'same-host',
      });
      try {
        await checkLooseVmlinux(file.path, item, url);
      } catch (error) {
        await session.fetcher.evict(file);
        throw error;
      }
      return { item, path: file.path, url, sha256: file.sha256 };
    } catch (error) {
      if (!isTapprepError(error) || error.code === 'INTERRUPTED') throw error;
      session.emit({ type: 'note', level: 'warning', text: error.message });
      if (error.code !== 'NOT_FOUND') failure ??= error;
    }
  }
  throw failure ?? noServerHas(item.version, item.buildId, item.urls);
}

/** Puts it where stap looks. @throws TapprepError as placeDebugFiles */
export async function placeLooseFile(
  { tapprepVersion, now }: Pick<Session, 'tapprepVersion' | 'now'>,
  host: Host,
  { item, path, url, sha256 }: LooseFile,
): Promise<PlacedFile> {
  const file: PlacedFile = { path: item.place, url, sha256, buildId: item.buildId, signed: false };
  const directory = { host, path: posix.dirname(item.place), release: item.version, tapprepVersion, now };
  await placeDebugFiles(directory, [{ source: path, file }]);
  return file;
}
