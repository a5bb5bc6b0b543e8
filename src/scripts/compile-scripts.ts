/** Whether scripts of the catalogue compile for a kernel. */
import { posix } from 'node:path';
import type { Host } from '../host/host.ts';
import type { Sentence, Target } from '../types.ts';
import { compileModule } from '../verify/compile-module.ts';
import { makePrivateDirectory, STAP_CACHE, withStapCache } from '../verify/private-directory.ts';
import { openStapKernel } from '../verify/stap-kernel.ts';
import type { CatalogueEntry } from './catalogue.ts';

/** How stap and staprun are called on a host; by their names where left out. */
export interface SystemtapCommands {
  readonly stapArgv?: readonly string[];
  readonly staprunArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Conditions of stp/ that do not hold it back. */
  readonly lifts?: readonly string[];
}

export interface CompileScriptsOptions extends SystemtapCommands {
  readonly target: Pick<Target, 'release' | 'own'>;
  readonly signal: AbortSignal;
  readonly onDone: (result: ScriptCheck) => void;
}

/** How one script compiled. */
export interface ScriptCheck {
  readonly name: string;
  readonly status: 'pass' | 'fail';
  /** In stap's or the compiler's own words; null when it compiled. */
  readonly reason: Sentence | null;
  readonly output: string;
  readonly seconds: number;
}

/** Directory on the host for what is built. */
export const WORK_PREFIX = '/var/tmp/tapprep-scripts';

/**
 * Compiles scripts with the arguments of their defaults, two at a time; the first one alone, as it fills stap's cache with
 * what all of them read of the kernel. Where the host keeps no cache, they share one that goes with the work.
 * @throws TapprepError TOOL_MISSING, NOT_ROOT, PERMISSION, NO_SPACE, INTERRUPTED
 */
export async function compileScripts(
  host: Host,
  entries: readonly CatalogueEntry[],
  options: CompileScriptsOptions,
): Promise<readonly ScriptCheck[]> {
  const directory = await makePrivateDirectory(host, WORK_PREFIX, options.signal);
  const results = new Map<string, ScriptCheck>();
  const queue = entries.values();
  const work = async (limit: number, place: Omit<Place, 'directory'>): Promise<void> => {
    for (let count = 0; count < limit; count += 1) {
      const next = queue.next();
      if (next.done === true) return;
      const result = await compileOne(host, next.value, { directory, ...place }, options);
      results.set(result.name, result);
      options.onDone(result);
    }
  };
  try {
    const kernel = await openStapKernel(host, options.target, directory, { signal: options.signal });
    await withStapCache(host, STAP_CACHE, options.signal, async (kept) => {
      const place = { cacheDir: kept ?? posix.join(directory, 'cache'), kernel };
      await work(1, place);
      await Promise.all([work(entries.length, place), work(entries.length, place)]);
    });
  } finally {
    await host.run(['rm', '-rf', '--', directory]);
  }
  return entries.flatMap(({ name }) => results.get(name) ?? []);
}

/** Name of a script's kernel module. */
export function moduleNameOf({ name }: Pick<CatalogueEntry, 'name'>): string {
  return `tapprep_${name.replaceAll('-', '_')}`;
}

/** Words for every argument, as the script takes them when nothing is watched. */
function neutralArguments({ arguments: known }: CatalogueEntry): readonly string[] {
  return known.flatMap((argument) =>
    argument.type === 'integer' ? [String(argument.default)] : ['0', '0', '0', '0', '/', '-'],
  );
}

interface Place {
  readonly directory: string;
  /** Of stap, one for all scripts. */
  readonly cacheDir: string;
  /** What stap -r takes. */
  readonly kernel: string;
}

async function compileOne(
  host: Host,
  entry: CatalogueEntry,
  { directory, cacheDir, kernel }: Place,
  { signal, stapArgv, env, lifts }: CompileScriptsOptions,
): Promise<ScriptCheck> {
  const name = moduleNameOf(entry);
  const { reason, output, seconds } = await compileModule(host, {
    kernel,
    script: entry.script,
    name,
    args: ['0', ...neutralArguments(entry)],
    outDir: posix.join(directory, name),
    cacheDir,
    reuse: 'module',
    signal,
    ...(stapArgv === undefined ? {} : { stapArgv }),
    ...(env === undefined ? {} : { env }),
    ...(lifts === undefined ? {} : { lifts }),
  });
  return { name: entry.name, status: reason === null ? 'pass' : 'fail', reason, output, seconds };
}
