/** What lies on a target that tapprep put there beside packages: looked at, and taken away, in one round trip each. */
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { RUNNING_PATH, script } from '../host/scripts.ts';
import { isShared, takeShared } from './shared-directory.ts';
import { MAKING, OURS, REMOVING, type Ownership } from './marks.ts';

/** Kinds of directories, by the names that tapprep gives: patterns of sh. Each has a marker in it, or stands for one by its end. */
const DIRECTORIES: readonly string[] = [
  // Packages for the time of one transaction, and those that an interrupted upload brought.
  '/var/cache/tapprep/staging-??????',
  '/var/cache/tapprep/upload',
  // What stap compiled, while a run has taken it out of its place.
  '/var/cache/tapprep/stap.??????',
  '/var/tmp/tapprep-verify.??????',
  '/var/tmp/tapprep-scripts.??????',
  // A SystemTap of tapprep's own: whole, half made and half taken away.
  '/opt/tapprep/systemtap-*',
  // Of install.sh, for the keys of a signature.
  '/var/tmp/tapprep-[0-9]*',
  '/tmp/tapprep-[0-9]*',
  // What only the target's front end can ask for, on its way to another machine.
  '/var/tmp/tapprep-front-end-????????',
  // Of run.sh: the runtime, where the bundle lies on a file system that starts no programs.
  ...['/run', '/var/tmp', '/dev/shm', '/tmp', '/root', ''].map((base) => `${base}/tapprep-run-[0-9]*`),
  // A kernel's vmlinux from a debuginfod, half made.
  `/usr/lib/debug/lib/modules/*${MAKING}`,
];

/** Each has one place and this mode alone: what stap compiled, where stap alone writes; and what install.sh works with. */
const PRIVATE: readonly string[] = ['/var/cache/tapprep/stap', '/var/lib/tapprep/work'];

/** Plain files in tapprep's own directory that a kill leaves. */
const FILES: readonly string[] = [
  '/var/lib/tapprep/.journal.json.tapprep-*',
  '/var/lib/tapprep/journal.json.new',
  '/var/lib/tapprep/report.json.new',
  // Which SystemTap was proven for a kernel.
  '/var/lib/tapprep/systemtap-*.json',
  '/var/lib/tapprep/systemtap-*.json.new',
  RUNNING_PATH,
];

/** What was written for people: goes on request only. */
const RECORDS: readonly string[] = ['/var/lib/tapprep/report.json', '/var/lib/tapprep/journal.json'];

/** What a journal may name beside packages; whatever else stands in one is nobody's to delete. */
const JOURNAL_KINDS = {
  directory: /^\/(?:opt\/tapprep\/systemtap-|usr\/lib\/debug\/lib\/modules\/)[^/]+$/,
  link: /^\/lib\/modules\/([^/]+)\/build$/,
  emptied: /^\/lib\/modules\/[^/]+$/,
} as const;

type Kind = 'directory' | 'private' | 'link' | 'emptied' | 'file';

/** One thing that is tapprep's to take away. */
export interface Remain {
  readonly path: string;
  readonly kind: Kind;
}

/** One thing that stays, and why: an Ownership of marks.ts, or that tapprep makes nothing of that kind. */
export interface Kept {
  readonly path: string;
  readonly why: Exclude<Ownership, 'ours' | 'absent'> | 'no-kind' | 'in-use';
}

export interface Remains {
  readonly ours: readonly Remain[];
  readonly kept: readonly Kept[];
}

/**
 * Lines "KIND PATH" on standard input, where a PATH may be a pattern of FIND_PATTERNS; prints "VERDICT KIND PATH". The link of
 * a build tree is tapprep's where it leads to where tapprep leads it; a directory that was made for it, where it is empty.
 */
const FIND = `${OURS}
look() {
  case $1 in
    directory) judge "$2" ;;
    link)
      release=\${2%/build}
      verdict=file
      if [ -h "$2" ]; then
        verdict=link
        [ "$(readlink -- "$2")" != "/usr/src/kernels/\${release##*/}" ] || verdict=ours
      elif [ ! -e "$2" ]; then verdict=absent; fi
      ;;
    emptied)
      judge "$2"
      # Empty, or with nothing but the link that goes first.
      if [ "$verdict" = no-marker ]; then
        verdict=in-use
        [ "$(ls -A -- "$2")" != build ] || verdict=ours
      fi
      ;;
    private)
      judge "$2"
      if [ "$verdict" = no-marker ] || [ "$verdict" = closed ]; then
        case $(ls -ld -- "$2") in
          drwx------*) verdict=ours ;;
        esac
      fi
      ;;
    file)
      if [ -h "$2" ]; then verdict=link
      elif [ ! -e "$2" ]; then verdict=absent
      elif [ -f "$2" ]; then
        verdict=other-owner
        set -- "$1" "$2" $(ls -ldn -- "$2")
        if [ "$5" = 0 ] || { [ "$me" != 0 ] && [ "$5" = "$me" ]; }; then verdict=ours; fi
      else verdict=no-marker; fi
      ;;
  esac
  [ "$verdict" = absent ] || printf '%s %s %s\\n' "$verdict" "$1" "$2"
}
while IFS= read -r row; do
  kind=\${row%% *}
  path=\${row#* }
  case $kind in
    any-*)
      # Patterns of tapprep's own, without blanks.
      for found in $path; do
        # Anybody makes names in /tmp; a line break in one would begin a row of its own.
        case $found in *[!A-Za-z0-9_.:+~^@/-]*) continue ;; esac
        look "\${kind#any-}" "$found"
      done
      ;;
    *) look "$kind" "$path" ;;
  esac
done
:`;

/**
 * Looks at everything that may be tapprep's. Changes nothing.
 * @param recorded paths that the journal names
 * @param withRecords journal and reports, too
 */
export async function findRemains(host: Host, recorded: readonly string[], withRecords: boolean): Promise<Remains> {
  const named = recorded.flatMap((path) => toKinds(path).map((kind) => ({ path, kind })));
  const strange = recorded.filter((path) => toKinds(path).length === 0);
  const rows = [
    // Links before the directories that they are in.
    ...named.toSorted((a, b) => b.path.length - a.path.length).map(({ path, kind }) => `${kind} ${path}`),
    ...DIRECTORIES.map((pattern) => `any-directory ${pattern}`),
    ...PRIVATE.map((path) => `private ${path}`),
    ...[...FILES, ...(withRecords ? RECORDS : [])].map((pattern) => `any-file ${pattern}`),
  ];
  const { stdout, exitCode, stderr } = await host.run(script(FIND, []), { input: `${rows.join('\n')}\n` });
  if (exitCode !== 0) {
    throw new TapprepError('PERMISSION', `what tapprep left on ${host.name} cannot be looked at: ${stderr.trim()}`);
  }
  const found = new Map<string, { readonly verdict: Ownership | 'in-use'; readonly kind: Kind }>();
  const isAnswer = rows.map(answerTo);
  for (const line of stdout.split('\n')) {
    const [, verdict, kind, path] = /^(\S+) (\S+) (.+)$/.exec(line) ?? [];
    if (verdict === undefined || kind === undefined || path === undefined) continue;
    if (!isAnswer.some((is) => is(`${kind} ${path}`))) continue;
    found.set(path, { verdict: verdict as Ownership, kind: kind as Kind });
  }
  const ours: Remain[] = [];
  const kept: Kept[] = strange.map((path) => ({ path, why: 'no-kind' }));
  for (const [path, { verdict, kind }] of found) {
    // A link in the place of a SystemTap of tapprep goes, and not what it leads to.
    if (verdict === 'ours' || (verdict === 'link' && path.startsWith('/opt/tapprep/systemtap-')))
      ours.push({ path, kind });
    else if (verdict !== 'absent') kept.push({ path, why: verdict });
  }
  return { ours, kept };
}

/** Whether "KIND PATH" answers a row: as the row itself, or as what its pattern of sh stands for. */
function answerTo(row: string): (answer: string) => boolean {
  const [, pattern] = /^any-(.+)$/.exec(row) ?? [];
  if (pattern === undefined) return (answer) => answer === row;
  const source = pattern
    .replaceAll(/[.+]/g, String.raw`\$&`)
    .replaceAll('?', '[^/]')
    .replaceAll('*', '[^/]*');
  const form = new RegExp(`^${source}$`);
  return (answer) => form.test(answer);
}

/** Whether it holds packages of a transaction that never ended. */
export function isStaging({ path }: Remain): boolean {
  return path.startsWith('/var/cache/tapprep/staging-');
}

function toKinds(path: string): readonly Kind[] {
  return (Object.keys(JOURNAL_KINDS) as (keyof typeof JOURNAL_KINDS)[]).filter((kind) =>
    JOURNAL_KINDS[kind].test(path),
  );
}

/** Lines "KIND PATH": each is judged once more when its turn comes, and what is not tapprep's by then stays. */
const TAKE = `${OURS}
while IFS= read -r row; do
  path=\${row#* }
  case $row in
    'directory '*)
      judge "$path"
      case $verdict in
        ours)
          case $path in
            *${MAKING} | *${REMOVING}) ;;
            # It loses its name at once, so that nobody takes a half of it for the whole.
            /opt/*) [ -e "$path${REMOVING}" ] || { mv -- "$path" "$path${REMOVING}" && path=$path${REMOVING}; } ;;
          esac
          take "$path"
          ;;
        link) rm -f -- "$path" ;;
      esac
      ;;
    'link '*) [ ! -h "$path" ] || rm -f -- "$path" ;;
    'emptied '*) words=$(rmdir -- "$path" 2>&1) ;;
    'private '*) [ -h "$path" ] || rm -rf -- "$path" ;;
    'file '*) [ -h "$path" ] || [ ! -f "$path" ] || rm -f -- "$path" ;;
  esac
done
# The directories around them go with the last thing in them.
for directory in /opt/tapprep /var/cache/tapprep /var/lib/tapprep; do words=$(rmdir "$directory" 2>&1); done
:`;

/** Takes away what findRemains() found to be tapprep's; what could not go is found by looking again. */
export async function takeRemains(host: Host, ours: readonly Remain[]): Promise<void> {
  const shared = ours.filter(({ kind, path }) => kind === 'directory' && isShared(path));
  for (const { path } of shared) await takeShared(host, path);
  const input = ours
    .filter((each) => !shared.includes(each))
    .map(({ kind, path }) => `${kind} ${path}\n`)
    .join('');
  await host.run(script(TAKE, []), { input, timeoutMs: 600_000 });
}
