/** staprun and stapio, or stapbpf, with their own loader and libraries, as a compiled bundle carries them: nothing of the target is used. */
import { readFile } from 'node:fs/promises';
import { basename, posix } from 'node:path';
import { readElf } from '../elf/read-elf.ts';
import { TapprepError } from '../errors.ts';
import type { Runtime as RuntimeKind } from '../types.ts';
import type { GuestFile } from '../vm/library-closure.ts';
import type { GuestStaprun } from '../vm/staprun.ts';
import { prepareData, prepareFile, type PreparedFile } from './files.ts';

const PROGRAMS: Readonly<Record<RuntimeKind, readonly string[]>> = { module: ['staprun', 'stapio'], bpf: ['stapbpf'] };
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
  readonly kind: RuntimeKind;
  readonly wrapper: Buffer;
}

/**
 * The runtime of a staprun, or of the stapbpf beside it, with everything it needs.
 * @throws TapprepError BAD_PACKAGE where the programs have no loader or two files want one name; TOOL_MISSING without stapbpf
 */
export async function makeRuntime(staprun: GuestStaprun, kind: RuntimeKind = 'module'): Promise<Runtime> {
  const { files } = kind === 'bpf' ? (staprun.bpf ?? missingStapbpf()) : staprun;
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
  for (const program of PROGRAMS[kind]) await requireLoader(program, places);
  return { files: [...places.values()], kind, wrapper: await readFile(WRAPPER) };
}

function placeOf({ path }: GuestFile): string {
  const name = basename(path);
  return Object.values(PROGRAMS).flat().includes(name) ? `libexec/${name}` : `lib/${name}`;
}

/** As the wrapper finds it: ld-linux-x86-64.so.2, and ld64.so.1 of s390x. */
const LOADER = /^lib\/ld(?:-|64\.so\.)/;

/** The wrapper takes the one loader that there is. */
async function requireLoader(program: string, places: ReadonlyMap<string, RuntimeFile>): Promise<void> {
  const file = places.get(`libexec/${program}`);
  const elf = file === undefined ? null : await readElf(file.source);
  const loader = elf?.interpreter === null || elf === null ? null : `lib/${basename(elf.interpreter)}`;
  const loaders = [...places.keys()].filter((place) => LOADER.test(place));
  if (loader !== null && loaders.length === 1 && loaders[0] === loader) return;
  throw new TapprepError(
    'BAD_PACKAGE',
    `${program} wants the loader ${loader ?? 'of its own'}, and there is ${loaders.join(', ') || 'none'}`,
  );
}

/** The runtime in a guest, called there as run.sh calls it: what is proven is what is shipped. */
export function toGuestStaprun({ files, kind }: Runtime, prefix: string): GuestStaprun {
  const wrapper = { source: WRAPPER.pathname, mode: 0o755 };
  const runner = {
    files: files.map(({ source, place }) => ({ source, path: posix.join(prefix, place), mode: modeOf(place) })),
    starters: PROGRAMS[kind].map((name) => ({ ...wrapper, path: `${prefix}/bin/${name}` })),
    argv: [`${prefix}/bin/${PROGRAMS[kind][0] ?? ''}`],
  };
  // Without a module there is no staprun, and nothing calls it.
  return kind === 'bpf' ? { files: [], starters: [], argv: [], bpf: runner, env: {} } : { ...runner, env: {} };
}

/** The runtime as files of a bundle. */
export async function prepareRuntime(
  { files, kind, wrapper }: Runtime,
  signal: AbortSignal,
): Promise<readonly PreparedFile[]> {
  return [
    ...(await Promise.all(
      files.map(({ source, place }) => prepareFile(`runtime/${place}`, source, signal, modeOf(place))),
    )),
    ...PROGRAMS[kind].map((name) => prepareData(`runtime/bin/${name}`, wrapper, 0o755)),
  ];
}

function missingStapbpf(): never {
  throw new TapprepError('TOOL_MISSING', 'this SystemTap has no stapbpf, which runs what is made for the bpf runtime', {
    hint: 'install systemtap-runtime of a release that has stapbpf (4.0 or newer)',
  });
}

function modeOf(place: string): 0o644 | 0o755 {
  return place.startsWith('libexec/') || LOADER.test(place) ? 0o755 : 0o644;
}
