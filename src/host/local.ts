/** The machine that tapprep runs on. */
import { machine } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { findArchitecture, runsProgramsOf, type Architecture } from '../detect/architectures.ts';
import {
  copyFileAtomic,
  isExecutableFile,
  isRegularFile,
  readTextFile,
  removeFileIfThere,
  writeFileAtomic,
} from './files.ts';
import type { Host, RunOptions, RunResult } from './host.ts';
import { runProcess } from './run-process.ts';
import { RUNNING_PATH, UNTIL_END } from './scripts.ts';

/** Where system tools lie that a user's own PATH often leaves out. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The architecture of this machine's kernel; null for one that no table has. */
export function ownArchitecture(): Architecture | null {
  return findArchitecture(machine());
}

/** Whether this machine runs programs of an architecture itself. @param arch uname -m */
export function runsHere(arch: string): boolean {
  const [own, wanted] = [ownArchitecture(), findArchitecture(arch)];
  return own === null || wanted === null || runsProgramsOf(own, wanted);
}

/** Whether the programs of this machine's packages are of an architecture: x86_64 runs those of i686, but has others. @param arch uname -m */
export function hasProgramsOf(arch: string): boolean {
  const [own, wanted] = [ownArchitecture(), findArchitecture(arch)];
  return own === null || wanted === null || own.machine === wanted.machine;
}

/** What a clean environment keeps: who runs it, where to put temporary files, how to reach the network and an ssh agent. */
const INHERITED = [
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  'KRB5CCNAME',
  'http_proxy',
  'https_proxy',
  'ftp_proxy',
  'all_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'FTP_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
] as const;

/** This host. Programs get a clean environment with LC_ALL=C, because stap, rpm and apt translate their messages. */
export function createLocalHost(): Host {
  const env = localEnvironment();
  const directories = (env['PATH'] ?? '').split(delimiter).filter((directory) => isAbsolute(directory));
  return {
    kind: 'local',
    name: 'this host',
    run: (argv, options = {}) => runHere(argv, { ...env, ...options.env }, options),
    readText: (path) => readTextFile(path),
    writeFile: writeFileAtomic,
    removeFile: removeFileIfThere,
    localPath: (path) => path,
    fetchFile: async (path) => ((await isRegularFile(path)) ? path : null),
    putFile: copyFileAtomic,
    async which(name) {
      if (name.includes('/')) return isAbsolute(name) && (await isExecutableFile(name)) ? name : null;
      for (const directory of directories) {
        const path = join(directory, name);
        if (await isExecutableFile(path)) return path;
      }
      return null;
    },
  };
}

/**
 * Runs a program of this machine. What must come to its end is run below a shell that goes on reading when tapprep does not.
 * @param runningPath on this machine: the file that names what is at work on the target
 */
export async function runHere(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  options: RunOptions,
  runningPath: string = RUNNING_PATH,
): Promise<RunResult> {
  if (options.untilEnd !== true) return runProcess(argv, env, options);
  const result = await runProcess(['sh', '-c', UNTIL_END, 'tapprep-until-end', runningPath, ...argv], env, options);
  return { ...result, argv };
}

/** What the programs of this machine get of the environment that tapprep was started in. */
export function localEnvironment(): Readonly<Record<string, string>> {
  return cleanEnvironment(process.env);
}

function cleanEnvironment(from: NodeJS.ProcessEnv): Record<string, string> {
  const env: Record<string, string> = { LC_ALL: 'C' };
  const path = (from['PATH'] ?? '').split(delimiter).filter((directory) => isAbsolute(directory));
  env['PATH'] = [...new Set([...path, ...SYSTEM_PATH.split(':')])].join(delimiter);
  for (const name of INHERITED) {
    const value = from[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
