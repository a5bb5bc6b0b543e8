/** The SystemTap that was proven on a target before, for everything that uses one without being told which. */
import type { Host } from '../host/host.ts';
import { readChosen, useChosen } from '../systemtap/chosen.ts';
import type { UsableSystemtap } from '../systemtap/usable.ts';
import type { Emit } from '../types.ts';
import type { SystemtapWish } from '../systemtap/choose.ts';
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

/**
 * The SystemTap on a target that a wish names, by its version; null for the distribution's. Nothing is put there for it.
 * @throws TapprepError USAGE where another one than the wished is recorded, or none; as openChosen
 */
export async function openWished(
  context: { readonly emit: Emit },
  host: Host,
  release: string,
  wish: SystemtapWish,
): Promise<UsableSystemtap | null> {
  if (wish === 'distro') return null;
  const there = await readChosen(host, release);
  const record = there.kind === 'chosen' ? there.record : null;
  const isThere = typeof wish !== 'string' && record?.version === wish.version;
  if (wish === 'auto' || isThere) return openChosen(context, host, release);
  const word = typeof wish === 'string' ? wish : wish.version;
  const has = record === null ? 'none is recorded' : `${record.name} is recorded`;
  throw new TapprepError('USAGE', `--systemtap ${word} was given, but for ${release} ${has} there`, {
    remedy: tapprepAsRoot('install', '--systemtap', word),
  });
}
