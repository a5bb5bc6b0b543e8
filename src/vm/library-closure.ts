/** The files that programs of a root directory need to start: loader and shared libraries, found as the loader finds them. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { readElf } from '../elf/read-elf.ts';
import type { ElfInfo } from '../elf/read-elf.ts';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';

/** A file to put into the guest. */
export interface GuestFile {
  /** On this machine. */
  readonly source: string;
  /** Absolute, in the guest. */
  readonly path: string;
  readonly mode: number;
}

/** Directories that the loader searches by itself: Debian's multiarch ones, then everybody's. */
const DEFAULT_DIRECTORIES: Readonly<Record<number, readonly string[]>> = {
  62: ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/lib64', '/usr/lib64', '/lib', '/usr/lib'],
  3: ['/lib/i386-linux-gnu', '/usr/lib/i386-linux-gnu', '/lib', '/usr/lib'],
  183: ['/lib/aarch64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/lib64', '/usr/lib64', '/lib', '/usr/lib'],
  21: ['/lib/powerpc64le-linux-gnu', '/usr/lib/powerpc64le-linux-gnu', '/lib64', '/usr/lib64', '/lib', '/usr/lib'],
  22: ['/lib/s390x-linux-gnu', '/usr/lib/s390x-linux-gnu', '/lib64', '/usr/lib64', '/lib', '/usr/lib'],
};

const DEFAULTS: ReadonlySet<string> = new Set(Object.values(DEFAULT_DIRECTORIES).flat());

/** What glibc opens by name at run time, and what is taken along where it is there. */
const OPENED_AT_RUN_TIME = ['libgcc_s.so.1', 'libnss_files.so.2'];

const MAX_FILES = 200;
const MAX_DIRECTORIES = 100;

/**
 * `programs` and everything they need, each at the path where it was found.
 * @param host the machine that has them
 * @throws TapprepError TOOL_MISSING naming what is not there, BAD_PACKAGE for a malformed file
 */
export async function collectLibraryClosure(host: Host, programs: readonly string[]): Promise<readonly GuestFile[]> {
  const files = new Map<string, GuestFile>();
  const extra = await readConfiguredDirectories(host);
  const names = new Set<string>();
  const queue = [...programs];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (files.has(next)) continue;
    const source = await host.fetchFile(next);
    if (source === null) throw new TapprepError('TOOL_MISSING', `${next} is not in ${host.name}`);
    const elf = await readElf(source);
    files.set(next, { source, path: next, mode: 0o755 });
    // The guest has no ld.so.cache, so what only ld.so.conf leads to goes where every loader looks.
    if (extra.includes(posix.dirname(next)))
      for (const directory of ['/usr/lib64', '/usr/lib']) {
        const path = posix.join(directory, posix.basename(next));
        if (!files.has(path)) files.set(path, { source, path, mode: 0o755 });
      }
    if (files.size > MAX_FILES) throw new TapprepError('BAD_PACKAGE', `${next} needs more than ${MAX_FILES} files`);
    if (elf === null) continue;
    if (elf.interpreter !== null) queue.push(elf.interpreter);
    const isProgram = programs.includes(next);
    for (const name of [...elf.needed, ...(isProgram && elf.interpreter !== null ? OPENED_AT_RUN_TIME : [])]) {
      if (names.has(name)) continue;
      names.add(name);
      const found = await findLibrary(host, name, elf, next, extra);
      if (found === null && OPENED_AT_RUN_TIME.includes(name) && !elf.needed.includes(name)) continue;
      if (found === null)
        throw new TapprepError('TOOL_MISSING', `${next} needs ${name}, which is not in ${host.name}`, {
          facts: { program: next, library: name },
        });
      queue.push(found);
    }
  }
  return [...files.values()];
}

/** Finds one needed library: beside a slash as it is, else in the library path of who needs it, the defaults, ld.so.conf. */
async function findLibrary(
  host: Host,
  name: string,
  elf: ElfInfo,
  neededBy: string,
  extra: readonly string[],
): Promise<string | null> {
  if (name.includes('/')) return (await isFile(host, name)) ? name : null;
  const own = elf.libraryPath.map((path) => path.replaceAll(/\$\{?ORIGIN\}?/g, posix.dirname(neededBy)));
  const directories = [...own, ...(DEFAULT_DIRECTORIES[elf.machine] ?? ['/lib64', '/lib', '/usr/lib']), ...extra];
  for (const directory of directories) {
    if (!directory.startsWith('/')) continue;
    const path = posix.join(directory, name);
    if (await isFile(host, path)) return path;
  }
  return null;
}

async function isFile(host: Host, path: string): Promise<boolean> {
  const local = host.localPath(path);
  if (local !== null) return statSync(local, { throwIfNoEntry: false })?.isFile() === true;
  return (await host.run(['test', '-f', path])).exitCode === 0;
}

/** Directories of ld.so.conf and of the files that it includes, which distributions keep in one directory. */
async function readConfiguredDirectories(host: Host): Promise<readonly string[]> {
  const texts = [(await host.readText('/etc/ld.so.conf')) ?? ''];
  for (const name of (await listDirectory(host, '/etc/ld.so.conf.d')).filter((name) => name.endsWith('.conf')))
    texts.push((await host.readText(`/etc/ld.so.conf.d/${name}`)) ?? '');
  return texts
    .flatMap((text) => text.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line.startsWith('/') && !DEFAULTS.has(line))
    .slice(0, MAX_DIRECTORIES);
}

async function listDirectory(host: Host, path: string): Promise<readonly string[]> {
  const local = host.localPath(path);
  if (local !== null) return existsSync(local) ? readdirSync(local).sort().slice(0, MAX_DIRECTORIES) : [];
  const names = (await host.run(['ls', path])).stdout.split('\n');
  return names.filter((name) => name !== '').slice(0, MAX_DIRECTORIES);
}
