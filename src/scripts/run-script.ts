/** Runs one script of the catalogue in the kernel of this machine, for a limited time. */
import { posix } from 'node:path';
import { BPF_CONFIDENTIAL, judgeBpf } from '../detect/module-policy.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import { runAsRoot, tapprep } from '../make-remedy.ts';
import { shellLine } from '../shell-words.ts';
import type { Host } from '../host/host.ts';
import { textOf } from '../sentence.ts';
import type { ModuleSigner } from '../sign/module-signer.ts';
import { signBuilt } from '../verify/sign-built.ts';
import type { Remedy, Runtime, Target } from '../types.ts';
import { compileModule } from '../verify/compile-module.ts';
import { makePrivateDirectory, STAP_CACHE, withStapCache } from '../verify/private-directory.ts';
import { runnerOf } from '../verify/runner.ts';
import { openStapKernel } from '../verify/stap-kernel.ts';
import { findErrorLines } from '../verify/tool-words.ts';
import type { ArgumentValue } from './arguments.ts';
import type { CatalogueEntry } from './catalogue.ts';
import type { SystemtapCommands } from './compile-scripts.ts';
import { moduleNameOf, WORK_PREFIX } from './compile-scripts.ts';
import { READS_MEMORY, READS_NO_MEMORY } from './verify-script.ts';
import { findWatchedFile } from './watched-file.ts';

export interface RunScriptOptions extends SystemtapCommands {
  /** The kernel that runs. */
  readonly target: Pick<Target, 'release' | 'own'>;
  readonly values: readonly ArgumentValue[];
  /** Signs the module; it is not signed where left out. */
  readonly signer?: ModuleSigner;
  /** What it runs by; a module where left out. */
  readonly runtime?: Runtime;
  /** Of the kernel that runs; decides about the form for the bpf runtime. */
  readonly lockdown?: string | null;
  readonly json: boolean;
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
}

/**
 * Compiles the script and lets it run until its time is up; what it prints goes to onLine. Its module is out of the kernel
 * afterwards, also when it was stopped.
 * @throws TapprepError NOT_PROVEN when it does not compile, load or go away; USAGE, TOOL_MISSING, PERMISSION, INTERRUPTED
 */
export async function runScript(host: Host, entry: CatalogueEntry, options: RunScriptOptions): Promise<void> {
  const { target, signal, stapArgv, env, lifts } = options;
  const { text, first } = chooseForm(entry, options);
  const args = [first, ...(await bindArguments(host, options.values, signal))];
  const directory = await makePrivateDirectory(host, WORK_PREFIX, signal);
  try {
    const kernel = await openStapKernel(host, target, directory, { signal, runtime: options.runtime });
    const compiled = await withStapCache(host, STAP_CACHE, signal, (cacheDir) =>
      compileModule(host, {
        kernel,
        script: text,
        ...(options.runtime === undefined ? {} : { runtime: options.runtime }),
        name: moduleNameOf(entry),
        args,
        outDir: posix.join(directory, 'module'),
        // It is still loaded when the cache is back in its place.
        reuse: 'headers',
        signal,
        ...(stapArgv === undefined ? {} : { stapArgv }),
        ...(cacheDir === null ? {} : { cacheDir }),
        ...(env === undefined ? {} : { env }),
        ...(lifts === undefined ? {} : { lifts }),
      }),
    );
    if (compiled.modulePath === null) {
      throw new TapprepError(
        'NOT_PROVEN',
        `${entry.name} does not compile for ${target.release}: ${compiled.reason === null ? '' : textOf(compiled.reason)}`,
        {
          remedy: tapprep('doctor'),
          facts: { output: compiled.output },
        },
      );
    }
    const { signer } = options;
    const modulePath =
      signer === undefined || options.runtime === 'bpf'
        ? compiled.modulePath
        : await signBuilt(host, signer, compiled.modulePath, { release: target.release, directory });
    await load(host, entry, modulePath, options);
  } finally {
    await host.run(['rm', '-rf', '--', directory]);
  }
}

/** The text, and the first word that it takes. @throws TapprepError USAGE for what the runtime cannot do here */
function chooseForm(
  { name, script, bpf, bpfScript, arguments: known }: CatalogueEntry,
  { runtime, lockdown = null, json, values }: RunScriptOptions,
): { readonly text: string; readonly first: string } {
  if (runtime !== 'bpf') return { text: script, first: json ? '1' : '0' };
  const reads = judgeBpf({ security: { lockdown } }, true).loads === true;
  const why = 'cannot' in bpf ? bpf.cannot : reads || bpf.withoutMemory !== undefined ? null : BPF_CONFIDENTIAL;
  const given = values.map((value, at) => `${known[at]?.name}=${value.type === 'file' ? value.path : value.value}`);
  const again = (...words: readonly string[]): Remedy => tapprep('scripts', 'run', name, ...given, ...words);
  if (why !== null || bpfScript === null)
    throw new TapprepError('USAGE', `${name} cannot run by the bpf runtime here, because ${why ?? 'it has no form'}`, {
      remedy: again('--module-key', 'FILE', '--module-cert', 'FILE'),
    });
  if (json)
    throw new TapprepError('USAGE', `--json was given, but the bpf runtime of SystemTap cannot make JSON of names`, {
      remedy: again('--runtime', 'bpf'),
    });
  return { text: bpfScript, first: reads ? READS_MEMORY : READS_NO_MEMORY };
}

/** The words that the script takes, in its order. @throws TapprepError USAGE, PERMISSION, INTERRUPTED */
async function bindArguments(
  host: Host,
  values: readonly ArgumentValue[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const words: string[] = [];
  for (const value of values) {
    if (value.type === 'integer') words.push(String(value.value));
    else {
      const file = await findWatchedFile(host, value.path, signal);
      const { major, minor, inode, directoryInode, path } = file;
      words.push(String(major), String(minor), inode, directoryInode, path, posix.basename(path));
    }
  }
  return words;
}

async function load(host: Host, entry: CatalogueEntry, modulePath: string, options: RunScriptOptions): Promise<void> {
  const staprun = options.staprunArgv ?? ['staprun'];
  const runner = runnerOf(options);
  const env = options.env ?? {};
  try {
    // The end of its time is a SIGTERM, at which staprun takes the module out.
    const run = await host.run([...runner, modulePath], {
      env,
      timeoutMs: options.seconds * 1000,
      signal: options.signal,
      onLine: options.onLine,
    });
    if (run.timedOut || run.exitCode === 0) return;
    const words = findErrorLines(run.stderr, 1).join('');
    throw new TapprepError(
      'NOT_PROVEN',
      `${entry.name} compiled for ${options.target.release}, but ${posix.basename(runner[0] ?? '')} exited with status ${run.exitCode ?? 'none'}: ${words}`,
      { remedy: tapprep('doctor'), facts: { stderr: run.stderr.slice(-4000) } },
    );
  } finally {
    if (options.runtime !== 'bpf') await removeModule(host, moduleNameOf(entry), [...staprun, '-d'], env);
  }
}

/** Takes the module out where staprun was ended before it did so. */
async function removeModule(
  host: Host,
  name: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  if (!(await isLoaded(host, name))) return;
  const run = await host.run([...argv, name], { env, timeoutMs: 30_000 }).catch((error: unknown) => {
    if (isTapprepError(error)) return null;
    throw error;
  });
  if (run?.exitCode === 0 && !(await isLoaded(host, name))) return;
  throw new TapprepError('NOT_PROVEN', `the module ${name} is still in the kernel of ${host.name}`, {
    remedy: runAsRoot(shellLine`staprun -d ${name}`),
  });
}

async function isLoaded(host: Host, name: string): Promise<boolean> {
  return ((await host.readText('/proc/modules')) ?? '').split('\n').some((line) => line.startsWith(`${name} `));
}
