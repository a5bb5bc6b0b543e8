/** The SystemTap that was proven on a target before, for everything that uses one without being told which. */
import type { Host } from '../host/host.ts';
import { readChosen, useChosen } from '../systemtap/chosen.ts';
import type { UsableSystemtap } from '../systemtap/usable.ts';
import type { Emit } from '../types.ts';
import { tapprepAsRoot } from '../make-remedy.ts';
import { TapprepError } from '../errors.ts';

/** null where none was recorded, and, with a warning, where the record cannot be believed. @throws TapprepError BAD_PACKAGE, TOOL_MISSING */
export async function openChosen(
  { emit }: { readonly emit: Emit },
  host: Host,
  release: string,
): Promise<UsableSystemtap | null> {
  const chosen = await readChosen(host, release);
  if (chosen.kind === 'none') return null;
  if (chosen.kind === 'refused') {
    const text = `the record of the SystemTap for ${release} is not believed: ${chosen.why}`;
    emit({ type: 'note', level: 'warning', text });
    return null;
  }
  const { record } = chosen;
  const text = `SystemTap ${record.name}, recorded for this kernel on ${record.at.slice(0, 10)}`;
  emit({ type: 'note', level: 'info', text });
  return await useChosen(host, record);
}

/** Which of those that are on a target is meant. */
export type InstalledWish = 'auto' | 'distro' | { readonly version: string };

/**
 * The SystemTap on a target that a wish names; null for the distribution's. Nothing is put there for it.
 * @param own version of the distribution's own, null for none
 * @throws TapprepError USAGE where neither it nor the recorded one has the version; as openChosen
 */
export async function openWished(
  context: { readonly emit: Emit },
  host: Host,
  release: string,
  wish: InstalledWish,
  own: string | null,
): Promise<UsableSystemtap | null> {
  if (wish === 'auto') return openChosen(context, host, release);
  if (wish === 'distro' || wish.version === own) return null;
  const there = await readChosen(host, release);
  if (there.kind === 'chosen' && there.record.version === wish.version) return useChosen(host, there.record);
  const versions = [own, there.kind === 'chosen' ? there.record.version : null].filter((version) => version !== null);
  const has = versions.length === 0 ? 'there is none' : `there is ${versions.join(' and ')}`;
  throw new TapprepError('USAGE', `--systemtap ${wish.version} was given, but for ${release} ${has}`, {
    remedy: tapprepAsRoot('install', '--systemtap', wish.version),
  });
}
