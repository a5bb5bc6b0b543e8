/** Loads what was compiled, in the target's own kernel, and turns every item into a step of the report. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { countOf } from '../count.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import { textOf } from '../sentence.ts';
import type { GuestPolicy, VerifyReport, VerifyStep } from '../types.ts';
import type { VmJob } from '../vm/job.ts';
import type { GuestFile } from '../vm/library-closure.ts';
import { countGuests, runModulesInVm } from '../vm/run-modules.ts';
import { collectInstalledStaprun } from '../vm/staprun.ts';
import type { CompiledItem } from './compile-items.ts';
import { findPolicyFault, policyArguments } from './guest-policy.ts';
import { collectGuestModules } from './guest-modules.ts';
import { loadLocally } from './load-locally.ts';
import { loadResultOf } from './load-result.ts';
import type { LoadResult } from './load-result.ts';
import { runnerOf } from './runner.ts';
import type { ProvenModule, VerifyOptions, VmAssets } from './options.ts';
import { labelOf, ownBlame } from './items.ts';
import { blame, type Fault, round, tellStep } from './step.ts';
import { findSymbolTableFault, readSymbols } from './symbol-table.ts';
import { quoteOutput } from './tool-words.ts';

export interface LoadedItems {
  readonly ranIn: VerifyReport['ranIn'];
  readonly steps: readonly VerifyStep[];
  /** What the guest's kernel said of itself; null where none ran. */
  readonly guest: ProvenModule['guest'];
  /** Absent where no guest ran. */
  readonly policy?: GuestPolicy;
}

/** How long a script that does not end by itself is watched on a machine in use. */
const LOCAL_SCRIPT_SECONDS = 5;

interface Loaded extends Pick<LoadedItems, 'guest' | 'policy'> {
  readonly loads: Loads;
}

type Loads = ReadonlyMap<CompiledItem, LoadResult>;

/**
 * @param guestFiles what triggers need in a virtual machine
 * @throws TapprepError INTERRUPTED, TOOL_MISSING, PERMISSION
 */
export async function loadItems(
  options: VerifyOptions,
  items: readonly CompiledItem[],
  guestFiles: readonly GuestFile[],
): Promise<LoadedItems> {
  const ready = items.filter(({ modulePath }) => modulePath !== null);
  const { loads, ...seen }: Loaded =
    ready.length === 0 || options.where === 'none'
      ? { loads: new Map<CompiledItem, LoadResult>(), guest: null }
      : await loadWhere(options, ready, guestFiles);
  const steps = items.map((item) => toStep(options, item, loads.get(item) ?? null));
  for (const step of steps) tellStep(options.emit, step);
  return { ranIn: loads.size > 0 && options.where !== 'none' ? options.where : null, steps, ...seen };
}

async function loadWhere(
  options: VerifyOptions,
  items: readonly CompiledItem[],
  guestFiles: readonly GuestFile[],
): Promise<Loaded> {
  if (options.where === 'vm' && options.vm !== undefined) {
    const symbols = await writeSymbols(options, options.vm);
    const vm = { ...options.vm, files: [...(options.vm.files ?? []), ...symbols, ...guestFiles] };
    return await loadInVm(options, vm, items);
  }
  const loads = new Map<CompiledItem, LoadResult>();
  for (const item of items) {
    loads.set(
      item,
      await loadLocally(options.host, {
        modulePath: item.modulePath ?? '',
        // Nobody makes the event of a script happen on a machine in use.
        own: ownBlame(item.item),
        marker: item.item.guestTrigger !== null && item.item.id === 'script' ? null : (item.item.expect[0] ?? null),
        stopAfterSeconds: item.item.endsItself ? null : LOCAL_SCRIPT_SECONDS,
        trigger: item.item.localTrigger,
        staprunArgv: runnerOf(options),
        env: options.env ?? {},
        timeoutMs: item.item.timeoutMs,
        sleep: options.sleep,
        signal: options.signal,
      }),
    );
  }
  return { loads, guest: null };
}

/** What events have to know of the kernel's own table of symbols. */
async function writeSymbols(
  { host, target, level, emit, scripts = [] }: VerifyOptions,
  { temporaryDirectory }: VmAssets,
): Promise<readonly GuestFile[]> {
  const names = level === 'scripts' ? scripts.flatMap(({ guestSymbols }) => guestSymbols ?? []) : [];
  if (names.length === 0) return [];
  const source = join(temporaryDirectory, 'symbols');
  const symbols = await readSymbols(host, target, names);
  const why = symbols.length === 0 ? await findSymbolTableFault(host, target) : null;
  if (why !== null) emit({ type: 'note', level: 'warning', text: `guest: an event at ${names.join(' or ')} ${why}` });
  await writeFile(source, `${symbols.join('\n')}\n`);
  return [{ source, path: '/symbols', mode: 0o644 }];
}

async function loadInVm(options: VerifyOptions, vm: VmAssets, items: readonly CompiledItem[]): Promise<Loaded> {
  const jobs: VmJob[] = [];
  for (const item of items) jobs.push(await toJob(options, item, findExpected(item, items)));
  try {
    const guests = countGuests(jobs.length, vm.memoryMb);
    const boot = {
      kernelImage: vm.kernelImage,
      tools: vm.tools,
      staprun: vm.staprun ?? (await collectInstalledStaprun(options.host, options.staprunArgv?.[0])),
      jobs,
      kernelModules: [...(vm.kernelModules ?? []), ...(await collectGuestModules(options, vm))],
      files: vm.files ?? [],
      ...(vm.setup === undefined ? {} : { setup: vm.setup }),
      temporaryDirectory: vm.temporaryDirectory,
      ...(vm.memoryMb === undefined ? {} : { memoryMb: vm.memoryMb }),
      ...(vm.firmware === undefined ? {} : { firmware: vm.firmware }),
      ...(vm.policy === undefined ? {} : { kernelArguments: policyArguments(vm.policy) }),
      signal: options.signal,
      emit: options.emit,
    };
    const report = await runModulesInVm(boot, guests);
    const [booted, ended] = [report.bootSeconds.toFixed(1), report.seconds.toFixed(1)];
    options.emit({
      type: 'note',
      level: 'info',
      text: `${guests === 1 ? 'guest' : countOf(guests, 'guest')}: ${report.release} booted in ${booted} s, ended after ${ended} s`,
    });
    if (report.release !== options.target.release)
      return {
        loads: everywhere(
          items,
          blame(
            'this-machine',
            `the virtual machine ran ${report.release}, but the target is ${options.target.release}`,
          ),
        ),
        guest: null,
      };
    const differs = vm.policy === undefined ? null : findPolicyFault(vm.policy, report.policy);
    if (differs !== null)
      return {
        loads: everywhere(
          items,
          blame('this-machine', `the guest is not the one that was asked for: ${differs}`),
          report.console,
        ),
        guest: null,
        policy: report.policy,
      };
    const results = items.map((item, index): [CompiledItem, LoadResult] => {
      const [job, result] = [jobs[index], report.jobs[index]];
      if (job === undefined || result === undefined) throw new TapprepError('INTERNAL', 'a job has no result');
      return [item, judgeRejects(item, loadResultOf(job, result, report.console, ownBlame(item.item)), result.stdout)];
    });
    return {
      loads: new Map(results),
      guest: { unameV: report.unameV, buildId: report.buildId },
      policy: report.policy,
    };
  } catch (error) {
    if (!isTapprepError(error, 'VM_FAILED')) throw error;
    const console = typeof error.facts['console'] === 'string' ? error.facts['console'] : '';
    return { loads: everywhere(items, blame('this-machine', error.message), console), guest: null };
  }
}

async function toJob(
  { host }: VerifyOptions,
  { item, modulePath }: CompiledItem,
  expect: readonly string[],
): Promise<VmJob> {
  const local = modulePath === null ? null : await host.fetchFile(modulePath);
  if (local === null) throw new TapprepError('INTERNAL', `${modulePath} was built on ${host.name} but is not there`);
  return {
    name: labelOf(item).replaceAll(/[^A-Za-z0-9._-]/g, '-'),
    modulePath: local,
    ...(item.guestPrepare === null ? {} : { prepare: item.guestPrepare }),
    ...(item.guestTrigger === null ? {} : { trigger: item.guestTrigger }),
    ...(item.readyText === null ? {} : { readyText: item.readyText }),
    expect,
    stopWhenSeen: !item.endsItself,
    timeoutMs: item.timeoutMs,
  };
}

/** What an item must print, with what it prints only where a higher rung could be built. */
function findExpected({ item }: CompiledItem, ready: readonly CompiledItem[]): readonly string[] {
  const { expectWith } = item;
  const isThere = ready.some((other) => other.item.id === expectWith?.rung);
  return expectWith !== null && isThere ? [...item.expect, ...expectWith.expect] : item.expect;
}

/** A script that prints what it should ignore has not been proven either. */
function judgeRejects({ item }: CompiledItem, result: LoadResult, stdout: string): LoadResult {
  const found = item.reject.find((text) => stdout.includes(text));
  if (result.fault !== null || found === undefined) return result;
  return { ...result, fault: blame(ownBlame(item), `the script printed "${found}", which it should have ignored`) };
}

function everywhere(items: readonly CompiledItem[], fault: Fault, output = ''): Loads {
  return new Map(items.map((item) => [item, { fault, output: quoteOutput(output), seconds: 0 }]));
}

const NOWHERE = blame('this-machine', 'neither this kernel nor a virtual machine can be used');

function toStep(options: VerifyOptions, { item, ...compiled }: CompiledItem, load: LoadResult | null): VerifyStep {
  const named = { step: labelOf(item), id: item.id, script: item.scriptName, required: item.required };
  if (compiled.fault !== null) {
    const { status, fault, output, seconds } = compiled;
    return { ...named, status, ...fault, output, seconds: round(seconds) };
  }
  if (load === null) {
    const whyNot = options.whyNot ?? NOWHERE;
    return {
      ...named,
      status: 'skip',
      ...blame(whyNot.blame, `compiled but not loaded: ${textOf(whyNot.reason)}`),
      output: compiled.output,
      seconds: round(compiled.seconds),
    };
  }
  return {
    ...named,
    status: load.fault === null ? 'pass' : 'fail',
    ...(load.fault ?? { blame: null, reason: null }),
    output: load.output,
    seconds: round(compiled.seconds + load.seconds),
  };
}
