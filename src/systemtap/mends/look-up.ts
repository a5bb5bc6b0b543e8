/** Looks up in a kernel's own headers and exports what a SystemTap did not find there. */
import type { Host } from '../../host/host.ts';
import { findArchitecture } from '../../detect/architectures.ts';
import { treeOf } from '../../detect/own-kernel.ts';
import { escapeControl } from '../../errors.ts';
import { findAlike, findMissingNames, type MissingKind } from './missing-names.ts';
import { findTrees, type KernelOf } from './presence.ts';

/** What a kernel has of a name that was asked of it. */
export interface LookedUp {
  readonly name: string;
  readonly kind: MissingKind;
  /** Headers that have the word, below include/ or the architecture's. */
  readonly declaredIn: readonly string[];
  readonly isExported: boolean;
  /** Names of the kernel that are like it, the likest first. */
  readonly alike: readonly string[];
}

const TIMEOUT_MS = 60_000;
const MOST_HEADERS = 3;

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
  for (const { name, kind } of missing) {
    const identifiers = kind === 'header' ? [] : await findIdentifiers(host, name, places);
    const exported = await findExported(host, kernel, name);
    const declared = identifiers.filter((each) => each.name === name).map(({ file }) => shorten(file));
    found.push({
      name,
      kind,
      declaredIn: [...new Set(declared)].slice(0, MOST_HEADERS),
      isExported: exported.some((each) => each.name === name),
      alike: findAlike(name, [...exported, ...identifiers]),
    });
  }
  return found;
}

/** One sentence: what was asked, and what is there. */
export function describeLookedUp({ name, kind, declaredIn, isExported, alike }: LookedUp): string {
  const instead = alike.length === 0 ? '' : `; ${joinNames(alike)} ${alike.length === 1 ? 'is' : 'are'}`;
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

interface Known {
  readonly name: string;
  readonly file: string;
}

/** Identifiers of the headers that share a part of the name. */
async function findIdentifiers(host: Host, name: string, places: readonly string[]): Promise<readonly Known[]> {
  const parts = name.split('_').filter((part) => part.length > 2);
  if (parts.length === 0) return [];
  const pattern = `[A-Za-z_0-9]*(${parts.join('|')})[A-Za-z_0-9]*`;
  const run = await host.run(['grep', '-rsoHE', '-e', pattern, '--', ...new Set(places)], {
    timeoutMs: TIMEOUT_MS,
  });
  return run.stdout.split('\n').flatMap((line) => {
    const at = line.lastIndexOf(':');
    return at === -1 ? [] : [{ file: line.slice(0, at), name: escapeControl(line.slice(at + 1)) }];
  });
}

async function findExported(host: Host, kernel: KernelOf, name: string): Promise<readonly Known[]> {
  const file = `${treeOf(kernel)}/Module.symvers`;
  const stem = name.replaceAll(/[^\w]/g, '').split('_').slice(0, 2).join('_');
  const run = await host.run(['grep', '-E', '-e', `^0x[0-9a-f]+[[:space:]][A-Za-z_0-9]*${stem}`, '--', file], {
    timeoutMs: TIMEOUT_MS,
  });
  return run.stdout.split('\n').flatMap((line) => {
    const exported = line.split(/\s/)[1];
    return exported === undefined ? [] : [{ name: escapeControl(exported), file }];
  });
}

/** "linux/cred.h" of "/usr/src/x/include/linux/cred.h". */
function shorten(path: string): string {
  return path.replace(/^.*\/include\//, '');
}
