/** What a killed package manager left half unpacked is made known to it as a whole, so that it can go on or take it away. */
import type { Host } from '../host/host.ts';
import { script } from '../host/ssh-scripts.ts';
import type { Emit } from '../types.ts';
import type { PackageSystem } from '../package-system/package-system.ts';
import { QUIET_ENV } from './commands.ts';
import { OURS } from './marks.ts';
import { listHalfUnpacked, listRemains, type ListedPackage } from './package-list.ts';
import { packageKey } from './compare-lists.ts';

/** The files that were staged for a transaction which never ended: "NAME VERSION ARCH PATH", as the package itself says. */
const STAGED = `${OURS}
for directory in /var/cache/tapprep/staging-?????? /var/cache/tapprep/upload; do
  judge "$directory"
  [ "$verdict" = ours ] || continue
  for file in "$directory"/* "$directory"/*/*; do
    [ -f "$file" ] && [ ! -h "$file" ] || continue
    case $1:$file in
      dpkg:*.deb) printf '%s ' $(dpkg-deb --showformat='\${Package} \${Version} \${Architecture}' --show "$file") ;;
      rpm:*.rpm) printf '%s ' $(rpm -qp --nosignature --qf '%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} %{ARCH}' "$file") ;;
      *) continue ;;
    esac
    printf '%s\\n' "$file"
  done
done 2>/dev/null
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
 * @param set what the transaction was to bring
 */
export async function completeCutOff(
  host: Host,
  system: PackageSystem,
  set: readonly ListedPackage[],
  emit: Emit,
): Promise<void> {
  const wanted = new Set(set.map(packageKey));
  const cutOff = new Set(
    (await (system.statusArgv === null ? listUnknown(host, system, set) : listHalfUnpacked(host, system.statusArgv)))
      .map(packageKey)
      .filter((key) => wanted.has(key)),
  );
  if (cutOff.size > 0) {
    const { stdout } = await host.run(script(STAGED, [system.manager]));
    const staged = stdout
      .split('\n')
      .map((line) => line.split(' '))
      .flatMap(([name = '', version = '', arch = '', path]) =>
        path !== undefined && cutOff.has(packageKey({ name, version, arch })) ? [path] : [],
      );
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
