/**
 * The record, on the target itself, of what tapprep added there: /var/lib/tapprep/journal.json.
 * An entry is written as "started" before the package manager runs and closed after it, so that an interrupted
 * install is known for what it is, and `remove` takes back exactly what came.
 */
import { TapprepError } from '../errors.ts';
import { describeOtherVersion, listFaults } from '../foreign-form.ts';
import { runAsRoot } from '../make-remedy.ts';
import type { Host } from '../host/host.ts';
import { script } from '../host/scripts.ts';
import type { PackageManager } from '../package-system/package-system.ts';
import { journalSchema } from './journal-schema.ts';
import type { ListedPackage } from './package-list.ts';
import { shellLine } from '../shell-words.ts';

const FORM = 'tapprep-journal/1';
export const JOURNAL_PATH = '/var/lib/tapprep/journal.json';

export interface JournalEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly tapprep: string;
  readonly release: string;
  /** Whose packages these are; a journal without it is of the one package database there. */
  readonly manager?: PackageManager | undefined;
  /** Of install.sh: SHA-256 of its bundle's SHA256SUMS, in hexadecimal, and where the bundle lay unpacked, an absolute path. */
  readonly bundle?: string | undefined;
  readonly folder?: string | undefined;
  readonly state: 'started' | 'done' | 'failed' | 'removed';
  /** False: the package manager has not been started yet, and what is there was brought by others. */
  readonly begun?: false | undefined;
  /** What this run set out to add; on "done" exactly what it added. */
  readonly packages: readonly ListedPackage[];
  readonly replaced: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  /** What went, with no other version in its place: remove cannot bring it back. */
  readonly removed?: readonly ListedPackage[] | undefined;
  /** Files and directories outside packages (a portable SystemTap, a module directory), absolute paths. */
  readonly files: readonly string[];
  /** Those of the packages whose configuration was there before, left by an earlier removal: it stays. After `files`, too. */
  readonly configured?: readonly ListedPackage[] | undefined;
  /** Of debug information: each file that was put in the directory. After `files`, which install.sh reads line by line. */
  readonly placed?: readonly { readonly path: string; readonly sha256: string }[] | undefined;
  /** Of a mended SystemTap: the files of its runtime that differ from the package's, by their SHA-256 before and after. */
  readonly mended?: readonly { readonly file: string; readonly from: string; readonly to: string }[] | undefined;
  /** Those of them that nobody signed, and where they came from. */
  readonly unsigned?:
    | readonly { readonly path: string; readonly url: string; readonly sha256: string; readonly buildId: string }[]
    | undefined;
}

export interface Journal {
  readonly schema: typeof FORM;
  readonly entries: readonly JournalEntry[];
}

/**
 * The journal of a target; empty when there is none. What it names is taken away as root, so it is only believed where it is
 * a file of root that nobody else may write.
 * @throws TapprepError JOURNAL_BROKEN
 */
export async function readJournal(host: Host): Promise<Journal> {
  const text = await host.readText(JOURNAL_PATH);
  if (text === null) return { schema: FORM, entries: [] };
  await requireOwn(host);
  return parseJournal(host, text);
}

/** An entry with what its run can have brought. */
export function withoutOthers(entry: JournalEntry): JournalEntry {
  return entry.begun === false ? { ...entry, packages: [], replaced: [] } : entry;
}

/** The entries of what is still there, or was when it was last looked. @throws TapprepError JOURNAL_BROKEN */
export async function readOpen(host: Host): Promise<readonly JournalEntry[]> {
  return (await readJournal(host)).entries.filter(({ state }) => state !== 'removed').map(withoutOthers);
}

/** PATH: "link" or what `ls -ldn` says of it. */
const LOOK = 'if [ -h "$1" ]; then echo link; else exec ls -ldn -- "$1"; fi';

async function requireOwn(host: Host): Promise<void> {
  const [{ stdout }, me] = await Promise.all([host.run(script(LOOK, [JOURNAL_PATH])), host.run(['id', '-u'])]);
  const [mode = '', , owner = ''] = stdout.trim().split(/\s+/);
  if (mode === 'link') throw broken(host, 'is a symbolic link');
  if (owner !== '0' && owner !== me.stdout.trim()) throw broken(host, `belongs to user ${owner}`);
  if (mode[5] === 'w' || mode[8] === 'w') throw broken(host, `may be written by others than root (${mode})`);
}

function broken(host: Host, what: string): TapprepError {
  return new TapprepError('JOURNAL_BROKEN', `${JOURNAL_PATH} on ${host.name} ${what}`, {
    remedy: runAsRoot(shellLine`mv ${JOURNAL_PATH} ${JOURNAL_PATH}.broken`),
  });
}

/** Adds an entry, or replaces the last one when it describes the same run. */
export async function writeEntry(host: Host, entry: JournalEntry): Promise<void> {
  const { entries } = await readJournal(host);
  const kept = entries.at(-1)?.at === entry.at ? entries.slice(0, -1) : entries;
  await writeJournal(host, { schema: FORM, entries: [...kept, entry] });
}

/** Writes the whole journal, atomically. */
export async function writeJournal(host: Host, journal: Journal): Promise<void> {
  await host.writeFile(JOURNAL_PATH, `${JSON.stringify(journal, null, 2)}\n`, 0o644);
}

function parseJournal(host: Host, text: string): Journal {
  const value = parseJson(text);
  const { data, error } = journalSchema.safeParse(value);
  if (data !== undefined) return data;
  const other = describeOtherVersion(value, FORM);
  // Never to be moved away: what it records could no longer be taken back.
  if (other !== null) {
    throw new TapprepError('JOURNAL_BROKEN', `${JOURNAL_PATH} on ${host.name} ${other}`, {
      hint: 'tapprep --version',
    });
  }
  throw broken(host, `is not a ${FORM} file: ${listFaults(error).join('; ')}`);
}

/** null for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
