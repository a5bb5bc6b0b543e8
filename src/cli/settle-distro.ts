/** What --distro names: the code name of a release becomes its version, and what is nearly the name of one is refused. */
import { DISTRIBUTIONS } from '../detect/distributions.ts';
import { KERNEL_PUBLISHERS } from '../detect/kernel-families.ts';
import type { DeclaredHost } from '../detect/target.ts';
import { escapeControl, TapprepError } from '../errors.ts';
import { loadMirrors } from '../mirrors/load.ts';
import type { Mirrors } from '../mirrors/mirror-list.ts';
import { parseMirrorOption } from '../mirrors/override.ts';
import { findNearest } from '../nearest-name.ts';
import type { CommandRow } from './commands.ts';
import type { Context } from './context.ts';
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
  const [, typed, version = null] = /^([\w.-]+)(?::([\w.-]+))?$/.exec(given ?? '') ?? [];
  if (given === null || typed === undefined) return raw;
  const settled = await settle({ typed, version }, needsVersion(raw, line), listOf(line, readList(raw['mirrors'])));
  if ('why' in settled)
    throw new TapprepError('USAGE', settled.why, {
      hint: retype(line.argv, { option: '--distro', value: settled.meant.join(':'), instead: given }),
    });
  return settled.version === version ? raw : { ...raw, distro: `${typed}:${settled.version}` };
}

/**
 * What does the same for machines that are told one a line. The lists are read once, by the first one that asks for them.
 * @param asksSources whether package sources are found by the version
 */
export function hostSettler(
  { env, packageRoot, common }: Pick<Context, 'env' | 'packageRoot' | 'common'>,
  asksSources: boolean,
): (host: DeclaredHost) => Promise<DeclaredHost> {
  let read: Promise<Mirrors> | null = null;
  const list = (): Promise<Mirrors> => (read ??= listOf({ env, packageRoot }, common.mirrors)());
  /** @throws TapprepError USAGE, BAD_MIRRORS */
  return async (host) => {
    const { distro, version } = host;
    if (distro === null || ![distro, version ?? ''].every((word) => /^[\w.-]*$/.test(word))) return host;
    const wantsVersion = asksSources && !namesWholeSource(common.mirror);
    const settled = await settle({ typed: distro, version }, wantsVersion, list);
    if (!('why' in settled)) return { ...host, version: settled.version };
    const [id, meant = version ?? undefined] = settled.meant;
    const more = meant === undefined ? '' : `,"version":"${meant}"`;
    throw new TapprepError('USAGE', settled.why, { hint: `write "distro":"${id}"${more}` });
  };
}

function listOf(
  { env, packageRoot }: Pick<TypedLine, 'env' | 'packageRoot'>,
  files: readonly string[],
): () => Promise<Mirrors> {
  return () => loadMirrors({ packageRoot, files, configHome: configDirectory(env), sudoUid: env['SUDO_UID'] });
}

/** The version, or why there is none and the name, with its version, that was likely meant. */
type Settled =
  | { readonly version: string | null }
  | { readonly why: string; readonly meant: readonly [id: string, version?: string] };

interface Named {
  readonly typed: string;
  readonly version: string | null;
}

async function settle(
  { typed, version }: Named,
  wantsVersion: boolean,
  read: () => Promise<Mirrors>,
): Promise<Settled> {
  const id = typed.toLowerCase();
  const isPlain = version === null ? !wantsVersion : /^\d/.test(version);
  if (isPlain && isInTables(id)) return { version };
  const list = await read();
  const ids = idsOf(list);
  if (!ids.includes(id)) {
    const near = findNearest(id, ids);
    if (near === null) return { version };
    return {
      why: `${escapeControl(typed)} is no distribution that tapprep knows: did you mean ${near}?`,
      meant: version === null ? [near] : [near, version],
    };
  }
  const table = list.codenames[id];
  if (table === undefined || isPlain || (version === null && isForAnyVersion(list, id))) return { version };
  if (version === null)
    return { why: `${id} is given without its version, by which package sources are found`, meant: [id, 'VERSION'] };
  if (Object.hasOwn(table, version) || isListed(list, id, version)) return { version };
  const codename = version.toLowerCase();
  const number = numberOf(table, codename);
  if (number !== null) return { version: number };
  const near = findNearest(codename, Object.values(table));
  return {
    why: `${version} is neither a version of ${id} nor the code name of one that tapprep knows`,
    meant: [id, near ?? 'VERSION'],
  };
}

/** Whether package sources are found by the version alone: nothing else tells it, and none is named whole. */
function needsVersion(raw: Raw, { row }: TypedLine): boolean {
  const asksSources = row.options.some(([flags]) => flags.startsWith('--mirror '));
  const isTold = ['banner', 'facts'].some((name) => readText(raw, name) !== null);
  return asksSources && !isTold && !namesWholeSource(readList(raw['mirror']));
}

/** Whether a --mirror is one whatever the version is: the suite of a release of Debian is found by that. */
function namesWholeSource(options: readonly string[]): boolean {
  return options.map(parseMirrorOption).some(({ kind, suites }) => kind !== 'deb' || suites.length > 0);
}

/** Whether a list of the user's own has sources of every release. */
function isForAnyVersion({ entries }: Mirrors, id: string): boolean {
  return entries.some(
    ({ origin, distros, versions }) => origin !== 'mirrors.json' && distros.includes(id) && versions.includes('*'),
  );
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
