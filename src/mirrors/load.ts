/** Reads mirror lists: the one that comes with tapprep, and the user's. */
import { constants, type Stats } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { countOf } from '../count.ts';
import { isErrno, messageOf, TapprepError } from '../errors.ts';
import { findForeign, foreignHint, sayForeign } from '../files/ancestors.ts';
import { diskError, nearestPath } from '../files/disk-error.ts';
import { readPipeText } from '../host/given-file.ts';
import { tapprep } from '../make-remedy.ts';
import { shellLine } from '../shell-words.ts';
import { mergeMirrorFiles } from './merge.ts';
import type { NamedMirrorFile } from './merge.ts';
import type { Mirrors } from './mirror-list.ts';
import type { MirrorFile } from './schema.ts';

/** No mirror list is anywhere near as long. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Enough to mend a file by; the rest is counted. */
const MAX_FAULTS = 100;

export interface MirrorLocations {
  /** Root of the installed package, where mirrors.json and keys/ lie. */
  readonly packageRoot: string;
  /** Files of --mirrors, strongest first; each must exist. */
  readonly files: readonly string[];
  /** The user's configuration directory (XDG_CONFIG_HOME or ~/.config); null to read nothing there. */
  readonly configHome: string | null;
  /** SUDO_UID: for root, that user's file counts as well. */
  readonly sudoUid?: string | undefined;
}

/**
 * All mirror lists as one: files of --mirrors, then CONFIG/tapprep/mirrors.json where there is one, then the built-in. The
 * public keys that they pin lie in the folder keys/ beside each of them, one file FINGERPRINT.asc or .gpg for each.
 * @throws TapprepError BAD_MIRRORS naming every fault of the first faulty file with its path; TOO_LARGE; PERMISSION
 */
export async function loadMirrors(locations: MirrorLocations): Promise<Mirrors> {
  const named: NamedMirrorFile[] = [];
  for (const path of locations.files) named.push(await readOverride(path));
  if (locations.configHome !== null) {
    const own = await readBounded(join(locations.configHome, 'tapprep', 'mirrors.json'), async (path, info) => {
      const foreign = await findForeign(info, locations.sudoUid);
      if (foreign === null) return;
      throw new TapprepError('BAD_MIRRORS', `${path} ${sayForeign(foreign)}`, {
        hint: foreignHint(foreign, path),
        facts: { path, ...foreign },
      });
    });
    if (own) named.push({ name: own.path, file: await parseMirrorFile(own.text, own.path), origin: 'override' });
  }
  const path = join(locations.packageRoot, 'mirrors.json');
  const builtIn = await readBounded(path);
  if (!builtIn) throw new TapprepError('BAD_MIRRORS', `${path} is missing from the installed package`);
  // A part of this program, held against the schema by a test: doing it at each start would take as long as a download.
  named.push({ name: path, file: parseJson(builtIn.text, path) as MirrorFile, origin: 'mirrors.json' });
  const { mirrors, faults } = mergeMirrorFiles(named, await findMaterial(locations));
  if (faults.length > 0) throw badMirrors('the mirror lists', faults);
  return mirrors;
}

const KEY_FILE = /^([0-9A-F]{40})\.(?:asc|gpg)$/;

/** The files of all key folders by fingerprint, the strongest list's first. What is in them is judged by the pin. */
async function findMaterial({ files, configHome, packageRoot }: MirrorLocations): Promise<ReadonlyMap<string, string>> {
  const own = configHome === null ? [] : [join(configHome, 'tapprep')];
  const material = new Map<string, string>();
  for (const folder of [...files.map((path) => dirname(path)), ...own, packageRoot]) {
    for (const name of await listKeyFolder(join(folder, 'keys'))) {
      const fingerprint = KEY_FILE.exec(name)?.[1];
      if (fingerprint !== undefined && !material.has(fingerprint))
        material.set(fingerprint, join(folder, 'keys', name));
    }
  }
  return material;
}

async function listKeyFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (isErrno(cause, 'ENOENT') || isErrno(cause, 'ENOTDIR')) return [];
    throw new TapprepError('PERMISSION', `the folder of keys ${folder} cannot be read`, { cause, facts: { folder } });
  }
}

async function readOverride(path: string): Promise<NamedMirrorFile> {
  const text = (await readPipeText(path)) ?? (await readBounded(path))?.text;
  if (text === undefined) {
    throw new TapprepError('BAD_MIRRORS', `--mirrors names ${path}, which does not exist`, {
      hint: shellLine`ls -ld ${nearestPath(path)}`,
      facts: { path },
    });
  }
  return { name: path, file: await parseMirrorFile(text, path), origin: 'override' };
}

/**
 * Parses and checks one mirror list.
 * @throws TapprepError BAD_MIRRORS with every fault as "groups[0].entries[2].urls[0]: reason"
 */
async function parseMirrorFile(text: string, name: string): Promise<MirrorFile> {
  const { checkMirrorFile } = await import('./schema.ts');
  const { file, faults } = checkMirrorFile(parseJson(text, name));
  if (file) return file;
  throw badMirrors(name, faults);
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TapprepError('BAD_MIRRORS', `${name} is not JSON: ${messageOf(cause).slice(0, 200)}`, { cause });
  }
}

function badMirrors(name: string, faults: readonly string[]): TapprepError {
  const shown = faults.slice(0, MAX_FAULTS).map((fault) => fault.slice(0, 300));
  const more = faults.length > shown.length ? `\n  and ${faults.length - shown.length} more` : '';
  return new TapprepError(
    'BAD_MIRRORS',
    `${name} has ${countOf(faults.length, 'fault')}:\n  ${shown.join('\n  ')}${more}`,
    {
      remedy: tapprep('mirrors', 'list', '--json'),
      facts: { name, faults: shown },
    },
  );
}

const UNREADABLE = {
  what: 'the mirror list cannot be read: ',
  reading: true,
  place: 'BAD_MIRRORS',
  other: 'PERMISSION',
} as const;

async function readBounded(
  path: string,
  judge: (path: string, info: Stats) => Promise<void> = async () => undefined,
): Promise<{ readonly path: string; readonly text: string } | null> {
  let handle;
  try {
    // Opening a pipe otherwise waits for its writer.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if (isErrno(cause, 'ENOENT') || isErrno(cause, 'ENOTDIR')) return null;
    throw diskError(cause, path, UNREADABLE);
  }
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new TapprepError('BAD_MIRRORS', `${path} is no file`, { facts: { path } });
    await judge(path, info);
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length > MAX_BYTES) break;
    }
    if (length > MAX_BYTES) {
      throw new TapprepError('TOO_LARGE', `the mirror list ${path} is longer than ${MAX_BYTES / 1024 / 1024} MiB`);
    }
    return { path, text: buffer.toString('utf8', 0, length) };
  } catch (cause) {
    throw diskError(cause, path, UNREADABLE);
  } finally {
    await handle.close();
  }
}
