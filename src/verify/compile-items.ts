/** Builds the modules of all items: hello first, and the rest side by side once hello compiles. */
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { findArchitecture, kernelMachineOf, nameElfMachine } from '../detect/architectures.ts';
import { parseModuleInfo } from '../elf/modinfo.ts';
import { textOf } from '../sentence.ts';
import { compileModule } from './compile-module.ts';
import type { CompileResult } from './compile-module.ts';
import { findDebuginfo } from './build-id.ts';
import { signBuilt } from './sign-built.ts';
import { findSymbolTableFault } from './symbol-table.ts';
import { type Item, labelOf, ownBlame } from './items.ts';
import type { VerifyOptions } from './options.ts';
import { blame, type Fault } from './step.ts';

/** An item with its module, or why it has none. */
export interface CompiledItem {
  readonly item: Item;
  readonly modulePath: string | null;
  readonly status: 'pass' | 'fail' | 'skip';
  /** Null on pass. */
  readonly fault: Fault | null;
  readonly output: string;
  readonly seconds: number;
}

/** @throws TapprepError NOT_ROOT, PERMISSION, NO_SPACE, INTERRUPTED */
export async function compileItems(
  options: VerifyOptions,
  items: readonly Item[],
  canBuild: boolean,
): Promise<readonly CompiledItem[]> {
  const [hello, ...rest] = items;
  if (hello === undefined) return [];
  if (!canBuild)
    return items.map((item) => skipped(item, blame(null, 'tools or build tree are not fit to build a module')));
  const first = await compileItem(options, hello);
  if (first.status !== 'pass')
    return [first, ...rest.map((item) => skipped(item, blame(null, 'hello world did not compile')))];
  const found = await findMeans(options);
  const results = new Map<Item, CompiledItem>();
  const work = async (queue: Iterator<Item>): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next())
      results.set(next.value, await compileWithMeans(options, next.value, found));
  };
  // Two at a time, as small machines have two cores. What needs tracepoints goes one after the other: the first makes
  // stap read every tracepoint header of the kernel (about a minute), the next ones find that in the cache, and so do
  // scripts, which are therefore last.
  const rungs = rest.filter(({ id }) => id !== 'script');
  const needTracepoints = rungs.filter(({ needs }) => needs.includes('tracepoints'));
  const others = rungs.filter((item) => !needTracepoints.includes(item));
  await Promise.all([work(needTracepoints.values()), work(others.values())]);
  const scripts = rest.filter(({ id }) => id === 'script').values();
  await Promise.all([work(scripts), work(scripts)]);
  return [first, ...rest.flatMap((item) => results.get(item) ?? [])];
}

async function compileWithMeans(options: VerifyOptions, item: Item, means: Means): Promise<CompiledItem> {
  if (item.cannot !== null) return skipped(item, blame('systemtap', item.cannot));
  if (item.needs.includes('debuginfo') && !means.debuginfo)
    return skipped(
      item,
      blame('target', `needs debug information of ${options.target.release}, which is not installed`),
    );
  const compiled = await compileItem(options, item);
  // Some versions of SystemTap find symbols elsewhere, so what is missing is only a reason once it did not compile.
  return compiled.status === 'fail' && item.needs.includes('symbols') && means.symbols !== null
    ? { ...compiled, status: 'skip', fault: blame('target', means.symbols) }
    : compiled;
}

async function compileItem(options: VerifyOptions, item: Item): Promise<CompiledItem> {
  // Each compilation has a directory of its own: stap clears what it finds in its temporary one.
  const outDir = posix.join(options.workDirectory, item.module);
  const result: CompileResult = await compileModule(options.host, {
    kernel: options.stapKernel ?? options.target.release,
    script: item.script,
    ...(options.runtime === undefined ? {} : { runtime: options.runtime }),
    name: item.module,
    args: item.args,
    outDir,
    cacheDir: options.cacheDirectory ?? posix.join(options.workDirectory, 'cache'),
    reuse: item.reuse === 'nothing' && options.keepsHello === true ? 'module' : item.reuse,
    signal: options.signal,
    ...(options.stapArgv === undefined ? {} : { stapArgv: options.stapArgv }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.lifts === undefined ? {} : { lifts: options.lifts }),
  });
  const fault = findFault(item, result) ?? (await findForeignModule(options, result.modulePath));
  options.emit({
    type: 'note',
    level: fault === null ? 'info' : 'warning',
    text: `${labelOf(item)}: ${fault === null ? 'compiled' : textOf(fault.reason)} (${result.seconds.toFixed(1)} s)`,
  });
  return {
    item,
    modulePath: fault === null ? await sign(options, result.modulePath, outDir) : null,
    status: fault === null ? 'pass' : 'fail',
    fault,
    output: result.output,
    seconds: result.seconds,
  };
}

async function sign(
  { host, target, signer, runtime }: VerifyOptions,
  modulePath: string | null,
  directory: string,
): Promise<string | null> {
  if (signer === undefined || modulePath === null || runtime === 'bpf') return modulePath;
  return signBuilt(host, signer, modulePath, { release: target.release, directory });
}

/** A stap that did not end had not enough of this machine; what it said otherwise is of itself, or of the script. */
function findFault(item: Item, { reason, timedOut }: CompileResult): Fault | null {
  return reason === null ? null : { reason, blame: timedOut ? 'this-machine' : ownBlame(item) };
}

/**
 * A module of another kernel or machine would only be refused when it is loaded, and not where it cannot be: a stap that is not
 * told of the architecture builds hello world for its own without a word.
 */
async function findForeignModule(options: VerifyOptions, modulePath: string | null): Promise<Fault | null> {
  const { host, target, runtime } = options;
  const local = modulePath === null || runtime === 'bpf' ? null : await host.fetchFile(modulePath);
  if (local === null) return null;
  const { vermagic, machine } = parseModuleInfo(await readFile(local), local);
  const arch = kernelMachineOf(target);
  const wanted = findArchitecture(arch)?.elf ?? machine;
  if (machine !== wanted)
    return blame('systemtap', `the module was built for ${nameElfMachine(machine)}, but the target is ${arch}`);
  if (vermagic === null) return null;
  if (vermagic.split(' ')[0] !== target.release)
    return blame('target', `the module was built for "${vermagic}", but the kernel is ${target.release}`);
  const own = options.vermagic ?? null;
  return own === null || vermagic.trim() === own
    ? null
    : blame('target', `the module was built for "${vermagic}", but those of the kernel are for "${own}"`);
}

/** What the target has for probes that ask for more than headers. */
interface Means {
  readonly debuginfo: boolean;
  /** Why there is no symbol table; null where there is one. */
  readonly symbols: string | null;
}

async function findMeans(options: VerifyOptions): Promise<Means> {
  const { host, target } = options;
  return {
    debuginfo: (await findDebuginfo(host, target)) !== null,
    symbols: await findSymbolTableFault(host, target),
  };
}

function skipped(item: Item, fault: Fault): CompiledItem {
  return { item, modulePath: null, status: 'skip', fault, output: '', seconds: 0 };
}
