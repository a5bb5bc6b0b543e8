/** What --distro names: the code name of a release becomes its version, and what is nearly the name of one is refused. */
import { DISTRIBUTIONS } from '../detect/distributions.ts';
import { KERNEL_PUBLISHERS } from '../detect/kernel-families.ts';
import { escapeControl, TapprepError } from '../errors.ts';
import { loadMirrors } from '../mirrors/load.ts';
import type { Mirrors } from '../mirrors/mirror-list.ts';
import { findNearest } from '../nearest-name.ts';
import type { CommandRow } from './commands.ts';
import { retype } from './hint.ts';
import { type Raw, readList, readText } from './options.ts';
import { configDirectory } from './user-directories.ts';

export interface TypedLine {
  readonly row: Pick<CommandRow, 'options'>;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly packageRoot: string;
}

/** The options, with --distro as os-release has it. @throws TapprepError USAGE, BAD_MIRRORS */
export async function settleDistro(raw: Raw, line: TypedLine): Promise<Raw> {
  const given = readText(raw, 'distro');
  const [, typed, version] = /^([\w.-]+)(?::([\w.-]+))?$/.exec(given ?? '') ?? [];
  if (given === null || typed === undefined) return raw;
  const id = typed.toLowerCase();
  const isPlain = version === undefined ? !needsVersion(raw, line) : /^\d/.test(version);
  if (isPlain && isInTables(id)) return raw;
  const list = await loadMirrors({
    packageRoot: line.packageRoot,
    files: readList(raw['mirrors']),
    configHome: configDirectory(line.env),
    sudoUid: line.env['SUDO_UID'],
  });
  const refuse = (message: string, meant: string): TapprepError => refusal(message, line.argv, given, meant);
  const ids = idsOf(list);
  if (!ids.includes(id)) {
    const near = findNearest(id, ids);
    if (near === null) return raw;
    throw refuse(
      `${escapeControl(typed)} is no distribution that tapprep knows: did you mean ${near}?`,
      version === undefined ? near : `${near}:${version}`,
    );
  }
  const table = list.codenames[id];
  if (table === undefined || isPlain) return raw;
  if (version === undefined) {
    throw refuse(`--distro ${given} names no version, and by that its package sources are found`, `${id}:VERSION`);
  }
  if (Object.hasOwn(table, version) || isListed(list, id, version)) return raw;
  const codename = version.toLowerCase();
  const number = numberOf(table, codename);
  if (number !== null) return { ...raw, distro: `${typed}:${number}` };
  const near = findNearest(codename, Object.values(table));
  throw refuse(
    `${version} is neither a version of ${id} nor the code name of one that tapprep knows`,
    `${id}:${near ?? 'VERSION'}`,
  );
}

/** Whether package sources are found by the version alone: nothing else tells it, and no source is named. */
function needsVersion(raw: Raw, { row }: TypedLine): boolean {
  const asksSources = row.options.some(([flags]) => flags.startsWith('--mirror '));
  const isTold = ['banner', 'facts'].some((name) => readText(raw, name) !== null);
  return asksSources && !isTold && readList(raw['mirror']).length + readList(raw['mirrors']).length === 0;
}

function isInTables(id: string): boolean {
  return Object.hasOwn(DISTRIBUTIONS, id) || KERNEL_PUBLISHERS.rpm.includes(id) || KERNEL_PUBLISHERS.deb.includes(id);
}

/** Those of which most is known come first, for the nearest of equals is the first. */
function idsOf({ codenames, entries }: Mirrors): readonly string[] {
  return [
    ...Object.keys(codenames),
    ...entries.flatMap(({ distros }) => distros.map((each) => each.toLowerCase())),
    ...KERNEL_PUBLISHERS.deb,
    ...KERNEL_PUBLISHERS.rpm,
    ...Object.keys(DISTRIBUTIONS),
  ];
}

/** Whether an entry of a list has the very word as a version. */
function isListed({ entries }: Mirrors, id: string, version: string): boolean {
  return entries.some(({ distros, versions }) => distros.includes(id) && versions.includes(version));
}

function numberOf(table: Readonly<Record<string, string>>, codename: string): string | null {
  return Object.keys(table).find((key) => table[key] === codename && /^\d/.test(key)) ?? null;
}

/** With the line as it was typed, but for that word, as what to try. */
function refusal(message: string, argv: readonly string[], given: string, meant: string): TapprepError {
  return new TapprepError('USAGE', message, { hint: retype(argv, given, meant) });
}
