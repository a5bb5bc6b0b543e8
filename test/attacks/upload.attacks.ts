/** Packages on a machine behind --host, which another user there changes between the look at them and their use. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RemoteHost } from '../../src/host/host.ts';
import type { Artifact } from '../../src/types.ts';
import { makeProgramRoot } from '../helpers/dpkg-root.ts';
import {
  type Attack,
  atEnd,
  type GuardEdit,
  held,
  once,
  type Outcome,
  refusalOf,
  succeeded,
  type Tree,
} from './attack.ts';

const UPLOAD = 'src/install/upload.ts';
const NOBODY = 65534;
const GENUINE = 'the bytes that were signed';
const FORGED = 'the bytes of somebody else';
const DIGEST = createHash('sha256').update(GENUINE).digest('hex');
const PLACE = 'var/cache/tapprep/upload';
const edit = (text: string, replacement: string, count = 1): GuardEdit => ({ file: UPLOAD, text, replacement, count });
const OWNER = edit('[ "$4" != "$(id -u)" ] || return 0 ;;', 'return 0 ;;');
const MODE = edit('d????-??-*)', 'd*)');
const KIND = edit('d????-??-*)', '*)');
const CLOSED = edit('chmod 700 "$1" && cd "$1"', 'cd "$1"');

const base = once(() => {
  const directory = mkdtempSync(join(tmpdir(), 'upload-base-'));
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  chmodSync(directory, 0o755);
  makeProgramRoot(directory);
  // A plain file would keep what is written to it.
  rmSync(join(directory, 'dev/null'));
  execFileSync('mknod', ['-m', '666', join(directory, 'dev/null'), 'c', '1', '3']);
  mkdirSync(join(directory, 'var/lib/dpkg'), { recursive: true });
  writeFileSync(join(directory, 'var/lib/dpkg/status'), '');
  return directory;
});

/** The machine: its programs run in a root of their own, by the shell scripts that --host runs there. */
async function openMachine(tree: Tree): Promise<{ readonly root: string; readonly host: RemoteHost }> {
  const root = join(tree.scratch(), 'root');
  execFileSync('cp', ['-al', base(), root]);
  const { createRootHost } = await tree.load<typeof import('../../src/host/root.ts')>('src/host/root.ts');
  return { root, host: createRootHost(root) as unknown as RemoteHost };
}

function makeDirectory(path: string, mode: number, uid: number): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  chownSync(path, uid, uid);
}

/**
 * A package that is whole on the machine already, in a directory that stands as `lay` makes it, and what dpkg reads when the
 * other user has had his turn as far as the modes let him.
 */
async function uploads(tree: Tree, lay: (root: string) => void): Promise<Outcome> {
  const { root, host } = await openMachine(tree);
  mkdirSync(join(root, PLACE, DIGEST), { recursive: true });
  writeFileSync(join(root, PLACE, DIGEST, 'linux.deb'), GENUINE);
  lay(root);
  const { withUploadedFiles } = await tree.load<typeof import('../../src/install/upload.ts')>(UPLOAD);
  const local = join(tree.scratch(), 'linux.deb');
  writeFileSync(local, GENUINE);
  const evidence = { sha256: DIGEST, sizeBytes: GENUINE.length };
  const artifact = { item: { fileName: 'linux.deb' }, path: local, evidence } as unknown as Artifact;
  let read = '';
  const outcome = await refusalOf(
    withUploadedFiles(host, [artifact], { emit: () => undefined, signal: new AbortController().signal }, (paths) => {
      const [path = ''] = paths;
      exchange(root, path);
      read = execFileSync('chroot', [root, 'cat', path], { encoding: 'utf8' });
      return Promise.resolve();
    }),
  );
  if (read === FORGED) return succeeded('dpkg reads the bytes of somebody else as root');
  return outcome.result === 'held' ? outcome : held('the other user could not change it');
}

/** As the other user, by the modes that stand then; his failure is none of this test. */
function exchange(root: string, path: string): void {
  const script = 'rm -f "$1" && printf %s "$2" >"$1"';
  try {
    execFileSync('chroot', ['--userspec=65534:65534', root, 'sh', '-c', script, 'sh', path, FORGED], { stdio: 'pipe' });
  } catch (error) {
    if ((error as { readonly status?: unknown }).status === undefined) throw error;
  }
}

export const attacks: readonly Attack[] = [
  {
    name: 'the directory of packages on a machine behind --host is another user’s, who exchanges one after the look',
    guard: [OWNER, CLOSED],
    attempt: (tree) =>
      uploads(tree, (root) => {
        makeDirectory(join(root, PLACE, DIGEST), 0o755, NOBODY);
        makeDirectory(join(root, PLACE), 0o755, NOBODY);
      }),
  },
  {
    name: 'the directory above the packages on a machine behind --host is another user’s, who exchanges all of it',
    guard: [OWNER, CLOSED],
    attempt: (tree) =>
      uploads(tree, (root) => {
        for (const path of [join(root, PLACE, DIGEST), join(root, PLACE), join(root, dirname(PLACE))])
          makeDirectory(path, 0o755, NOBODY);
      }),
  },
  {
    name: 'everybody on a machine behind --host may write to the directory of packages, and exchanges one after the look',
    guard: [MODE, CLOSED],
    attempt: (tree) =>
      uploads(tree, (root) => {
        makeDirectory(join(root, PLACE, DIGEST), 0o777, 0);
        makeDirectory(join(root, PLACE), 0o777, 0);
      }),
  },
  {
    name: 'the directory of packages on a machine behind --host is a link to one of another user',
    guard: [KIND, CLOSED],
    attempt: (tree) =>
      uploads(tree, (root) => {
        rmSync(join(root, PLACE), { recursive: true });
        makeDirectory(join(root, 'srv/theirs', DIGEST), 0o755, NOBODY);
        writeFileSync(join(root, 'srv/theirs', DIGEST, 'linux.deb'), GENUINE);
        symlinkSync('../../../srv/theirs', join(root, PLACE));
      }),
  },
  {
    name: 'everybody on a machine behind --host may write to the directory of one package, and exchanges it after the look',
    guard: [CLOSED],
    attempt: (tree) =>
      uploads(tree, (root) => {
        makeDirectory(join(root, PLACE, DIGEST), 0o777, 0);
        makeDirectory(join(root, PLACE), 0o755, 0);
      }),
  },
];
