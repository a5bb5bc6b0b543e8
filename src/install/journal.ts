/**
 * The record, on the target itself, of what tapprep added there: /var/lib/tapprep/journal.json.
 * An entry is written as "started" before the package manager runs and closed after it, so that an interrupted
 * install is known for what it is, and `remove` takes back exactly what came.
 */
import { TapprepError } from '../errors.ts';
import { runAsRoot } from '../make-remedy.ts';
import type { Host } from '../host/host.ts';
import type { ListedPackage } from './package-list.ts';

export const JOURNAL_PATH = '/var/lib/tapprep/journal.json';

export interface JournalEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly tapprep: string;
  readonly release: string;
  /** Whose packages these are; a journal without it is of the one package database there. */
  readonly manager?: 'dpkg' | 'rpm';
  readonly state: 'started' | 'done' | 'failed' | 'removed';
  /** What this run set out to add; on "done" exactly what it added. */
  readonly packages: readonly ListedPackage[];
  readonly replaced: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  /** Files and directories outside packages (a portable SystemTap, a module directory), absolute paths. */
  readonly files: readonly string[];
}

export interface Journal {
  readonly schema: 'tapprep-journal/1';
  readonly entries: readonly JournalEntry[];
}

/** The journal of a target; empty when there is none. @throws TapprepError JOURNAL_BROKEN */
export async function readJournal(host: Host): Promise<Journal> {
  const text = await host.readText(JOURNAL_PATH);
  if (text === null) return { schema: 'tapprep-journal/1', entries: [] };
  const journal = parseJournal(text);
  if (journal !== null) return journal;
  throw new TapprepError('JOURNAL_BROKEN', `${JOURNAL_PATH} on ${host.name} is not a tapprep-journal/1 file`, {
    remedy: runAsRoot(`mv ${JOURNAL_PATH} ${JOURNAL_PATH}.broken`),
  });
}

/** Adds an entry, or replaces the last one when it describes the same run. */
export async function writeEntry(host: Host, entry: JournalEntry): Promise<void> {
  const { entries } = await readJournal(host);
  const kept = entries.at(-1)?.at === entry.at ? entries.slice(0, -1) : entries;
  await writeJournal(host, { schema: 'tapprep-journal/1', entries: [...kept, entry] });
}

/** Writes the whole journal, atomically. */
export async function writeJournal(host: Host, journal: Journal): Promise<void> {
  await host.writeFile(JOURNAL_PATH, `${JSON.stringify(journal, null, 2)}\n`, 0o644);
}

function parseJournal(text: string): Journal | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (!isRecord(value) || value['schema'] !== 'tapprep-journal/1' || !Array.isArray(value['entries'])) return null;
  return value['entries'].every(isEntry) ? { schema: 'tapprep-journal/1', entries: value['entries'] } : null;
}

function isEntry(value: unknown): value is JournalEntry {
  if (!isRecord(value)) return false;
  const texts = ['at', 'tapprep', 'release', 'state'].every((key) => typeof value[key] === 'string');
  const lists = ['packages', 'replaced', 'files'].every((key) => Array.isArray(value[key]));
  return (
    texts &&
    lists &&
    (value['packages'] as unknown[]).every(isListedPackage) &&
    (value['files'] as unknown[]).every(isAbsolute)
  );
}

function isListedPackage(value: unknown): value is ListedPackage {
  return (
    isRecord(value) &&
    ['name', 'version', 'arch'].every((key) => typeof value[key] === 'string' && /^[\w.+:~^-]+$/.test(value[key]))
  );
}

function isAbsolute(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('/') && !value.split('/').includes('..');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
