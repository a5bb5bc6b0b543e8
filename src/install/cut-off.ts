/** What a killed package manager left half unpacked is made known to it as a whole, so that it can go on or take it away. */
import type { Host } from '../host/host.ts';
import { script } from '../host/scripts.ts';
import type { Emit } from '../types.ts';
import type { PackageSystem } from '../package-system/package-system.ts';
import { QUIET_ENV } from './commands.ts';
import { MARKER_NAME, MARKER_TEXT, OURS } from './marks.ts';
import type { JournalEntry } from './journal.ts';
import { listHalfUnpacked, listRemains, type ListedPackage } from './package-list.ts';
import { packageKey } from './compare-lists.ts';

/** show MANAGER FILE: "NAME VERSION ARCH", as the package itself says; nothing where the file is no package of that manager. */
const SHOW = `
show() {
  case $1:$2 in
    dpkg:*.deb) printf '%s' "$(dpkg-deb --showformat='\${Package} \${Version} \${Architecture}' --show "$2")" ;;
    rpm:*.rpm) rpm -qp --nosignature --qf '%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} %{ARCH}' "$2" ;;
  esac
}`;

/** The files that were staged for a transaction which never ended: "NAME VERSION ARCH PATH". */
const STAGED = `${OURS}${SHOW}
for directory in /var/cache/tapprep/staging-?????? /var/cache/tapprep/upload; do
  judge "$directory"
  [ "$verdict" = ours ] || continue
  for file in "$directory"/* "$directory"/*/*; do
    [ -f "$file" ] && [ ! -h "$file" ] || continue
    words=$(show "$1" "$file")
    [ -z "$words" ] || printf '%s %s\\n' "$words" "$file"
  done
done 2>/dev/null
:`;

/**
 * MANAGER FOLDER BUNDLE "NAME VERSION ARCH"...: stages these packages out of an unpacked bundle. Anyone may have written there
 * since: a copy is believed where its digest stands in a list of sums whose own digest is BUNDLE, which the journal has.
 */
const STAGE_FROM_BUNDLE = `${SHOW}
manager=$1
folder=$2
bundle=$3
shift 3
[ -f "$folder/SHA256SUMS" ] && mkdir -p /var/cache/tapprep && staging=$(mktemp -d /var/cache/tapprep/staging-XXXXXX) || exit 0
printf '%s\\n' '${MARKER_TEXT}' >"$staging/${MARKER_NAME}"
cat -- "$folder/SHA256SUMS" >"$staging/SHA256SUMS" || exit 0
[ "$(sha256sum <"$staging/SHA256SUMS")" = "$bundle  -" ] || exit 0
while read -r sum path; do
  file=$folder/$path
  # Nothing reads what it is before it is known to be what it was.
  [ -f "$file" ] && [ ! -h "$file" ] && [ "$(sha256sum <"$file")" = "$sum  -" ] || continue
  words=$(show "$manager" "$file")
  for wanted in "$@"; do
    [ "$wanted" = "$words" ] || continue
    copy=$staging/\${path##*/}
    cat -- "$file" >"$copy"
    [ "$(sha256sum <"$copy")" = "$sum  -" ] || rm -f -- "$copy"
  done
done <"$staging/SHA256SUMS" 2>/dev/null
:`;

/** Lines with paths of packages: those that rpm wrote under a name of the moment ("PATH;5f3a1b2c") go. */
const DROP_PARTS = `
while IFS= read -r path; do
  for part in "$path;"????????; do
    [ -f "$part" ] || [ -h "$part" ] || continue
    case \${part##*;} in
      *[!0-9a-f]*) ;;
      *) rm -f -- "$part" ;;
    esac
  done
done`;

/**
 * dpkg was killed in the middle of a package: it knows of the package, and not which files came. It is unpacked once more.
 * rpm's database lacks such a package: it is added there without writing its files again.
 * @param runs what was never closed in the journal
 */
export async function completeCutOff(
  host: Host,
  system: PackageSystem,
  runs: readonly JournalEntry[],
  emit: Emit,
): Promise<void> {
  const set = runs.flatMap(({ packages }) => packages);
  const wanted = new Set(set.map(packageKey));
  const replacing = runs.flatMap(({ replaced }) => replaced);
  const cutOff = (await (system.knowsCutOff ? listHalfUnpacked(host, system) : listUnknown(host, system, set))).filter(
    (item) =>
      wanted.has(packageKey(item)) || replacing.some(({ name, to }) => name === item.name && to === item.version),
  );
  if (cutOff.length === 0) return;
  const found = await listStaged(host, system, runs, cutOff);
  const staged = found.map(({ path }) => path);
  const lost = cutOff.filter((item) => !found.some(({ key }) => key === packageKey(item)));
  // Of rpm's it is not known which of them began.
  for (const { name, version } of system.knowsCutOff ? lost : [])
    emit({
      type: 'note',
      level: 'warning',
      text: `${name} ${version} was being unpacked on ${host.name} when dpkg was killed, and its .deb is gone: which files came is not known, and some may stay`,
    });
  const options = { env: QUIET_ENV, timeoutMs: 900_000, untilEnd: true };
  if (staged.length > 0) {
    const argv = system.buildRegisterArgv(staged);
    emit({ type: 'command', argv, where: host.name });
    await host.run(argv, options);
  }
  if (system.buildPathsArgv !== null && staged.length > 0) {
    const files = await host.run(system.buildPathsArgv(staged), { timeoutMs: 120_000 });
    await host.run(script(DROP_PARTS, []), { input: files.stdout, timeoutMs: 120_000 });
  }
}

/** As `show` writes them. */
function wordsOf({ name, version, arch }: ListedPackage): string {
  return `${name} ${version} ${arch}`;
}

/** Of the packages that were cut off, those that tapprep staged and those that install.sh had in its bundle, by their paths on the target. */
async function listStaged(
  host: Host,
  system: PackageSystem,
  runs: readonly JournalEntry[],
  cutOff: readonly ListedPackage[],
): Promise<readonly { readonly key: string; readonly path: string }[]> {
  const wanted = new Map(cutOff.map((item) => [wordsOf(item), packageKey(item)]));
  for (const { bundle, folder } of runs) {
    if (bundle === undefined || folder === undefined) continue;
    const argv = [system.manager, folder, bundle, ...wanted.keys()];
    await host.run(script(STAGE_FROM_BUNDLE, argv), { timeoutMs: 600_000 });
  }
  const { stdout } = await host.run(script(STAGED, [system.manager]));
  return stdout.split('\n').flatMap((line) => {
    const [name = '', version = '', arch = '', ...path] = line.split(' ');
    const key = wanted.get(wordsOf({ name, version, arch }));
    return key === undefined ? [] : [{ key, path: path.join(' ') }];
  });
}

/**
 * PATH COMMAND...: a command of the package manager, which holds its lock. What lay at PATH before it began was left by a run
 * that was killed; what another run puts there meanwhile is another directory.
 */
const RESUME = `
path=$1
shift
before=
if [ -d "$path" ] && [ ! -h "$path" ]; then before=$(ls -di -- "$path"); fi
"$@" || exit
if [ -n "$before" ] && [ ! -h "$path" ] && [ "$(ls -di -- "$path" 2>&1)" = "$before" ]; then rm -rf -- "$path"; fi`;

/** The package manager goes on with what a run that was cut off left, and what such a run was unpacking goes. */
export async function resumeCutOff(host: Host, { resumeArgv, unpackingPath }: PackageSystem): Promise<void> {
  if (resumeArgv === null || unpackingPath === null) return;
  await host.run(script(RESUME, [unpackingPath, ...resumeArgv]), {
    env: QUIET_ENV,
    timeoutMs: 600_000,
    untilEnd: true,
  });
}

/** Whether the package manager was killed while it unpacked, and has not unpacked anything since. */
export async function isCutOffUnpacking(host: Host, { unpackingPath }: PackageSystem): Promise<boolean> {
  if (unpackingPath === null) return false;
  return (await host.run(script('[ -d "$1" ]', [unpackingPath]))).exitCode === 0;
}

async function listUnknown(
  host: Host,
  system: PackageSystem,
  set: readonly ListedPackage[],
): Promise<readonly ListedPackage[]> {
  const known = new Set((await listRemains(host, system)).map(packageKey));
  return set.filter((item) => !known.has(packageKey(item)));
}
