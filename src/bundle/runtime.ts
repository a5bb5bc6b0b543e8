/** staprun and stapio with their own loader and libraries, as a compiled bundle carries them: nothing of the target is used. */
import { readFile } from 'node:fs/promises';
import { basename, posix } from 'node:path';
import { readElf } from '../elf/read-elf.ts';
import { TapprepError } from '../errors.ts';
import type { GuestFile } from '../vm/library-closure.ts';
import type { GuestStaprun } from '../vm/staprun.ts';
import { prepareData, prepareFile, type PreparedFile } from './files.ts';

const PROGRAMS = ['staprun', 'stapio'] as const;
/** Starts the program of its own name in ../libexec by the loader in ../lib. */
const WRAPPER = new URL('../systemtap/portable/wrapper.sh', import.meta.url);

/** A file of the runtime: where it is here, and where it lies below the runtime's directory. */
export interface RuntimeFile {
  readonly source: string;
  readonly place: string;
  /** Path of the original, for the licence of the package that it is from. */
  readonly from: string;
}

export interface Runtime {
  readonly files: readonly RuntimeFile[];
  readonly wrapper: Buffer;
}

/**
 * The runtime of a staprun with everything it needs.
 * @throws TapprepError BAD_PACKAGE where the programs have no loader or two files want one name
 */
export async function makeRuntime({ files }: GuestStaprun): Promise<Runtime> {
  const places = new Map<string, RuntimeFile>();
  for (const file of files) {
    const place = placeOf(file);
    const earlier = places.get(place);
    // Copies of one library for several places of a guest.
    if (earlier === undefined) places.set(place, { source: file.source, place, from: file.path });
    else if (earlier.source !== file.source) {
      throw new TapprepError('BAD_PACKAGE', `staprun needs ${earlier.from} and ${file.path}, which have one name`);
    }
  }
  for (const program of PROGRAMS) await requireLoader(program, places);
  return { files: [...places.values()], wrapper: await readFile(WRAPPER) };
}

function placeOf({ path }: GuestFile): string {
  const name = basename(path);
  return (PROGRAMS as readonly string[]).includes(name) ? `libexec/${name}` : `lib/${name}`;
}

/** The wrapper takes the one file in lib/ whose name begins with "ld-". */
async function requireLoader(program: string, places: ReadonlyMap<string, RuntimeFile>): Promise<void> {
  const file = places.get(`libexec/${program}`);
  const elf = file === undefined ? null : await readElf(file.source);
  const loader = elf?.interpreter === null || elf === null ? null : `lib/${basename(elf.interpreter)}`;
  const loaders = [...places.keys()].filter((place) => place.startsWith('lib/ld-'));
  if (loader !== null && loaders.length === 1 && loaders[0] === loader) return;
  throw new TapprepError(
    'BAD_PACKAGE',
    `${program} wants the loader ${loader ?? 'of its own'}, and there is ${loaders.join(', ') || 'none'}`,
  );
}

/** The runtime in a guest, called there as run.sh calls it: what is proven is what is shipped. */
export function toGuestStaprun({ files }: Runtime, prefix: string): GuestStaprun {
  const wrapper = { source: WRAPPER.pathname, mode: 0o755 };
  return {
    files: files.map(({ source, place }) => ({ source, path: posix.join(prefix, place), mode: modeOf(place) })),
    starters: PROGRAMS.map((name) => ({ ...wrapper, path: `${prefix}/bin/${name}` })),
    argv: [`${prefix}/bin/staprun`],
    env: {},
  };
}

/** The runtime as files of a bundle. */
export async function prepareRuntime(
  { files, wrapper }: Runtime,
  signal: AbortSignal,
): Promise<readonly PreparedFile[]> {
  return [
    ...(await Promise.all(
      files.map(({ source, place }) => prepareFile(`runtime/${place}`, source, signal, modeOf(place))),
    )),
    ...PROGRAMS.map((name) => prepareData(`runtime/bin/${name}`, wrapper, 0o755)),
  ];
}

function modeOf(place: string): 0o644 | 0o755 {
  return place.startsWith('libexec/') || place.startsWith('lib/ld-') ? 0o755 : 0o644;
}
