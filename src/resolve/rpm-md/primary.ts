/** Reads primary.xml from a file: unpacked, counted and digested while the frames that matter are picked out. */
import { TapprepError } from '../../errors.ts';
import { parseEvr } from '../../version/evr.ts';
import type { RecordFilter } from '../reader.ts';
import { parsePackageFrame, type PrimaryPackage } from './package-frame.ts';
import { scanFrames } from './frames.ts';
import { createSolvableReader } from './solvable-frame.ts';
import type { PrimaryIndex } from './repomd.ts';
import { unpackIndex } from './unpack-index.ts';

const LIMITS = { mostBytes: 2 * 1024 ** 3, unstatedBytes: 512 * 1024 ** 2 };
const MAX_MATCHES = 20_000;
/** Of one capability with its version, as XML. */
const MAX_ENTRY_BYTES = 1024;

export interface PrimaryFilter extends Pick<
  RecordFilter,
  'wantsName' | 'provides' | 'buildId' | 'release' | 'everything'
> {
  /** Only packages of these digests, in hex. */
  readonly digests?: ReadonlySet<string>;
}

/** What every capability that names a kernel release has in it. */
const UNAME = '-uname-r';

/**
 * The packages of an index file that the filter wants. Nothing is returned before the length and the digest of the
 * unpacked data and the number of packages were found to be the stated ones: decoders end cleanly on data cut short.
 * @param name what is read, for messages
 * @throws TapprepError BAD_METADATA | TOO_LARGE | TOOL_MISSING
 */
export async function readPrimary(
  path: string,
  index: PrimaryIndex,
  name: string,
  filter: PrimaryFilter,
): Promise<readonly PrimaryPackage[]> {
  const packages: PrimaryPackage[] = [];
  const catalogue = filter.everything?.catalogue;
  const solvables = catalogue === undefined ? null : createSolvableReader(catalogue, name);
  const capabilities = filter.provides ?? [];
  const scanner = scanFrames({
    name,
    wantsName: (packageName) => filter.wantsName(packageName),
    every: solvables !== null,
    needles: [
      ...capabilities.map(capabilityName),
      ...(filter.buildId === undefined ? [] : [filter.buildId]),
      ...(filter.release === undefined ? [] : [UNAME]),
      ...(filter.digests ?? []),
    ],
    onFrame(frame, because) {
      solvables?.read(frame);
      if (because === 'none' || (because === 'needle' && !mayProvide(frame, filter))) return;
      const found = parsePackageFrame(frame.toString('utf8'), name);
      if (!isWanted(found, filter)) return;
      if (packages.length >= MAX_MATCHES) {
        throw new TapprepError('TOO_LARGE', `${name} has more than ${MAX_MATCHES} packages of the wanted names`);
      }
      packages.push(found);
    },
  });

  await unpackIndex(path, index, name, LIMITS, (piece) => scanner.push(piece));
  scanner.end();
  return packages;
}

/** "kernel-uname-r = 5.14.0-1.el9.x86_64" and "kernel-uname-r" are looked for by the name alone. */
function capabilityName(capability: string): string {
  return capability.split(' ', 1)[0] ?? capability;
}

/**
 * Whether a frame that holds the name of a wanted capability may hold the wanted version of it too: the frames of other
 * kernels of a repository are large and need no parser. The index splits "name = V-R" into ver="V" and rel="R".
 */
function mayProvide(frame: Buffer, filter: PrimaryFilter): boolean {
  if (filter.buildId !== undefined && frame.includes(filter.buildId)) return true;
  if (filter.digests !== undefined) return true;
  const wanted = filter.release === undefined ? [] : [`${UNAME} = ${filter.release}`];
  return [...(filter.provides ?? []), ...wanted].some((capability) => {
    const name = capabilityName(capability);
    if (capability === name) return frame.includes(name);
    const { version, release } = parseEvr(capability.slice(name.length + ' = '.length));
    for (let at = frame.indexOf(name); at !== -1; at = frame.indexOf(name, at + name.length)) {
      const entry = frame.toString('latin1', at, at + MAX_ENTRY_BYTES);
      if (entry.includes(version) && entry.includes(release ?? '')) return true;
    }
    return false;
  });
}

function isWanted(found: PrimaryPackage, filter: PrimaryFilter): boolean {
  if (filter.digests !== undefined) return filter.digests.has(found.digest?.hex ?? '');
  if (filter.wantsName(found.name)) return true;
  const { buildId, release } = filter;
  return found.provides.some(
    (provided) =>
      (filter.provides ?? []).some((wanted) => provided === wanted || capabilityName(provided) === wanted) ||
      (buildId !== undefined && provided === `debuginfo(build-id) = ${buildId}`) ||
      (release !== undefined && provided.endsWith(`${UNAME} = ${release}`)),
  );
}
