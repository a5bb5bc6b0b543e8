/** A system that is installed in a directory and does not run: a CI image, a chroot, a mounted disk. */
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import {
  copyFileAtomic,
  isExecutableFile,
  isRegularFile,
  readTextFile,
  removeFileIfThere,
  writeFileAtomic,
} from './files.ts';
import type { Host, RunOptions, RunResult } from './host.ts';
import { localEnvironment, runHere, SYSTEM_PATH } from './local.ts';
import { resolveInRoot } from './root-path.ts';
import { RUNNING_PATH } from './scripts.ts';
import { nearestPath } from '../files/disk-error.ts';
import { shellLine } from '../shell-words.ts';

/** Package databases, any of which makes a directory an installed system. */
const PACKAGE_DATABASES = [
  '/var/lib/dpkg/status',
  '/var/lib/rpm/Packages',
  '/var/lib/rpm/Packages.db',
  '/var/lib/rpm/rpmdb.sqlite',
  '/usr/lib/sysimage/rpm/Packages.db',
  '/usr/lib/sysimage/rpm/rpmdb.sqlite',
] as const;

/** The directory is an argument, never code; the namespace, and the mount in it, end with the command. */
const MOUNT_PROC = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'mount -t proc proc "$1/proc" && shift && exec "$@"',
  'sh',
] as const;

/** chroot(1) exits so when it could not change the root itself. */
const CHROOT_FAILED = 125;

/**
 * The system in `directory`. Programs run by chroot(8), which needs root rights; files are read and written without it,
 * and no link in the tree leads outside. Nothing stays mounted, so nothing need be unmounted after a crash: dpkg, rpm and
 * gcc work in a plain chroot, and /proc, where a command asks for it, lies in a mount namespace that ends with the
 * command. Programs of the root run with the rights of the caller: a root from an untrusted source belongs into a
 * container first.
 * @throws TapprepError NOT_A_ROOT, PERMISSION
 */
export function createRootHost(directory: string): Host {
  const root = checkRoot(directory);
  const outside = localEnvironment();

  const which = async (name: string): Promise<string | null> => {
    const candidates = name.includes('/') ? [name] : SYSTEM_PATH.split(':').map((folder) => `${folder}/${name}`);
    for (const candidate of candidates) {
      if (candidate.startsWith('/') && (await isExecutableFile(resolveInRoot(root, candidate)))) return candidate;
    }
    return null;
  };
  const run = async (argv: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
    const tool = argv[0] ?? '';
    // chroot(1) answers 127 for a missing program, and so may a program that was found.
    if ((await which(tool)) === null) {
      throw new TapprepError('TOOL_MISSING', `${tool} is needed but is not installed in ${root}`, { facts: { tool } });
    }
    const { cwd, env, proc, ...rest } = options;
    // A link in its place would lead the mount elsewhere.
    const canMount = proc === true && lstatSync(join(root, 'proc'), { throwIfNoEntry: false })?.isDirectory() === true;
    const mounted = canMount ? [...MOUNT_PROC, root] : [];
    const result = await runHere(
      [...mounted, 'chroot', root, ...changeDirectory(cwd), ...argv],
      { ...outside, PATH: SYSTEM_PATH, HOME: '/root', USER: 'root', LOGNAME: 'root', TMPDIR: '/tmp', ...env },
      rest,
      resolveInRoot(root, RUNNING_PATH, false),
    );
    if (result.exitCode === CHROOT_FAILED && result.stderr.includes('Operation not permitted')) {
      throw new TapprepError('NOT_ROOT', `running ${tool} in ${root} needs root rights`, {
        hint: 'run the same command with sudo',
      });
    }
    return { ...result, argv };
  };
  return {
    kind: 'root',
    name: root,
    run,
    which,
    readText: (path) => readTextFile(resolveInRoot(root, path), false),
    writeFile: (path, data, mode) => writeFileAtomic(resolveInRoot(root, path, false), data, mode),
    removeFile: (path) => removeFileIfThere(resolveInRoot(root, path, false)),
    localPath: (path) => resolveInRoot(root, path),
    async fetchFile(path) {
      const local = resolveInRoot(root, path);
      return (await isRegularFile(local)) ? local : null;
    },
    putFile: (source, path, mode) => copyFileAtomic(source, resolveInRoot(root, path, false), mode),
  };
}

/** chroot(8) starts in "/", and only a program inside can go elsewhere; the directory is an argument, never code. */
function changeDirectory(cwd: string | undefined): readonly string[] {
  return cwd === undefined ? [] : ['/bin/sh', '-c', 'cd -- "$1" && shift && exec "$@"', 'sh', cwd];
}

function checkRoot(directory: string): string {
  const root = realDirectory(directory);
  if (root === '/') {
    throw new TapprepError('NOT_A_ROOT', `${directory} is the root of this host itself`, {
      hint: 'leave --root out',
      facts: { directory },
    });
  }
  const found = PACKAGE_DATABASES.find((path) => isFile(resolveInRoot(root, path)));
  if (found === undefined) {
    throw new TapprepError(
      'NOT_A_ROOT',
      `${directory} holds no installed system: neither a dpkg database (var/lib/dpkg/status) nor an rpm one is there`,
      { hint: shellLine`ls ${root}/var/lib`, facts: { directory, looked: PACKAGE_DATABASES } },
    );
  }
  return root;
}

function realDirectory(directory: string): string {
  try {
    const root = realpathSync(directory);
    if (statSync(root).isDirectory()) return root;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES'].some((code) => isErrno(error, code))) throw error;
    throw new TapprepError('NOT_A_ROOT', `${directory} is no directory that this user can enter`, {
      hint: shellLine`ls -ld ${nearestPath(directory)}`,
      cause: error,
    });
  }
  throw new TapprepError('NOT_A_ROOT', `${directory} is a file, but --root takes a directory`, {
    hint: shellLine`ls -ld ${directory}`,
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
