/** `remove` deletes as root what a journal and markers name: who can write one of them must not choose what goes, nor a signal. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno, type StopSignal } from '../../src/errors.ts';
import type { Host } from '../../src/host/host.ts';
import { makeBuildRoot } from '../helpers/build-lab.ts';
import {
  type Attack,
  atEnd,
  codeOf,
  type GuardEdit,
  held,
  once,
  type Outcome,
  refusalOf,
  succeeded,
  type Tree,
} from './attack.ts';

/** Another user of the target; the attacks run as root. */
const NOBODY = 65534;
const JOURNAL = 'var/lib/tapprep/journal.json';
const OURS = '/opt/tapprep/systemtap-5.1';
const MARKER = '{"schema": "tapprep-systemtap/1"}\n';

const edit = (file: string, text: string, replacement: string): GuardEdit => ({ file, text, replacement });
const KINDS = edit(
  'src/install/remains.ts',
  String.raw`directory: /^\/(?:opt\/tapprep\/systemtap-|usr\/lib\/debug\/lib\/modules\/)[^/]+$/,`,
  'directory: /^/,',
);
const PATH_FORM = edit('src/install/journal-schema.ts', String.raw`/^\/[^\p{Cc}\p{Cf}\u2028\u2029]+$/u`, '/^[^]/u');
const ANSWERS = edit('src/install/remains.ts', 'if (!isAnswer(asked, kind, path)) continue;', '');
const DOTS = edit('src/install/journal-schema.ts', "part === '..' || part === '.'", "part === '...'");
const MARKERS = edit('src/install/marks.ts', 'then verdict=no-marker; return; fi', 'then return; fi');
const MARKER_LINK = edit('src/install/marks.ts', String.raw` && [ ! -h "$1/$marker" ] || continue`, ' || continue');
const MARKER_FORM = edit('src/install/marks.ts', 'case $line$more in', `case '{"schema": "tapprep-build/1"}' in`);
const OWNER = edit('src/install/marks.ts', 'then verdict=other-owner; return; fi', 'then :; fi');
const LINK = edit('src/install/marks.ts', 'if [ -h "$1" ]; then verdict=link; return; fi', ':');
const JUDGED_AGAIN = edit('src/install/remains.ts', '      judge "$path"\n', '      verdict=ours\n');

interface Scene {
  readonly tree: Tree;
  readonly root: string;
  readonly host: Host;
}

const base = once(() => {
  const directory = mkdtempSync(join(tmpdir(), 'remove-base-'));
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  return makeBuildRoot(join(directory, 'root'));
});

/** A root in which a shell runs; its programs are shared by all. */
async function openScene(tree: Tree): Promise<Scene> {
  const root = join(tree.scratch(), 'root');
  execFileSync('cp', ['-al', base(), root]);
  mkdirSync(join(root, dirname(JOURNAL)), { recursive: true });
  const { createRootHost } = await tree.load<typeof import('../../src/host/root.ts')>('src/host/root.ts');
  return { tree, root, host: createRootHost(root) };
}

function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

interface Forged {
  readonly files?: readonly string[];
  readonly replaced?: readonly unknown[];
  readonly packages?: readonly unknown[];
}

function journalOf({ files = [], replaced = [], packages = [] }: Forged): string {
  const entry = { at: '2026-11-29T10:00:00.000Z', tapprep: '0.1.0', release: '6.1.0-1-amd64', state: 'done' };
  return JSON.stringify({ schema: 'tapprep-journal/1', entries: [{ ...entry, packages, replaced, files }] });
}

/** All that `remove` does beside packages, without the journal at its end. */
async function takeAll({ tree, host }: Scene, between: () => void = () => undefined): Promise<void> {
  const { readJournal } = await tree.load<typeof import('../../src/install/journal.ts')>('src/install/journal.ts');
  const { findRemains, takeRemains } =
    await tree.load<typeof import('../../src/install/remains.ts')>('src/install/remains.ts');
  const files = (await readJournal(host)).entries.flatMap((entry) => entry.files);
  const { ours } = await findRemains(host, files, false);
  between();
  await takeRemains(host, ours);
}

/** Something of another's lies at `precious` in the root, and is still there after `remove`, or not. */
function keeps(
  name: string,
  guard: readonly GuardEdit[],
  precious: string,
  lay: (scene: Scene) => void,
  between: (scene: Scene) => void = () => undefined,
): Attack {
  return {
    name,
    guard,
    attempt: async (tree): Promise<Outcome> => {
      const scene = await openScene(tree);
      put(scene.root, JOURNAL, journalOf({}));
      lay(scene);
      let by = 'it is still there';
      try {
        await takeAll(scene, () => between(scene));
      } catch (error) {
        by = codeOf(error);
      }
      const isThere = lstatSync(join(scene.root, precious), { throwIfNoEntry: false }) !== undefined;
      return isThere ? held(by) : succeeded(`${precious} was deleted as root`);
    },
  };
}

/** A journal of this text is refused, or what comes of it is told. */
function refuses(name: string, guard: readonly GuardEdit[], lay: (root: string) => void): Attack {
  return {
    name,
    guard,
    attempt: async (tree) => {
      const { root, host } = await openScene(tree);
      lay(root);
      const { readJournal } = await tree.load<typeof import('../../src/install/journal.ts')>('src/install/journal.ts');
      return refusalOf(readJournal(host), ({ entries }) => `${entries.length} entry of the attacker is believed`);
    },
  };
}

const journals: readonly Attack[] = [
  keeps(
    'a journal names a directory in which its owner has a marker of tapprep',
    [KINDS],
    'srv/data/precious',
    ({ root }) => {
      put(root, 'srv/data/precious', 'data');
      put(root, 'srv/data/manifest.json', MARKER);
      put(root, JOURNAL, journalOf({ files: ['/srv/data'] }));
    },
  ),
  keeps(
    'a line break in a path of the journal adds a directory to what is deleted',
    [PATH_FORM, ANSWERS],
    'srv/precious',
    ({ root }) => {
      put(root, 'srv/precious', 'data');
      put(root, 'srv/manifest.json', MARKER);
      put(root, JOURNAL, journalOf({ files: [`${OURS}\ndirectory srv`] }));
    },
  ),
  keeps(
    'a path with ".." in the journal leads from /lib/modules to a link outside of it',
    [DOTS],
    'lib/build',
    ({ root }) => {
      mkdirSync(join(root, 'lib/modules'), { recursive: true });
      symlinkSync('/usr/src/kernels/..', join(root, 'lib/build'));
      put(root, JOURNAL, journalOf({ files: ['/lib/modules/../build'] }));
    },
  ),
  keeps(
    "the link to somebody's own build tree, named in a journal, goes",
    [edit('src/install/remains.ts', '[ "$(readlink -- "$2")" != "/usr/src/kernels/\\${release##*/}" ] || ', '')],
    'lib/modules/6.1.0-1-amd64/build',
    ({ root }) => {
      mkdirSync(join(root, 'lib/modules/6.1.0-1-amd64'), { recursive: true });
      symlinkSync('/home/me/linux', join(root, 'lib/modules/6.1.0-1-amd64/build'));
      put(root, JOURNAL, journalOf({ files: ['/lib/modules/6.1.0-1-amd64/build'] }));
    },
  ),
  refuses(
    'a journal that another user owns chooses what is deleted',
    [edit('src/install/journal.ts', "owner !== '0' && owner !== me.stdout.trim()", 'owner === me.stderr')],
    (root) => {
      put(root, JOURNAL, journalOf({ files: [OURS] }));
      chownSync(join(root, JOURNAL), NOBODY, NOBODY);
    },
  ),
  refuses(
    'a journal that everybody may write chooses what is deleted',
    [edit('src/install/journal.ts', "mode[5] === 'w' || mode[8] === 'w'", "mode[5] === 'W'")],
    (root) => {
      put(root, JOURNAL, journalOf({ files: [OURS] }));
      chmodSync(join(root, JOURNAL), 0o666);
    },
  ),
  refuses('a path of the journal moves the cursor of the terminal', [PATH_FORM], (root) =>
    put(root, JOURNAL, journalOf({ files: [`${OURS}\u001b[2J`] })),
  ),
  refuses('a path of the journal is told from right to left', [PATH_FORM], (root) =>
    put(root, JOURNAL, journalOf({ files: [`${OURS}\u202e/`] })),
  ),
  refuses(
    'control bytes in the versions that the journal says were replaced',
    [
      edit(
        'src/install/journal-schema.ts',
        'name: word, from: word, to: word',
        'name: z.string(), from: z.string(), to: z.string()',
      ),
    ],
    (root) => put(root, JOURNAL, journalOf({ replaced: [{ name: 'bash', from: '1\u009b2J', to: '2' }] })),
  ),
  refuses(
    'a package of the journal that is an option of the package manager',
    [edit('src/install/journal-schema.ts', '(?!-)', '')],
    (root) => put(root, JOURNAL, journalOf({ packages: [{ name: '--purge', version: '1', arch: 'amd64' }] })),
  ),
  refuses(
    'a package of the journal that is two words',
    [edit('src/install/journal-schema.ts', String.raw`/^(?!-)[\w.+:~^-]+$/`, '/^(?!-)./')],
    (root) => put(root, JOURNAL, journalOf({ packages: [{ name: 'make libc6', version: '1', arch: 'amd64' }] })),
  ),
];

const markers: readonly Attack[] = [
  keeps(
    'the name of a directory in /tmp has a line break, behind which another directory is called tapprep’s own',
    [edit('src/install/remains.ts', 'case $found in *[!A-Za-z0-9_.:+~^@/-]*) continue ;; esac', ''), ANSWERS],
    'srv/precious',
    ({ root }) => {
      put(root, 'srv/precious', 'data');
      const planted = join(root, 'tmp/tapprep-1\nours private srv');
      mkdirSync(planted, { recursive: true });
      chownSync(planted, NOBODY, NOBODY);
    },
  ),
  keeps('a foreign directory with a name of tapprep, without its marker', [MARKERS], `${OURS}/precious`, ({ root }) =>
    put(root, `${OURS}/precious`, 'data'),
  ),
  keeps(
    'a foreign directory that is called like packages of a transaction',
    [MARKERS],
    'var/cache/tapprep/staging-abcdef/x',
    ({ root }) => put(root, 'var/cache/tapprep/staging-abcdef/x', 'data'),
  ),
  keeps('a directory of another user with a forged marker', [OWNER], `${OURS}/precious`, ({ root }) => {
    put(root, `${OURS}/precious`, 'data');
    put(root, `${OURS}/manifest.json`, MARKER);
    chownSync(join(root, OURS), NOBODY, NOBODY);
  }),
  keeps(
    'a directory of another user whose name ends as one that is half made',
    [OWNER],
    `${OURS}.tapprep-making/x`,
    ({ root }) => {
      put(root, `${OURS}.tapprep-making/x`, 'data');
      chownSync(join(root, `${OURS}.tapprep-making`), NOBODY, NOBODY);
    },
  ),
  keeps("a marker that is a link to tapprep's of another place", [MARKER_LINK], `${OURS}/precious`, ({ root }) => {
    put(root, `${OURS}/precious`, 'data');
    put(root, 'srv/manifest.json', MARKER);
    symlinkSync('/srv/manifest.json', join(root, OURS, 'manifest.json'));
  }),
  keeps("another program's manifest.json taken for the marker", [MARKER_FORM], `${OURS}/precious`, ({ root }) => {
    put(root, `${OURS}/precious`, 'data');
    put(root, `${OURS}/manifest.json`, '{"schema": "somebody/1", "name": "tapprep-build"}\n');
  }),
  keeps('a link with a name of tapprep leads to data with a forged marker', [LINK], 'srv/data/precious', ({ root }) => {
    put(root, 'srv/data/precious', 'data');
    put(root, 'srv/data/manifest.json', MARKER);
    mkdirSync(join(root, 'opt/tapprep'), { recursive: true });
    symlinkSync('/srv/data', join(root, OURS));
  }),
  keeps(
    'a directory is exchanged for a link between the look and the removal',
    [JUDGED_AGAIN],
    'srv/data/precious',
    ({ root }) => {
      put(root, 'srv/data/precious', 'data');
      put(root, `${OURS}/manifest.json`, MARKER);
    },
    ({ root }) => {
      renameSync(join(root, OURS), join(root, 'srv/away'));
      symlinkSync('/srv/data', join(root, OURS));
    },
  ),
  keeps(
    'a directory is exchanged for a foreign one between the look and the removal',
    [JUDGED_AGAIN],
    `${OURS}/precious`,
    ({ root }) => put(root, `${OURS}/manifest.json`, MARKER),
    ({ root }) => {
      rmSync(join(root, OURS), { recursive: true });
      put(root, `${OURS}/precious`, 'data');
    },
  ),
  keeps(
    "the record of another user, called like tapprep's",
    [edit('src/install/remains.ts', 'if [ "$5" = 0 ] || {', 'if [ "$5" != x ] || {')],
    'var/lib/tapprep/systemtap-mine.json',
    ({ root }) => {
      put(root, 'var/lib/tapprep/systemtap-mine.json', 'data');
      chownSync(join(root, 'var/lib/tapprep/systemtap-mine.json'), NOBODY, NOBODY);
    },
  ),
  keeps(
    "a directory in the place of stap's cache that others work in",
    [edit('src/install/remains.ts', 'drwx------*) verdict=ours ;;', 'd*) verdict=ours ;;')],
    'var/cache/tapprep/stap/precious',
    ({ root }) => {
      put(root, 'var/cache/tapprep/stap/precious', 'data');
      chmodSync(join(root, 'var/cache/tapprep/stap'), 0o777);
    },
  ),
];

/** Whether somebody has opened a pipe to read from it; a waiting reader then reads its end. */
function letGo(pipe: string): boolean {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    if (isErrno(error, 'ENXIO')) return false;
    throw error;
  }
}

const waits: readonly Attack[] = [
  {
    name: 'a pipe in the place of the record of a process at work keeps every command waiting',
    guard: [edit('src/host/scripts.ts', '[ -f "$1" ] && [ ! -h "$1" ] || exit 0', ':')],
    attempt: async (tree) => {
      const { root, host } = await openScene(tree);
      const pipe = join(root, 'var/lib/tapprep/running');
      execFileSync('mkfifo', [pipe]);
      const { awaitEarlierRun } =
        await tree.load<typeof import('../../src/host/until-end.ts')>('src/host/until-end.ts');
      const end = awaitEarlierRun(host, new AbortController().signal).then(() => true);
      for (;;) {
        if (await Promise.race([end, delay(20, false)])) return held('it is no file');
        if (!letGo(pipe)) continue;
        await end;
        return succeeded('it is waited for');
      }
    },
  },
];

/** A second signal that nobody sent in a hurry. */
const SECONDS: readonly (readonly [name: string, signal: StopSignal, at: number, text: string])[] = [
  ['a terminal that is closed sends SIGHUP twice, and all ends at once', 'SIGHUP', 1000, "signal !== 'SIGHUP' && "],
  ['one key press that comes twice ends all at once', 'SIGINT', 20, 'at - last >= SAME_MS && '],
];

const stops = SECONDS.map(([name, signal, at, text]): Attack => ({
  name,
  guard: [edit('src/cli/stop-signals.ts', text, '')],
  attempt: async (tree) => {
    const { judgeSignal } = await tree.load<typeof import('../../src/cli/stop-signals.ts')>('src/cli/stop-signals.ts');
    const verdict = judgeSignal(signal, at, [0]);
    return verdict === 'at-once' ? succeeded('the end in order is cut off') : held('the second asks for nothing new');
  },
}));

export const attacks: readonly Attack[] = [...journals, ...markers, ...waits, ...stops];
