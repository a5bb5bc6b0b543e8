/** What concerns many commands at once: `tapprep help TOPIC`, and sections of tapprep(1). Made of the tables wherever one says it. */
import { ERROR_CODES, EXIT, STOP_SIGNALS } from '../../errors.ts';
import { STAP_RELEASES } from '../../systemtap/releases.ts';
import { COMMANDS } from '../commands.ts';
import { CONFIG_FORMAT, CONFIG_KEYS } from '../configuration-keys.ts';
import { SYSTEM_CONFIG } from '../configuration.ts';
import { AS_ROOT, type OptionRow, SOURCES, TARGET } from '../options.ts';
import { type Block, list, text } from './blocks.ts';

export interface Topic {
  /** What is typed after "tapprep help"; words are joined by "-". */
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly blocks: () => readonly Block[];
}

export const TOPICS: readonly Topic[] = [
  {
    name: 'targets',
    title: 'Targets',
    summary: 'which machine and which kernel a command is about',
    blocks: () => [
      text('The target is this host and its running kernel, unless an option names another one:'),
      list(asItems([...TARGET, ...AS_ROOT])),
      text(
        '--root, --host, --facts and --distro each name a machine, so that only one of them is taken. With --distro, --kernel is needed, but for a rehearsal, which takes the current kernel of that distribution.',
      ),
      text(`These commands take a target: ${names(({ target }) => target)}.`),
    ],
  },
  {
    name: 'systemtap',
    title: 'SystemTap',
    summary: 'which SystemTap is taken, and how far it is proven',
    blocks: () => [
      text(
        'No release of SystemTap fits all kernels. --systemtap says which way is taken; whatever is expected of it, the verdict comes from compiling and loading a module.',
      ),
      list([
        ['distro', "the distribution's own package"],
        ['portable', 'programs of a newer Debian suite with their own libraries, in a folder below /opt/tapprep'],
        ['build', 'the upstream source, built on the target'],
        ['VERSION', 'that version, by whichever way there is'],
        ['auto', 'all of these, in the order of what is expected of them'],
      ]),
      text(`Releases whose tested kernels are known: ${STAP_RELEASES.map(({ version }) => version).join(', ')}.`),
      text(`These commands take --systemtap: ${names(({ options }) => takes(options, '--systemtap'))}.`),
    ],
  },
  {
    name: 'sources',
    title: 'Sources',
    summary: 'which repositories are asked, in which order, and what is kept',
    blocks: () => [
      text(
        "Repositories are asked nearest first: those of --mirror, the lists of --mirrors, the target's own apt, yum or zypper sources, the archive of this machine, then the list that comes with tapprep: live archives before vaults and snapshots. A farther one is only asked when the nearer ones have no plan.",
      ),
      list(asItems(SOURCES)),
      text('"tapprep mirrors list" shows what would be asked for a target, "tapprep mirrors check" what answers now.'),
    ],
  },
  {
    name: 'trust',
    title: 'Trust',
    summary: 'what is believed, and which switches allow less',
    blocks: () => [
      text(
        "A Debian index is believed by its signature, checked by gpgv against pinned keys or the target's own keyrings, and a package by the digest that this index names. An rpm is believed by the signature in its header. A digest is checked while the bytes arrive and again before use. The same name and version of another vendor is refused, and debug information must carry the kernel's own build-id.",
      ),
      text('Each of these switches allows one thing that is refused without it, and nothing else does:'),
      list(overrides()),
    ],
  },
  {
    name: 'configuration',
    title: 'Configuration',
    summary: 'defaults of options in files and variables, and what an organisation forbids',
    blocks: () => [
      text(
        `Defaults stand in ${SYSTEM_CONFIG}, then in tapprep/config.toml of XDG_CONFIG_HOME or ~/.config, then in variables: TAPPREP_ and the key in capitals, with "_" for "-". A later one comes before an earlier one, and the command line before all; lists add up. Both files are TOML, must be root's or this user's own, and may be written by nobody else. format = "${CONFIG_FORMAT}" may stand in them.`,
      ),
      list(CONFIG_KEYS.map(({ name, form, meaning }) => [name, `${meaning} (${form})`])),
      text(
        'What allows less verification is never taken from a configuration. "tapprep config show" says where each value came from.',
      ),
    ],
  },
  {
    name: 'exit-codes',
    title: 'Exit status',
    summary: 'how a command ends, and which errors end so',
    blocks: () => [
      list(
        Object.entries(EXIT_MEANINGS).map(([name, meaning]) => {
          const codes = Object.entries(ERROR_CODES).flatMap(([code, { exit }]) => (exit === name ? [code] : []));
          const errors = codes.length === 0 ? '' : `: ${codes.join(', ')}`;
          return [String(EXIT[name as keyof typeof EXIT]), `${meaning}${errors}`];
        }),
      ),
      text(
        `A signal ends a run in order: ${Object.entries(STOP_SIGNALS)
          .map(([signal, status]) => `${String(status)} after ${signal}`)
          .join(', ')}. "tapprep explain CODE" prints the page of a code.`,
      ),
    ],
  },
];

/** What each exit code says; every one of EXIT has its line. */
const EXIT_MEANINGS = {
  done: 'done and proven',
  notReady: 'not ready: a check failed, or a mismatch was found',
  usage: 'the command line or a file given with it cannot be used',
  network: 'network',
  verification: 'verification of a file failed',
  install: 'installing failed',
  needsRootOrTool: 'root rights or a tool are missing',
  interrupted: 'interrupted',
} as const satisfies Record<keyof typeof EXIT, string>;

function asItems(rows: readonly OptionRow[]): readonly (readonly [string, string])[] {
  return rows.map(([flags, meaning]) => [flags, meaning]);
}

function takes(options: readonly OptionRow[], flag: string): boolean {
  return options.some(([flags]) => flags.split(/[ ,]+/).includes(flag));
}

function names(isMeant: (row: (typeof COMMANDS)[number]) => boolean): string {
  return COMMANDS.filter(isMeant)
    .map(({ name }) => name)
    .join(', ');
}

/** Every option of any command that allows something, with the commands that take it. */
function overrides(): readonly (readonly [string, string])[] {
  const rows = new Map(COMMANDS.flatMap(({ options }) => options.map((row) => [row[0], row[1]] as const)));
  return [...rows]
    .filter(([flags]) => flags.startsWith('--allow-'))
    .map(([flags, meaning]) => [flags, `${meaning} (${names(({ options }) => takes(options, flags))})`]);
}
