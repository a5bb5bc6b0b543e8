/** The staprun of a portable SystemTap in a virtual machine: the part of its folder that runs it, laid out and started as there. */
import { basename, join } from 'node:path';
import { readElf } from '../../elf/read-elf.ts';
import { TapprepError } from '../../errors.ts';
import type { GuestFile } from '../../vm/library-closure.ts';
import type { GuestStaprun } from '../../vm/staprun.ts';
import type { PortableSystemtap } from './kept.ts';

const PROGRAMS = ['staprun', 'stapio'] as const;
/** The C library opens it when a thread ends. */
const OPENED_AT_RUN_TIME = 'libgcc_s.so.1';

/** Everything stays below the prefix: programs of the target, with another C library, run beside it. @throws TapprepError BAD_PACKAGE */
export function collectGuestStaprun({ directory, manifest }: PortableSystemtap, prefix: string): Promise<GuestStaprun> {
  const held = new Set(manifest.files.map(({ path }) => path));
  return collectGuestStaprunFrom((place) => Promise.resolve(held.has(place) ? join(directory, place) : null), prefix);
}

/** The same where the folder is on the target. @param fetch a file of the folder as a path on this machine; null where it has none */
export async function collectGuestStaprunFrom(
  fetch: (place: string) => Promise<string | null>,
  prefix: string,
): Promise<GuestStaprun> {
  const get = async (place: string): Promise<string> => {
    const source = await fetch(place);
    if (source !== null) return source;
    throw new TapprepError('BAD_PACKAGE', `${prefix} has no ${place}`, { facts: { prefix, place } });
  };
  const collect = async (programs: readonly string[]): Promise<Pick<GuestStaprun, 'files' | 'starters'>> => {
    const files = new Map<string, GuestFile>();
    const queue: string[] = [...programs.map((name) => `libexec/${name}`), `lib/${OPENED_AT_RUN_TIME}`];
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
      if (files.has(place)) continue;
      const source = await get(place);
      const elf = await readElf(source);
      if (elf === null) throw new TapprepError('BAD_PACKAGE', `${source} is no program or library`);
      files.set(place, { source, path: `${prefix}/${place}`, mode: 0o755 });
      const loader = elf.interpreter === null ? [] : [basename(elf.interpreter)];
      queue.push(...[...loader, ...elf.needed].map((name) => `lib/${name}`));
    }
    return {
      files: [...files.values()],
      starters: await Promise.all(
        programs.map(async (name) => ({
          source: await get(`bin/${name}`),
          path: `${prefix}/bin/${name}`,
          mode: 0o755,
        })),
      ),
    };
  };
  // SystemTap before 4.0 has none.
  const hasBpf = (await fetch('libexec/stapbpf')) !== null;
  return {
    ...(await collect(PROGRAMS)),
    argv: [`${prefix}/bin/staprun`],
    ...(hasBpf ? { bpf: { ...(await collect(['stapbpf'])), argv: [`${prefix}/bin/stapbpf`] } } : {}),
    env: {},
  };
}
