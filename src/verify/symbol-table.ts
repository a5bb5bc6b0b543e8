/** Whether stap finds the kernel's symbol table, which kprobe.function needs (man warning::symbols). */
import { treeOf } from '../detect/own-kernel.ts';
import { isTapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Target } from '../types.ts';

/** Why a file serves as no table. */
const STATES = {
  absent: 'is not there',
  stub: 'is a stub without functions',
  // 0600 on Enterprise Linux and Ubuntu; stap, which the same user runs, does not read it either.
  unreadable: 'cannot be read by this user: run the same command with sudo',
} as const;

/**
 * Why there is none; null where there is one. Upstream's stap reads that of the build tree before; Debian's, which the
 * portable ones are, that of the debug package instead (seen by strace of 5.1-5), also where it was given a tree by its
 * directory (seen with 5.1 on a kernel of one's own). Every one reads the place in /boot.
 */
export async function findSymbolTableFault(
  host: Host,
  target: Pick<Target, 'release' | 'own'>,
): Promise<string | null> {
  const place = placeInBoot(target);
  const { state } = await readTable(host, place);
  if (state === null) return null;
  // What cannot be read may be the table: it is not replaced.
  const real = state === 'unreadable' ? null : await findRealTable(host, target);
  return `needs the kernel's symbol table, but ${place} ${STATES[state]}${real === null ? '' : `; cp ${real} ${place}`}`;
}

/**
 * The table, where it does not lie in /boot, or cannot be read there, but where packages or a build bring it; null where it lies in
 * /boot, or nowhere.
 */
export async function findTableElsewhere(host: Host, target: Pick<Target, 'release' | 'own'>): Promise<string | null> {
  const { state } = await readTable(host, placeInBoot(target));
  return state === null ? null : findRealTable(host, target);
}

/** Where a build or packages bring it: Debian ships a stub of one line in /boot and the table in the debug package. */
async function findRealTable(host: Host, target: Pick<Target, 'release' | 'own'>): Promise<string | null> {
  const { release, own } = target;
  const places = [
    ...(own === undefined ? [] : [`${treeOf(target)}/System.map`]),
    `/usr/lib/debug/boot/System.map-${release}`,
    `/usr/lib/debug/lib/modules/${release}/System.map`,
    `/lib/modules/${release}/System.map`,
    `/lib/modules/${release}/build/System.map`,
  ];
  for (const place of places) if ((await readTable(host, place)).state === null) return place;
  return null;
}

function placeInBoot({ release }: Pick<Target, 'release'>): string {
  return `/boot/System.map-${release}`;
}

/** The text of a table, and why it is none; null where it is one. */
async function readTable(
  host: Host,
  place: string,
): Promise<{ readonly text: string; readonly state: keyof typeof STATES | null }> {
  try {
    const text = await host.readText(place);
    if (text === null) return { text: '', state: 'absent' };
    return { text, state: /^[0-9a-f]+ [tT] /m.test(text) ? null : 'stub' };
  } catch (error) {
    if (!isTapprepError(error, 'PERMISSION')) throw error;
    return { text: '', state: 'unreadable' };
  }
}

/**
 * The lines of the table that name these symbols, with that of the start of the kernel's text, from which a loaded kernel is
 * moved as a whole; none where there is no table, or none that this user can read.
 */
export async function readSymbols(
  host: Host,
  target: Pick<Target, 'release' | 'own'>,
  names: readonly string[],
): Promise<readonly string[]> {
  const { text } = await readTable(host, (await findTableElsewhere(host, target)) ?? placeInBoot(target));
  const wanted = new Set(['_stext', ...names]);
  return text.split('\n').filter((line) => wanted.has(line.split(' ')[2] ?? ''));
}
