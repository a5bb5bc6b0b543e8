/** Builds the modules of all items: hello first, and the rest side by side once hello compiles. */
import { posix } from 'node:path';
import { compileModule } from './compile-module.ts';
import type { CompileResult } from './compile-module.ts';
import { findDebuginfo } from './build-id.ts';
import type { Item } from './items.ts';
import type { VerifyOptions } from './options.ts';

/** An item with its module, or why it has none. */
export interface CompiledItem {
  readonly item: Item;
  readonly modulePath: string | null;
  readonly status: 'pass' | 'fail' | 'skip';
  readonly reason: string | null;
  readonly output: string;
  readonly seconds: number;
}

/** Compilers run side by side; two cores is what small machines have. */
const PARALLEL = 2;

/** @throws TapprepError NOT_ROOT, PERMISSION, NO_SPACE, INTERRUPTED */
export async function compileItems(
  options: VerifyOptions,
  items: readonly Item[],
  canBuild: boolean,
): Promise<readonly CompiledItem[]> {
  const [hello, ...rest] = items;
  if (hello === undefined) return [];
  if (!canBuild) return items.map((item) => skipped(item, 'tools or build tree are not fit to build a module'));
  const first = await compileItem(options, hello);
  if (first.status !== 'pass') return [first, ...rest.map((item) => skipped(item, 'hello world did not compile'))];
  const hasDebuginfo = await hasUsableDebuginfo(options);
  const results: CompiledItem[] = Array.from({ length: rest.length });
  const queue = rest.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) {
      results[index] =
        item.needs.includes('debuginfo') && hasDebuginfo === false
          ? skipped(item, `needs debug information of ${options.target.release}, which is not installed`)
          : await compileItem(options, item);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return [first, ...results];
}

async function compileItem(options: VerifyOptions, item: Item): Promise<CompiledItem> {
  const result: CompileResult = await compileModule(options.host, {
    release: options.target.release,
    script: item.script,
    name: item.module,
    args: item.args,
    // Each compilation has a directory of its own: stap clears what it finds in its temporary one.
    outDir: posix.join(options.workDirectory, item.module),
    fresh: !item.fromCache || options.cacheDirectory === undefined,
    signal: options.signal,
    ...(options.stapArgv === undefined ? {} : { stapArgv: options.stapArgv }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(item.fromCache && options.cacheDirectory !== undefined ? { cacheDir: options.cacheDirectory } : {}),
  });
  options.emit({
    type: 'note',
    level: result.reason === null ? 'info' : 'warning',
    text: `${item.step}: ${result.reason ?? 'compiled'} (${result.seconds.toFixed(1)} s)`,
  });
  return {
    item,
    modulePath: result.modulePath,
    status: result.reason === null ? 'pass' : 'fail',
    reason: result.reason,
    output: result.output,
    seconds: result.seconds,
  };
}

/** null where the files of the host cannot be read here: then stap itself says whether it found any. */
async function hasUsableDebuginfo(options: VerifyOptions): Promise<boolean | null> {
  if (options.host.localPath('/') === null) return null;
  return (await findDebuginfo(options.host, options.target.release)) !== null;
}

function skipped(item: Item, reason: string): CompiledItem {
  return { item, modulePath: null, status: 'skip', reason, output: '', seconds: 0 };
}
