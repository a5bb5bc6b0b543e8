/** The terms under which the programs of a runtime are passed on, from the packages that they are of. */
import { readdir } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { readTextFile } from '../host/files.ts';
import type { Host } from '../host/host.ts';
import { prepareData, type PreparedFile } from './files.ts';
import type { Runtime, RuntimeFile } from './runtime.ts';

/** What Debian's copyright files refer to instead of repeating it. */
const COMMON = ['GPL-2', 'GPL-3', 'LGPL-2', 'LGPL-2.1', 'LGPL-3'];

export interface Licences {
  readonly files: readonly PreparedFile[];
  /** Paths of files for which no terms were found. */
  readonly missing: readonly string[];
}

/**
 * Collects the terms.
 * @param root the system that the programs were taken from; null where they are of a portable SystemTap, whose own folder
 *   has the terms of all its packages
 */
export async function prepareLicences({ files }: Runtime, root: Host | null): Promise<Licences> {
  return root === null ? await licencesOfFolder(files) : await licencesByPackage(files, root);
}

/** A package manager knows the owner of a path as its package wrote it, which a merged /usr may differ from: asked by the name. */
async function licencesByPackage(files: readonly RuntimeFile[], root: Host): Promise<Licences> {
  const texts = new Map<string, string>();
  const missing: string[] = [];
  const hasDpkg = (await root.which('dpkg-query')) !== null;
  for (const { from } of files) {
    const owner = hasDpkg ? await findOwner(from, root) : null;
    const text = owner === null ? null : await root.readText(`/usr/share/doc/${owner}/copyright`);
    if (owner === null || text === null) missing.push(from);
    else texts.set(owner, text);
  }
  for (const name of COMMON) {
    const text = await root.readText(`/usr/share/common-licenses/${name}`);
    if (text !== null) texts.set(name, text);
  }
  return { files: toFiles(texts), missing };
}

async function findOwner(path: string, root: Host): Promise<string | null> {
  const name = basename(path);
  const result = await root.run(['dpkg-query', '--search', `*/${name}`], { timeoutMs: 60_000 });
  for (const line of result.stdout.split('\n')) {
    const [owner = '', found = ''] = line.split(': ');
    const plain = owner.split(':', 1)[0] ?? '';
    if (basename(found) === name && /^[a-z0-9][a-z0-9.+-]+$/.test(plain)) return plain;
  }
  return null;
}

async function licencesOfFolder(files: readonly RuntimeFile[]): Promise<Licences> {
  const program = files.find(({ place }) => place.startsWith('libexec/'));
  if (program === undefined) throw new TapprepError('INTERNAL', 'a runtime has no program');
  const share = posix.resolve(program.source, '../../share');
  const texts = new Map<string, string>();
  for (const name of await listNames(join(share, 'doc'))) {
    const text = await readTextFile(join(share, 'doc', name, 'copyright'));
    if (text !== null) texts.set(name, text);
  }
  for (const name of COMMON) {
    const text = await readTextFile(join(share, 'common-licenses', name));
    if (text !== null) texts.set(name, text);
  }
  return { files: toFiles(texts), missing: texts.size === 0 ? files.map(({ from }) => from) : [] };
}

async function listNames(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).toSorted();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function toFiles(texts: ReadonlyMap<string, string>): readonly PreparedFile[] {
  return Array.from(texts, ([name, text]) => prepareData(`licences/${name}.txt`, text));
}
