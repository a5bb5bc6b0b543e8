/** The one file for hosts without Node: what others put where it unpacks its program must never be started by it. */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Attack, type GuardEdit, held, type Outcome, succeeded, type Tree } from './attack.ts';

/** Another user of this machine; the attacks run as root. */
const NOBODY = 65534;
const ID = '1.0.0-0123456789abcdef';
const SCRIPT_BYTES = 12288;

/** In Node's place inside the file: says its version, writes the program, or tells that it was started. */
const GENUINE = `#!/bin/sh
case $1 in
  --version) echo v24.0.0 ;;
  -e) mkdir "$5/bin" && : >"$5/bin/tapprep.js" ;;
  *) echo genuine ;;
esac
`;
const PLANTED = '#!/bin/sh\necho planted\n';

const file = 'scripts/single.sh';
const OPEN_ANCESTOR: GuardEdit = {
  file,
  text: '*) ! is_open || unsafe "${at:-/} may be written',
  replacement: '*) : || unsafe "${at:-/} may be written',
};
const FOREIGN_ANCESTOR: GuardEdit = {
  file,
  text: '[ "$owner" = "$me" ] || [ "$owner" = 0 ] || [ "$owner" = "$top" ] || unsafe',
  replacement: ': || unsafe',
};
const FOREIGN: GuardEdit = {
  file,
  text: '[ "$owner" = "$me" ] || unsafe "$1 belongs',
  replacement: ': || unsafe "$1 belongs',
};
const WRITABLE: GuardEdit = { file, text: '! is_open || return 1', replacement: ':' };
const NO_LINK: GuardEdit = { file, text: '*) unsafe "$1 is a link', replacement: '*) : unsafe "$1 is a link' };
const ONE_NAME: GuardEdit = { file, text: '-*) [ "$links" = 1 ] ;;', replacement: '-*) ;;' };
const ABSOLUTE: GuardEdit = {
  file,
  text: '?*) fail 2 USAGE "TAPPREP_CACHE_DIR',
  replacement: '?*) cache=$TAPPREP_CACHE_DIR ;;\n  ?*) fail 2 USAGE "TAPPREP_CACHE_DIR',
};

/** The one file as scripts/build-single.js lays it out, with a few lines of shell for Node. */
function buildSingle(tree: Tree): string {
  const [node, program] = [gzipSync(GENUINE), gzipSync('{}')];
  const values: Readonly<Record<string, string | number>> = {
    VERSION: '1.0.0',
    ID,
    NODE_AT: SCRIPT_BYTES + 1,
    NODE_BYTES: node.length,
    FILES_BYTES: program.length,
    BYTES: SCRIPT_BYTES + node.length + program.length,
  };
  const script = readFileSync(join(tree.root, file), 'utf8').replaceAll(/@([A-Z_]+)@/g, (_, name: string) =>
    String(values[name]),
  );
  const path = join(tree.scratch(), 'tapprep');
  writeFileSync(path, Buffer.concat([Buffer.from(script.padEnd(SCRIPT_BYTES, '\n')), node, program]), { mode: 0o755 });
  return path;
}

function makeDirectory(path: string, mode: number, uid = 0): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  chownSync(path, uid, uid);
  return path;
}

/** A program where the file looks for the one that it unpacked before, all of it root's; returns the path of its node. */
/** It is a cache of tapprep's, so that no other refusal comes first. */
function mark(cache: string): string {
  writeFileSync(join(cache, 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n# a cache of tapprep\n');
  return cache;
}

function plant(cache: string): string {
  const home = join(cache, 'program', ID);
  for (const directory of [cache, join(cache, 'program'), home, join(home, 'bin')]) makeDirectory(directory, 0o755);
  mark(cache);
  writeFileSync(join(home, 'bin/tapprep.js'), '');
  const node = join(home, 'node');
  writeFileSync(node, PLANTED);
  chmodSync(node, 0o755);
  return node;
}

/** Starts the one file in a directory, with a cache. */
async function start(tree: Tree, cwd: string, cache: string): Promise<Outcome> {
  const child = spawn('/bin/sh', [buildSingle(tree), '--version'], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', TAPPREP_CACHE_DIR: cache, HOME: cwd },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (stdout === 'planted\n') return succeeded('started a program that somebody else chose');
  if (stdout === 'genuine\n') return held('unpacked anew');
  const [, code] = /^tapprep: (CACHE_UNUSABLE|USAGE): /.exec(stderr) ?? [];
  if (code === undefined) throw new Error(`the one file said neither yes nor no: ${stdout}${stderr}`);
  return held(code);
}

/** `prepare` gets an own empty directory and returns the cache that the victim names. */
function starting(name: string, guard: readonly GuardEdit[], prepare: (base: string) => string): Attack {
  return {
    name,
    guard,
    attempt: (tree) => {
      const base = makeDirectory(join(tree.scratch(), 'base'), 0o755);
      return start(tree, base, prepare(base));
    },
  };
}

export const attacks: readonly Attack[] = [
  starting('the one file starts what was moved below a directory that everybody may write', [OPEN_ANCESTOR], (base) => {
    const cache = join(makeDirectory(join(base, 'open'), 0o777), 'cache');
    plant(cache);
    return cache;
  }),
  starting("the one file follows a link on the way into another user's directory", [FOREIGN_ANCESTOR], (base) => {
    plant(join(makeDirectory(join(base, 'theirs'), 0o755, NOBODY), 'cache'));
    symlinkSync('theirs', join(base, 'own'));
    return join(base, 'own/cache');
  }),
  starting('the one file starts a program by a link in its cache', [WRITABLE, NO_LINK], (base) => {
    plant(join(base, 'elsewhere'));
    const cache = mark(makeDirectory(join(base, 'cache'), 0o755));
    symlinkSync('../elsewhere/program', join(cache, 'program'));
    return cache;
  }),
  starting('the one file starts a node that has a second name somewhere else', [ONE_NAME], (base) => {
    linkSync(plant(join(base, 'cache')), join(base, 'second'));
    return join(base, 'cache');
  }),
  starting("the one file starts another user's node", [FOREIGN], (base) => {
    chownSync(plant(join(base, 'cache')), NOBODY, NOBODY);
    return join(base, 'cache');
  }),
  starting('the one file starts a node that everybody may write', [WRITABLE], (base) => {
    chmodSync(plant(join(base, 'cache')), 0o777);
    return join(base, 'cache');
  }),
  starting(
    'the one file starts what lies in the current directory, by a relative TAPPREP_CACHE_DIR',
    [ABSOLUTE],
    (base) => {
      plant(join(base, 'cache'));
      return 'cache';
    },
  ),
];
