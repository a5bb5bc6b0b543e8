/** The SystemTap that was proven on a target before, for everything that uses one without being told which. */
import type { Host } from '../host/host.ts';
import { readChosen, useChosen } from '../systemtap/chosen.ts';
import type { UsableSystemtap } from '../systemtap/usable.ts';
import type { Emit } from '../types.ts';

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
