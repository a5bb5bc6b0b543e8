/** The directory of a kernel's debug information: the distribution's debug package may come into the same one later. */
import { posix } from 'node:path';
import { isTapprepError, TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { script } from '../host/scripts.ts';
import { run } from '../make-remedy.ts';
import type { PackageSystem } from '../package-system/package-system.ts';
import { shellLine } from '../shell-words.ts';
import { readJournal } from './journal.ts';
import { MAKING, MARKER_NAME, OURS, REMOVING } from './marks.ts';
import { identifySystem } from './package-list.ts';

/** Whether others put files into a directory of that name, too. */
export function isShared(path: string): boolean {
  return posix.dirname(path) === '/usr/lib/debug/lib/modules' && !path.endsWith(MAKING) && !path.endsWith(REMOVING);
}

/** PATH: everything below it that is no directory. */
const LIST = `
walk() {
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -d "$entry" ] && [ ! -h "$entry" ]; then walk "$entry"
    elif [ -e "$entry" ] || [ -h "$entry" ]; then printf '%s\\n' "$entry"; fi
  done
}
walk "$1"`;

/** Lines "SHA256 PATH": the paths of those files that are what they were. */
const LIST_UNCHANGED = `
while read -r sum path; do
  [ -f "$path" ] && [ ! -h "$path" ] && [ "$(sha256sum <"$path")" = "$sum  -" ] || continue
  printf '%s\\n' "$path"
done
:`;

/** PATH, and a line for each file in it that goes; then the marker and what is empty. With one that cannot go the marker stays. */
const TAKE = `${OURS}
prune() {
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ ! -d "$entry" ] || [ -h "$entry" ] || prune "$entry"
  done
  words=$(rmdir -- "$1" 2>&1)
}
judge "$1"
[ "$verdict" = ours ] || exit 0
failed=
while IFS= read -r path; do rm -f -- "$path" || failed=yes; done
[ -z "$failed" ] || exit 0
rm -f -- "$1/${MARKER_NAME}"
prune "$1"
:`;

interface Shared {
  /** What tapprep put there: unchanged, and no package's by now. */
  readonly own: readonly string[];
  readonly others: readonly string[];
}

async function sortFiles(host: Host, path: string): Promise<Shared> {
  const files = linesOf((await host.run(script(LIST, [path]))).stdout).filter(
    (file) => file !== posix.join(path, MARKER_NAME),
  );
  const there = new Set(files);
  const entries = (await readJournal(host)).entries.filter(
    (entry) => entry.state !== 'removed' && entry.files.includes(path),
  );
  // An earlier version wrote no digests: there a file is tapprep's where no package has it.
  const isKnown = entries.length > 0 && entries.every(({ placed }) => placed !== undefined);
  const rows = entries
    .flatMap(({ placed = [] }) => placed)
    .filter((one) => there.has(one.path))
    .map((one) => `${one.sha256} ${one.path}\n`);
  const unchanged = isKnown
    ? linesOf((await host.run(script(LIST_UNCHANGED, []), { input: rows.join(''), timeoutMs: 600_000 })).stdout)
    : files;
  const own = await listUnowned(host, [...new Set(unchanged)]);
  return { own, others: files.filter((file) => !own.includes(file)) };
}

/** A command has room for so many paths everywhere. */
const AT_ONCE = 200;

async function listUnowned(host: Host, files: readonly string[]): Promise<readonly string[]> {
  const system = files.length === 0 ? null : await systemOfHost(host);
  if (system === null) return files;
  const unowned = new Set<string>();
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const argv = system.buildOwnersArgv(files.slice(at, at + AT_ONCE));
    const { stdout, stderr } = await host.run(argv, { timeoutMs: 120_000 });
    for (const file of system.readUnowned(`${stdout}\n${stderr}`)) unowned.add(file);
  }
  return files.filter((file) => unowned.has(file));
}

/** null where nothing knows of packages. */
async function systemOfHost(host: Host): Promise<PackageSystem | null> {
  try {
    return await identifySystem(host);
  } catch (error) {
    if (isTapprepError(error, 'TOOL_MISSING')) return null;
    throw error;
  }
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** Takes away what is tapprep's in a directory of tapprep, and the directory where nothing else is in it. */
export async function takeShared(host: Host, path: string): Promise<void> {
  const { own } = await sortFiles(host, path);
  const input = own.map((file) => `${file}\n`).join('');
  await host.run(script(TAKE, [path]), { input, timeoutMs: 600_000 });
}

/** Before such a directory is made anew. @throws TapprepError INSTALL_FAILED where files of somebody else are in it */
export async function refuseOthers(host: Host, path: string): Promise<void> {
  const { others } = await sortFiles(host, path);
  if (others.length === 0) return;
  throw new TapprepError(
    'INSTALL_FAILED',
    `${path} on ${host.name} holds what is not tapprep's by now: ${others.slice(0, 3).join(', ')}`,
    { remedy: run(shellLine`ls -la ${path}`), facts: { path, others: others.slice(0, 50) } },
  );
}
