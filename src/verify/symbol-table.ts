/** Whether stap finds the kernel's symbol table, which kprobe.function needs (man warning::symbols). */
import { treeOf } from '../detect/own-kernel.ts';
import type { Host } from '../host/host.ts';
import type { Target } from '../types.ts';

/**
 * Why there is none; null where there is one. Upstream's stap reads that of the build tree before; Debian's, which the
 * portable ones are, that of the debug package instead (seen by strace of 5.1-5), also where it was given a tree by its
 * directory (seen with 5.1 on a kernel of one's own). Every one reads the place in /boot.
 */
export async function findSymbolTableFault(
  host: Host,
  target: Pick<Target, 'release' | 'own'>,
): Promise<string | null> {
  const { release } = target;
  const place = `/boot/System.map-${release}`;
  const text = await host.readText(place);
  if (text !== null && hasFunctions(text)) return null;
  const state = text === null ? 'is not there' : 'is a stub without functions';
  const real = await findRealTable(host, target);
  return `needs the kernel's symbol table, but ${place} ${state}${real === null ? '' : `; cp ${real} ${place}`}`;
}

/** The table, where it does not lie in /boot but where packages or a build bring it; null where it lies in /boot, or nowhere. */
export async function findTableElsewhere(host: Host, target: Pick<Target, 'release' | 'own'>): Promise<string | null> {
  const text = await host.readText(`/boot/System.map-${target.release}`);
  return text !== null && hasFunctions(text) ? null : findRealTable(host, target);
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
  for (const place of places) {
    const text = await host.readText(place);
    if (text !== null && hasFunctions(text)) return place;
  }
  return null;
}

function hasFunctions(text: string): boolean {
  return /^[0-9a-f]+ [tT] /m.test(text);
}

/**
 * The lines of the table that name these symbols, with that of the start of the kernel's text, from which a loaded kernel is
 * moved as a whole; none where there is no table.
 */
export async function readSymbols(
  host: Host,
  target: Pick<Target, 'release' | 'own'>,
  names: readonly string[],
): Promise<readonly string[]> {
  const elsewhere = await findTableElsewhere(host, target);
  const text = (await host.readText(elsewhere ?? `/boot/System.map-${target.release}`)) ?? '';
  const wanted = new Set(['_stext', ...names]);
  return text.split('\n').filter((line) => wanted.has(line.split(' ')[2] ?? ''));
}
