/** Whether stap finds the kernel's symbol table, which kprobe.function needs (man warning::symbols). */
import type { Host } from '../host/host.ts';

/** Why there is none; null where there is one. */
export async function findSymbolTableFault(host: Host, release: string): Promise<string | null> {
  const place = `/boot/System.map-${release}`;
  const texts = [await host.readText(`/lib/modules/${release}/build/System.map`), await host.readText(place)];
  if (texts.some((text) => text !== null && hasFunctions(text))) return null;
  // Debian ships a stub of one line in /boot and the real table in the debug package.
  const state = texts[1] === null ? 'is not there' : 'is a stub without functions';
  const real = `/usr/lib/debug/boot/System.map-${release}`;
  const remedy = (await host.readText(real)) === null ? '' : `; cp ${real} ${place}`;
  return `needs the kernel's symbol table, but ${place} ${state}${remedy}`;
}

function hasFunctions(text: string): boolean {
  return /^[0-9a-f]+ [tT] /m.test(text);
}
