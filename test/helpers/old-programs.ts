/**
 * What the programs of EL5, EL6 and EL7 know of the options that tapprep and its shell files use, and wrappers that refuse the
 * rest with the words of that time. An option that tapprep begins to use has to be added here, with its source, before a test
 * on an old system passes. docs/old-systems.md is the same for people.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type OldSystem = 'EL5' | 'EL6' | 'EL7';

interface OldProgram {
  readonly program: string;
  readonly versions: Readonly<Record<OldSystem, string>>;
  /** Option words that every one of these versions takes. */
  readonly options: readonly string[];
  /** Option words that are younger than the first of them, with the first system that has them. */
  readonly since?: Readonly<Record<string, OldSystem>>;
  /** What follows the first word that is no option is another program's. */
  readonly runs?: true;
  /** Where that is written. */
  readonly source: string;
}

const COREUTILS = { EL5: '5.97', EL6: '8.4', EL7: '8.22' } as const;
const POSIX = 'POSIX.1-2001, XCU';
const GNU = 'the manual of coreutils, whose NEWS lists nothing of it since 5.0; unverified on 5.97 itself';

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

function posix(program: string, ...options: readonly string[]): OldProgram {
  return { program, versions: COREUTILS, options, source: POSIX };
}

const OLD_PROGRAMS: readonly OldProgram[] = [
  {
    program: 'rpm',
    versions: { EL5: '4.4.2', EL6: '4.8.0', EL7: '4.11.3' },
    options: words(
      `-q -qa -qf -qp -qlp --qf --queryformat --nosignature --root --dbpath --initdb -i -ivh -U -Uvh -ev --test --oldpackage
       --replacepkgs --justdb --nodeps --noscripts --notriggers -Va --nofiles --nodigest --rebuilddb --import --version`,
    ),
    // Until 4.10 "--hash (-h) may only be specified during package installation".
    since: { '-evh': 'EL7' },
    source: 'rpmqv.c, lib/poptALL.c, lib/poptI.c and lib/poptQV.c of rpm; -evh: its argerror in rpmqv.c',
  },
  posix('cat'),
  posix('date', '-u'),
  { ...posix('df', '-Pk', '-Pi'), source: `${POSIX}; -i: ${GNU}` },
  posix('id', '-u', '-n', '-un', '-Gn', '-G'),
  { ...posix('ls', '-A', '-d', '-di', '-ld', '-ldn', '-lnL', '-1', '-l'), source: POSIX },
  posix('ln', '-s'),
  posix('mkdir', '-p', '-m', '-m700'),
  posix('mv', '-f'),
  posix('rm', '-f', '-rf', '-r'),
  posix('rmdir'),
  posix('tail', '-n', '-c'),
  { ...posix('head', '-n', '-c'), source: `${POSIX}; -c: ${GNU}` },
  posix('tr', '-d', '-c', '-cd'),
  posix('uname', '-r', '-v', '-m', '-s'),
  posix('wc', '-l', '-c'),
  posix('od', '-An', '-v', '-tx1', '-tu1', '-j', '-N', '-t', '-A'),
  posix('cut', '-d', '-f', '-c'),
  posix('sort', '-u', '-n', '-k', '-t', '-r'),
  posix('chmod'),
  { ...posix('env', '-i'), runs: true },
  posix('basename'),
  posix('dirname'),
  posix('sleep'),
  { ...posix('readlink', '-f', '-e', '--'), source: GNU },
  { ...posix('stat', '-c', '-f', '-L', '--'), source: GNU },
  {
    ...posix('sha256sum', '-c', '-'),
    source: 'NEWS of coreutils, major changes in release 5.90; unverified on 5.97 itself',
  },
  { ...posix('mktemp', '-d'), source: 'mktemp 1.5 of EL5 and EL6, a package of its own; coreutils 8.22' },
  { ...posix('sync'), source: 'coreutils; a file as argument is ignored with a warning before 8.24' },
  {
    program: 'timeout',
    versions: { EL5: 'none', EL6: '8.4', EL7: '8.22' },
    options: [],
    runs: true,
    source: 'NEWS of coreutils, release 7.0',
  },
  {
    program: 'grep',
    versions: { EL5: '2.5.1', EL6: '2.20', EL7: '2.20' },
    options: ['-q', '-v', '-c', '-l', '-x', '-F', '-E', '-e', '-qF', '-s'],
    source: POSIX,
  },
  { program: 'sed', versions: { EL5: '4.1.5', EL6: '4.2.1', EL7: '4.2.2' }, options: ['-n', '-e'], source: POSIX },
  {
    program: 'find',
    versions: { EL5: '4.2.27', EL6: '4.4.2', EL7: '4.5.11' },
    options: [
      '-type',
      '-name',
      '-exec',
      '-path',
      '-maxdepth',
      '-mindepth',
      '-prune',
      '-o',
      '-print',
      '-newer',
      '-user',
      '-mmin',
      '-perm',
    ],
    source: `${POSIX}; -path, -maxdepth, -mmin: the manual of findutils 4.1`,
  },
  {
    program: 'tar',
    versions: { EL5: '1.15.1', EL6: '1.23', EL7: '1.26' },
    options: ['-xf', '-C', '-cf', '-xof'],
    source: 'the manual of tar 1.13',
  },
  {
    program: 'setsid',
    versions: { EL5: '2.13', EL6: '2.17.2', EL7: '2.23.2' },
    options: [],
    runs: true,
    source: 'util-linux',
  },
];

/**
 * Puts wrappers before those programs of a root that the table has: they pass on what the system's version knows, and refuse
 * every other option word. What the system lacks is taken away.
 */
export function playOldPrograms(root: string, system: OldSystem): void {
  const order: readonly OldSystem[] = ['EL5', 'EL6', 'EL7'];
  const isThere = (first: OldSystem): boolean => order.indexOf(first) <= order.indexOf(system);
  const kept = join(root, 'usr/lib/of-today');
  mkdirSync(kept, { recursive: true });
  for (const { program, versions, options, since = {}, runs = false } of OLD_PROGRAMS) {
    const path = join(root, 'usr/bin', program);
    if (!existsSync(path)) continue;
    renameSync(path, join(kept, program));
    if (versions[system] === 'none') continue;
    const known = [...options, ...Object.keys(since).filter((word) => isThere(since[word] ?? 'EL7'))];
    writeFileSync(path, wrapperOf(program, versions[system], known, runs), { mode: 0o755 });
  }
}

/** Whatever was refused in a root, also where nobody looked at the words: `program option` each. */
export function listRefused(root: string): readonly string[] {
  const path = join(root, REFUSED);
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

const REFUSED = '/usr/lib/of-today/refused';

function wrapperOf(program: string, version: string, known: readonly string[], runs: boolean): string {
  return `#!/bin/sh
# ${program} ${version}
for word; do
  case $word in
    --) break ;;
    --*=*) word=\${word%%=*} ;;
    -?*) ;;
    *) ${runs ? 'break' : 'continue'} ;;
  esac
  case ' ${known.join(' ')} ' in
    *" $word "*) ;;
    *)
      case $word in
        # A number, and the text of an option before it.
        -[0-9]* | *'%'* | *' '*) continue ;;
      esac
      echo "${program} $word" >>${REFUSED}
      case $word in
        -evh) echo "rpm: --hash (-h) may only be specified during package installation" >&2 ;;
        *) echo "${program}: unrecognized option \\\`$word'" >&2 ;;
      esac
      exit 1
      ;;
  esac
done
exec /usr/lib/of-today/${program} "$@"
`;
}
