/** The SystemTap that was proven for a kernel is from then on the target's: its record, and the way back from it. */
import { posix } from 'node:path';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { MENDED_PLACE } from '../resolve/folder-place.ts';
import { collectInstalledStaprun } from '../vm/staprun.ts';
import { type ChosenRecord, parseChosen } from './chosen-schema.ts';
import { collectGuestStaprunFrom } from './portable/guest.ts';
import { readMended } from './mends/place.ts';
import { liftsOf } from './mends/table.ts';
import { MANIFEST_NAME } from './portable/manifest.ts';
import { INSTALLED_SYSTEMTAP, type UsableSystemtap } from './usable.ts';

/** Where the record of a kernel lies on a target. */
function recordPath(release: string): string {
  return `/var/lib/tapprep/systemtap-${release}.json`;
}

/** What stands in the place of a record that is believed. */
export type Chosen =
  | { readonly kind: 'none' }
  /** There is a record, and something stands against it; what, as the end of a sentence. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'chosen'; readonly record: ChosenRecord };

/**
 * Root alone may have made and may change the record and everything that it leads to: no link on the way, nothing that is
 * another's or that others may write. Prints the first path that is otherwise. $1 record, $2 place.
 */
const OWNED = `
bad() { printf '%s\\n' "$1"; exit 0; }
check() {
  [ -e "$1" ] || bad "$1"
  set -- "$1" $(ls -ldn -- "$1")
  case $4:$2 in 0:l* | 0:?????w* | 0:????????w*) bad "$1" ;; 0:*) ;; *) bad "$1" ;; esac
}
for path in "\${1%/*}" "$1" "\${2%/*/*}" "\${2%/*}" "$2" "$2/bin" "$2/bin/stap" "$2/bin/staprun" "$2/${MANIFEST_NAME}"; do check "$path"; done
found=$(find "$2" \\( ! -user 0 -o -type l -o -perm -0020 -o -perm -0002 \\) -print 2>&1 | head -n 1)
[ -z "$found" ] || bad "$found"
grep -q '^ *"schema": "tapprep-\\(systemtap\\|build\\|mended\\)/1"' "$2/${MANIFEST_NAME}" || grep -q '^{"schema":"tapprep-' "$2/${MANIFEST_NAME}" || bad "$2/${MANIFEST_NAME}"
`;

/** The record of a kernel on a target, as far as it can be believed. Changes nothing. */
export async function readChosen(host: Host, release: string): Promise<Chosen> {
  const path = recordPath(release);
  const text = await host.readText(path);
  if (text === null) return { kind: 'none' };
  const record = parseChosen(text, release);
  if (record === null) return { kind: 'refused', why: `${path} is no record of kernel ${release}` };
  const why = await findForgery(host, path, record.place);
  return why === null ? { kind: 'chosen', record } : { kind: 'refused', why };
}

/** What stands against a record and its folder, and against the folder that a mended one is made of. */
async function findForgery(host: Host, path: string, place: string): Promise<string | null> {
  const checked = await host.run(['sh', '-c', OWNED, 'sh', path, place]);
  if (checked.exitCode !== 0) return `what ${path} leads to could not be looked at`;
  const [bad = ''] = checked.stdout.split('\n');
  if (bad !== '') return `${bad} is missing, or is not root's alone to change`;
  if (!MENDED_PLACE.test(place)) return null;
  const mended = await readMended(host, place);
  if (mended === null) return `${place}/${MANIFEST_NAME} does not say what was mended`;
  return mended.base === null ? null : findForgery(host, path, mended.base);
}

/** A recorded SystemTap, ready to be used. @throws TapprepError BAD_PACKAGE, TOOL_MISSING */
export async function useChosen(host: Host, { place }: Pick<ChosenRecord, 'place'>): Promise<UsableSystemtap> {
  if (MENDED_PLACE.test(place)) {
    const mended = await readMended(host, place);
    const base = mended?.base ?? null;
    const whole = base === null ? INSTALLED_SYSTEMTAP : await useChosen(host, { place: base });
    return { ...whole, stapArgv: [`${place}/bin/stap`], place, lifts: liftsOf(mended?.mends ?? []) };
  }
  const marker = (await host.readText(posix.join(place, MANIFEST_NAME))) ?? '';
  const isPortable = /"tapprep-systemtap\/1"/.test(marker.slice(0, 200));
  return {
    stapArgv: [`${place}/bin/stap`],
    staprunArgv: [`${place}/bin/staprun`],
    guestStaprun: isPortable
      ? await collectGuestStaprunFrom((path) => host.fetchFile(posix.join(place, path)), place)
      : await collectInstalledStaprun(host, `${place}/bin/staprun`),
    place,
  };
}

/** Writes down which SystemTap is a kernel's from now on; with none of tapprep's own it is the distribution's. */
export async function recordChosen(host: Host, release: string, chosen: ChosenRecord | null): Promise<void> {
  const path = recordPath(release);
  if (!/^[\w.+~^:@-]{1,200}$/.test(release)) throw new TapprepError('INTERNAL', `${release} is no kernel release`);
  if (chosen !== null) await host.writeFile(path, `${JSON.stringify(chosen, null, 1)}\n`, 0o644);
  else if ((await host.readText(path)) !== null) {
    await host.removeFile(path);
    // The directory goes where it is empty.
    await host.run(['rmdir', '--', posix.dirname(path)]);
  }
}
