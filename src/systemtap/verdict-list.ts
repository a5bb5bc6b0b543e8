/** Verdicts as one document: what one machine hands to others, and what the package ships. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { describeOtherVersion, listFaults } from '../foreign-form.ts';
import { readTextFile } from '../host/files.ts';
import { nameOf } from './choose.ts';
import { isExactBuild, isSameBuild, type KernelBuild } from './kernel-build.ts';
import { type SeenVerdict, toVerdict, type Verdict } from './verdicts.ts';
import { verdictListSchema } from './verdicts-schema.ts';

export interface VerdictList {
  readonly schema: 'tapprep-verdict-list/1';
  /** ISO 8601, UTC. */
  readonly made: string;
  readonly verdicts: readonly SeenVerdict[];
}

/** Of the whole document. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/** In the package. */
export const SHIPPED_NAME = 'verdicts.json';

/** The list of verdicts on kernels of which the exact build is known, in one order whoever writes it. */
export function makeVerdictList(verdicts: readonly SeenVerdict[], now: number): VerdictList {
  const sorted = verdicts
    .filter(({ kernel }) => isExactBuild(kernel))
    .toSorted((a, b) => compareWords(orderOf(a), orderOf(b)));
  return { schema: 'tapprep-verdict-list/1', made: new Date(now).toISOString(), verdicts: sorted };
}

/** How many kernel builds a list tells of. */
export function countBuilds({ verdicts }: VerdictList): number {
  return new Set(verdicts.map(({ kernel }) => JSON.stringify(kernel))).size;
}

/** One verdict a line, so that a change of one is a change of one line. */
export function renderVerdictList({ schema, made, verdicts }: VerdictList): string {
  const rows = verdicts.map((verdict) => `  ${JSON.stringify(verdict)}`);
  const list = rows.length === 0 ? '[]' : `[\n${rows.join(',\n')}\n ]`;
  return `{\n "schema": "${schema}",\n "made": "${made}",\n "verdicts": ${list}\n}\n`;
}

/**
 * A list that came from elsewhere.
 * @param source names it in messages
 * @throws TapprepError BAD_VERDICTS
 */
export function parseVerdictList(content: string, source: string): VerdictList {
  if (content.length > MAX_LIST_BYTES) throw tooLarge(source, content.length);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new TapprepError('BAD_VERDICTS', `${source} is no JSON`, { cause });
  }
  const other = describeOtherVersion(value, 'tapprep-verdict-list/1');
  if (other !== null) throw new TapprepError('BAD_VERDICTS', `${source} ${other}`, { hint: 'tapprep --version' });
  const result = verdictListSchema.safeParse(value);
  if (!result.success) {
    const faults = listFaults(result.error);
    throw new TapprepError('BAD_VERDICTS', `${source} is no list of verdicts of tapprep: ${faults.join('; ')}`, {
      hint: 'tapprep verdicts export --out FILE writes one',
      facts: { faults },
    });
  }
  requireNoTwice(result.data.verdicts, source);
  return result.data;
}

function tooLarge(source: string, bytes: number): TapprepError {
  return new TapprepError(
    'BAD_VERDICTS',
    `${source} has ${bytes} bytes, but a list of verdicts has at most ${MAX_LIST_BYTES}`,
  );
}

/** Two verdicts on the same SystemTap and kernel build say nothing of which one holds. */
function requireNoTwice(verdicts: readonly SeenVerdict[], source: string): void {
  const known = new Map<string, SeenVerdict[]>();
  for (const verdict of verdicts) {
    const { kernel, systemtap } = verdict;
    const name = nameOf(systemtap);
    const key = JSON.stringify([kernel.release, kernel.arch, name]);
    const others = known.get(key) ?? [];
    if (others.some((other) => isSameBuild(other.kernel, kernel))) {
      throw new TapprepError(
        'BAD_VERDICTS',
        `${source} has two verdicts on SystemTap ${name} and the same build of ${kernel.release}, but one is enough`,
        { facts: { release: kernel.release, systemtap: name } },
      );
    }
    known.set(key, [...others, verdict]);
  }
}

/**
 * The bytes of a list that came from elsewhere, and of the armored signature beside it.
 * @throws TapprepError BAD_VERDICTS where it is no file, or a larger one than any list
 */
export async function readListFile(
  path: string,
): Promise<{ readonly data: Buffer; readonly signature: string | null }> {
  const info = await stat(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return null;
    throw error;
  });
  if (info?.isFile() !== true) throw new TapprepError('BAD_VERDICTS', `${path} is no file`);
  if (info.size > MAX_LIST_BYTES) throw tooLarge(path, info.size);
  return { data: await readFile(path), signature: await readTextFile(`${path}.asc`) };
}

/** What the package ships of a kernel build; none where it ships nothing. @throws TapprepError BAD_VERDICTS for a damaged package */
export async function readShippedVerdicts(packageRoot: string, build: KernelBuild): Promise<readonly Verdict[]> {
  const path = join(packageRoot, SHIPPED_NAME);
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  });
  // Most kernels are in no list: that is known without reading it as one.
  if (content === null || !content.includes(JSON.stringify(build.release))) return [];
  return parseVerdictList(content, path)
    .verdicts.filter(({ kernel }) => isSameBuild(kernel, build))
    .flatMap((seen) => toVerdict(seen, { kind: 'shipped' }) ?? []);
}

function orderOf({ kernel, systemtap }: SeenVerdict): string {
  return JSON.stringify([kernel.distro, kernel.release, kernel.arch, kernel.package, nameOf(systemtap)]);
}

function compareWords(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
