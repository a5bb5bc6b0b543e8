/** Looks up in a kernel's own headers and exports what a SystemTap did not find there. */
import type { Host } from '../../host/host.ts';
import { findArchitecture } from '../../detect/architectures.ts';
import { treeOf } from '../../detect/own-kernel.ts';
import { escapeControl } from '../../errors.ts';
import { findAlike, findMissingNames, type KnownName, type MissingName, patternOfAlike } from './missing-names.ts';
import { findTrees, type KernelOf } from './presence.ts';

/** What a kernel has of a name that was asked of it. */
export interface LookedUp extends MissingName {
  /** Headers that have the word, below include/ or the architecture's. */
  readonly declaredIn: readonly string[];
  readonly isExported: boolean;
  /** Names of the kernel that are like it, the likest first. */
  readonly alike: readonly KnownName[];
}

const TIMEOUT_MS = 60_000;
const MOST_HEADERS = 3;
const MOST_MEMBERS = 5;
/** Of a build tree: what the kernel exports to modules. */
export const EXPORTS = 'Module.symvers';

/** @param log what stap and its compiler said. @throws TapprepError INTERRUPTED */
export async function lookUpMissing(host: Host, kernel: KernelOf, log: string): Promise<readonly LookedUp[]> {
  const missing = findMissingNames(log);
  if (missing.length === 0 || (await host.which('grep')) === null) return [];
  const tree = findArchitecture(kernel.arch)?.tree ?? kernel.arch;
  const places = (await findTrees(host, kernel)).flatMap((one) => [
    `${one}/include/linux`,
    `${one}/arch/${tree}/include/asm`,
  ]);
  const found: LookedUp[] = [];
  for (const each of missing) {
    const { name, kind, of } = each;
    if (of !== null) {
      const members = await findMembers(host, of, places);
      const like = findAlike(name, members);
      const alike = (like.length === 0 ? members : like).slice(0, MOST_MEMBERS);
      found.push({ ...each, declaredIn: [], isExported: false, alike });
      continue;
    }
    const identifiers = kind === 'header' ? [] : await findIdentifiers(host, name, places);
    const exported = await findExported(host, kernel, name);
    const declared = identifiers.filter((one) => one.name === name).map(({ file }) => file);
    found.push({
      ...each,
      declaredIn: [...new Set(declared)].slice(0, MOST_HEADERS),
      isExported: exported.some((one) => one.name === name),
      alike: findAlike(name, [...exported, ...identifiers]),
    });
  }
  return found;
}

/** One sentence: what was asked, and what is there. */
export function describeLookedUp({ name, kind, of, declaredIn, isExported, alike }: LookedUp): string {
  const names = joinNames(alike.map((each) => each.name));
  const instead = alike.length === 0 ? '' : `; ${names} ${alike.length === 1 ? 'is' : 'are'}`;
  if (of !== null) return `struct ${of} of this kernel has no ${name}${names === '' ? '' : `, but ${names}`}`;
  if (kind === 'header') return `this kernel has no ${name}`;
  if (declaredIn.length === 0 && !isExported) return `${name} is not in this kernel${instead}`;
  const where = declaredIn.length === 0 ? 'its exports' : joinNames(declaredIn);
  if (kind === 'export' && !isExported) return `${name} is in ${where}, but this kernel does not export it to modules`;
  return `${name} is in ${where}, but in another form than SystemTap expects${instead.replace(/ (?:is|are)$/, ' are there, too')}`;
}

function joinNames(names: readonly string[]): string {
  const [last = ''] = names.slice(-1);
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** Identifiers of the headers that share a part of the name. */
async function findIdentifiers(host: Host, name: string, places: readonly string[]): Promise<readonly KnownName[]> {
  const part = patternOfAlike(name);
  if (part === null) return [];
  const pattern = `(#[[:blank:]]*define[[:blank:]]+)?[A-Za-z_0-9]*${part}[A-Za-z_0-9]*`;
  const run = await host.run(['grep', '-rsoHE', '-e', pattern, '--', ...new Set(places)], {
    timeoutMs: TIMEOUT_MS,
  });
  return run.stdout.split('\n').flatMap((line) => {
    const [, path, define, found] = /^(.*?\.h):(#.*\s)?(\w+)$/.exec(line) ?? [];
    if (path === undefined || found === undefined) return [];
    return [{ name: found, file: escapeControl(shorten(path)), ...(define === undefined ? {} : { isMacro: true }) }];
  });
}

/** The members of a structure, in the order of its header; none where no header has it. */
async function findMembers(host: Host, structure: string, places: readonly string[]): Promise<readonly KnownName[]> {
  const found = await host.run(
    ['grep', '-rslE', '-e', `^struct[[:space:]]+${structure}[[:space:]]*[{]`, '--', ...new Set(places)],
    { timeoutMs: TIMEOUT_MS },
  );
  const [path = ''] = found.stdout.split('\n');
  const text = path === '' ? null : await host.readText(path);
  const body =
    new RegExp(String.raw`^struct\s+${structure}\s*\{([\s\S]{0,20000}?)^\}`, 'm').exec(text ?? '')?.[1] ?? '';
  const code = body.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|^#[^\n]*/gm, ' ');
  const names = [...code.matchAll(/(?:\(\*(\w{1,80})\)[^;]*|(\w{1,80})(?:\[[^\]]*\])*(?:\s*:\s*\d+)?)\s*;/g)];
  const file = escapeControl(shorten(path));
  return names.map(([, pointer, plain]) => ({ name: pointer ?? plain ?? '', file }));
}

async function findExported(host: Host, kernel: KernelOf, name: string): Promise<readonly KnownName[]> {
  const file = `${treeOf(kernel)}/${EXPORTS}`;
  const stem = name.replaceAll(/[^\w]/g, '').split('_').slice(0, 2).join('_');
  const run = await host.run(['grep', '-E', '-e', `^0x[0-9a-f]+[[:space:]][A-Za-z_0-9]*${stem}`, '--', file], {
    timeoutMs: TIMEOUT_MS,
  });
  return run.stdout.split('\n').flatMap((line) => {
    const exported = line.split(/\s/)[1];
    return exported === undefined ? [] : [{ name: escapeControl(exported), file: EXPORTS }];
  });
}

/** "linux/cred.h" of "/usr/src/x/include/linux/cred.h". */
function shorten(path: string): string {
  return path.replace(/^.*\/include\//, '');
}
