/** The incident-response scripts in stp/, each with its metadata and what proves it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TapprepError } from '../errors.ts';
import { readTextFile } from '../host/files.ts';
import type { GuestSource } from '../verify/options.ts';
import type { ProvenRun, ScriptMetadata } from './metadata-schema.ts';
import { parseProvenRuns, parseScriptMetadata } from './metadata-schema.ts';

export interface CatalogueEntry extends ScriptMetadata {
  readonly name: string;
  /** The whole script as stap takes it: its parts of stp/lib, then its own text. */
  readonly script: string;
  /** Shell text for a guest: what makes the event and the control event happen. */
  readonly event: string;
  /** Shell text for a guest, run before the script is loaded; null where nothing has to be. */
  readonly prepare: string | null;
  /** The whole script for the bpf runtime; null where that has none. */
  readonly bpfScript: string | null;
  /** Shell text for a guest, run before that one is started; null where nothing has to be. */
  readonly bpfPrepare: string | null;
  /** Source of the decoy module where the event needs it. */
  readonly decoy: GuestSource | null;
  readonly proven: readonly ProvenRun[];
}

const DECOY = 'tapprep_decoy';

/**
 * Reads the catalogue, in the order of names.
 * @param packageRoot where stp/ lies
 * @throws TapprepError INTERNAL when the package is incomplete
 */
export async function loadCatalogue(packageRoot: string): Promise<readonly CatalogueEntry[]> {
  const folder = join(packageRoot, 'stp');
  const names = (await readdir(folder)).flatMap((file) => (file.endsWith('.stp') ? [file.slice(0, -4)] : []));
  const provenText = await readTextFile(join(folder, 'proven.json'));
  const proven = provenText === null ? [] : parseProvenRuns(provenText, 'stp/proven.json');
  return Promise.all(names.toSorted().map((name) => loadEntry(folder, name, proven)));
}

/** Whether a word of a command line means a script of the catalogue: a path has a directory or an ending. */
export function isCatalogueName(word: string): boolean {
  return !/[/.]/.test(word);
}

/** The entry of this name. @throws TapprepError USAGE */
export function findEntry(catalogue: readonly CatalogueEntry[], name: string): CatalogueEntry {
  const found = catalogue.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  throw new TapprepError(
    'USAGE',
    `there is no script ${name}, but ${catalogue.map((entry) => entry.name).join(', ')}`,
    { hint: 'tapprep scripts list' },
  );
}

async function loadEntry(folder: string, name: string, proven: readonly ProvenRun[]): Promise<CatalogueEntry> {
  const read = (path: string): Promise<string> => readPart(folder, path);
  const metadata = parseScriptMetadata(await read(`${name}.json`), `stp/${name}.json`);
  const parts = await Promise.all([...metadata.lib.map((part) => `lib/${part}.stp`), `${name}.stp`].map(read));
  return {
    ...metadata,
    name,
    script: parts.join('\n'),
    event: `${await read('proof/prelude.sh')}\n${await read(`proof/${name}.sh`)}`,
    prepare: await readTextFile(join(folder, `proof/${name}.prepare.sh`)),
    bpfScript: await readBpfScript(name, metadata, read),
    bpfPrepare: await readTextFile(join(folder, `proof/${name}.bpf.prepare.sh`)),
    decoy: metadata.proof.decoy === true ? await readDecoy(read) : null,
    proven: proven.filter(({ script }) => script === name),
  };
}

async function readBpfScript(
  name: string,
  { bpf }: ScriptMetadata,
  read: (path: string) => Promise<string>,
): Promise<string | null> {
  if ('cannot' in bpf) return null;
  return (await Promise.all(['event', ...(bpf.lib ?? []), name].map((part) => read(`bpf/${part}.stp`)))).join('\n');
}

async function readDecoy(read: (path: string) => Promise<string>): Promise<GuestSource> {
  const source = `${DECOY}.c`;
  return {
    name: DECOY,
    files: { Makefile: await read('proof/decoy/Makefile'), [source]: await read(`proof/decoy/${source}`) },
  };
}

async function readPart(folder: string, path: string): Promise<string> {
  const text = await readTextFile(join(folder, path));
  if (text !== null) return text;
  throw new TapprepError('INTERNAL', `stp/${path} is missing in the package of tapprep`);
}
