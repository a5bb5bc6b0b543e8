/**
 * The packages that an rpm database names, read without rpm: its own format is known here, so nothing is written beside it,
 * and a format that this machine's rpm does not know is no empty list.
 */
import { readFile, stat } from 'node:fs/promises';
import { isTapprepError } from '../../errors.ts';
import { describeRpm, isImportedKey, listPaths, type RpmIdentity } from '../../trust/rpm-header.ts';
import { readRpmSection, type RpmSection } from '../../trust/rpm-section.ts';
import { isBerkeleyHash, readBerkeleyHash } from './berkeley.ts';
import { brokenDatabase } from './broken.ts';
import { isNdb, readNdb } from './ndb.ts';
import { LOG, readSqlite } from './sqlite.ts';

/** Where databases lie, those of today first; a system that was upgraded may have an old one beside. */
const PLACES = ['/usr/lib/sysimage/rpm', '/var/lib/rpm'] as const;
const NAMES = ['rpmdb.sqlite', 'Packages.db', 'Packages'] as const;

export interface RpmDatabase {
  readonly packages: readonly RpmIdentity[];
  /** name-version-release.arch of the package that has a file, by its path. */
  readonly owners: ReadonlyMap<string, string>;
}

export interface DatabaseQuestion {
  /** The file of this machine for a path of the target; null where there is none. */
  readonly find: (path: string) => Promise<string | null>;
  /** Where a copy may lie for the moment. */
  readonly temporary: string;
  /** Paths whose packages are wanted. */
  readonly paths: readonly string[];
}

/** @returns null where there is no database. @throws TapprepError BAD_FACTS where it cannot be read */
export async function readRpmDatabase({ find, temporary, paths }: DatabaseQuestion): Promise<RpmDatabase | null> {
  for (const path of PLACES.flatMap((place) => NAMES.map((name) => `${place}/${name}`))) {
    const file = await find(path);
    if (file === null) continue;
    await requireSize(file);
    const log = path.endsWith('.sqlite') ? await find(`${path}${LOG}`) : null;
    if (log !== null) await requireSize(log);
    return describe(await readBlobs(file, log, temporary), file, new Set(paths));
  }
  return null;
}

/** Many times what the largest systems have. */
const MAX_BYTES = 1024 * 1024 * 1024;

async function requireSize(path: string): Promise<void> {
  const { size } = await stat(path);
  if (size > MAX_BYTES) throw brokenDatabase(path, `has ${size} bytes, and none has more than ${MAX_BYTES}`);
}

async function readBlobs(path: string, log: string | null, temporary: string): Promise<readonly Buffer[]> {
  if (path.endsWith('.sqlite')) return readSqlite(path, log, temporary);
  const file = await readFile(path);
  if (isNdb(file)) return readNdb(file, path);
  if (isBerkeleyHash(file)) return readBerkeleyHash(file, path);
  throw brokenDatabase(path, 'is neither a Berkeley DB hash nor an ndb');
}

function describe(blobs: readonly Buffer[], path: string, wanted: ReadonlySet<string>): RpmDatabase {
  const packages: RpmIdentity[] = [];
  const owners = new Map<string, string>();
  try {
    for (const blob of blobs) {
      const header = readHeader(blob, path);
      if (isImportedKey(header)) continue;
      const identity = describeRpm(header);
      packages.push(identity);
      if (wanted.size === 0) continue;
      const label = `${identity.name}-${identity.version.replace(/^\d+:/, '')}.${identity.arch}`;
      for (const file of listPaths(header)) if (wanted.has(file)) owners.set(file, label);
    }
  } catch (error) {
    if (!isTapprepError(error, 'BAD_PACKAGE')) throw error;
    throw brokenDatabase(path, 'has a package whose header is not consistent', error);
  }
  return { packages, owners };
}

const LIMITS = { title: 'header', maxEntries: 65_535, maxStoreBytes: 256 * 1024 * 1024 } as const;
/** A header in a database lies there without it. */
const INTRO = Buffer.from([0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0]);

function readHeader(blob: Buffer, path: string): RpmSection {
  const header = readRpmSection(Buffer.concat([INTRO, blob]), 0, LIMITS);
  if (!('needBytes' in header)) return header;
  throw brokenDatabase(path, `has a package of ${blob.length} bytes that states ${header.needBytes - INTRO.length}`);
}
