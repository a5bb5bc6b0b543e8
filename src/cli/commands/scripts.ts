/** `tapprep scripts list|show|check|run`: the incident-response scripts. */
import { countOf } from '../../count.ts';
import { foretell } from '../../detect/module-policy.ts';
import { EXIT, TapprepError } from '../../errors.ts';
import { diagnose } from '../../diagnose/diagnose.ts';
import type { Place } from '../../diagnose/place.ts';
import { canPrepare } from '../../diagnose/settle-remedies.ts';
import { describeMachine } from '../../diagnose/situation.ts';
import type { Host } from '../../host/host.ts';
import { prepare, tapprep } from '../../make-remedy.ts';
import { type InstalledWish, openWished } from '../../pipeline/open-chosen.ts';
import { openHost, requireHost, type OpenHost } from '../../pipeline/open-target.ts';
import { PREFIX } from '../../resolve/folder-place.ts';
import { checkArguments } from '../../scripts/arguments.ts';
import { findEntry, loadCatalogue } from '../../scripts/catalogue.ts';
import type { CatalogueEntry } from '../../scripts/catalogue.ts';
import type { ScriptCheck } from '../../scripts/compile-scripts.ts';
import { textOf } from '../../sentence.ts';
import type { Diagnosis, HostFacts, Runtime, Target, TargetOptions } from '../../types.ts';
import type { Context } from '../context.ts';
import { type ModuleKeyRequest, openSigner } from '../module-key.ts';
import { renderDiagnoses } from '../render/diagnoses.ts';
import { formatSeconds } from '../render/progress-text.ts';
import { describeScript, listScripts } from '../render/scripts-text.ts';
import { renderTable } from '../render/table.ts';

export interface ScriptsOptions {
  readonly target: TargetOptions;
  /** run: how long; null for the default. */
  readonly seconds: number | null;
  /** check, run: which of those that are on the target; auto: the one that was proven there, else the distribution's. */
  readonly systemtap?: InstalledWish;
  /** run: by which key its module is signed. */
  readonly moduleKey?: ModuleKeyRequest | null;
  /** run: what it runs by; auto: bpf where it is known that no module will load. */
  readonly runtime?: Runtime | 'auto';
}

const DEFAULT_SECONDS = 60;
const MAX_SECONDS = 86_400;

type Action = (
  context: Context,
  catalogue: readonly CatalogueEntry[],
  words: readonly string[],
  options: ScriptsOptions,
) => Promise<number>;

const ACTIONS: Readonly<Record<string, Action>> = { list, show, check, run };

/** `scripts ACTION [WORD...]`. @throws TapprepError USAGE for another action, else as the action */
export async function runScripts(
  context: Context,
  action: string,
  words: readonly string[],
  options: ScriptsOptions,
): Promise<number> {
  const known = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (known === undefined)
    throw new TapprepError('USAGE', `tapprep scripts takes ${Object.keys(ACTIONS).join(', ')}, not "${action}"`, {
      hint: 'tapprep scripts list',
    });
  return known(context, await loadCatalogue(context.packageRoot), words, options);
}

async function list(
  { common, stdout }: Context,
  catalogue: readonly CatalogueEntry[],
  words: readonly string[],
): Promise<number> {
  if (words[0] !== undefined) throw new TapprepError('USAGE', `tapprep scripts list takes no name, but ${words[0]}`);
  if (common.json) stdout.json({ scripts: catalogue.map(withoutText) });
  else stdout.write(listScripts(catalogue, stdout.columns));
  return EXIT.done;
}

async function show(
  { common, stdout }: Context,
  catalogue: readonly CatalogueEntry[],
  words: readonly string[],
): Promise<number> {
  const entry = findEntry(catalogue, onlyName('show', words));
  if (common.json) stdout.json({ ...withoutText(entry), script: entry.script });
  else stdout.write(describeScript(entry));
  return EXIT.done;
}

/** Compiles for the target. Exit 0 when all do, 1 when one does not. */
async function check(
  context: Context,
  catalogue: readonly CatalogueEntry[],
  words: readonly string[],
  { target: options, systemtap = 'auto' }: ScriptsOptions,
): Promise<number> {
  const entries = words.length === 0 ? catalogue : words.map((name) => findEntry(catalogue, name));
  const open = await openHost(context, options, 'root');
  const host = requireHost(open, 'scripts check');
  const target = requireKernel(open);
  const { release } = target;
  const { compileScripts } = await import('../../scripts/compile-scripts.ts');
  const chosen = await openWished(context, host, release, systemtap, ownVersion(open));
  if (chosen === null) await requireStap(context, open.facts, host);
  const checks = await compileScripts(host, entries, {
    ...chosen,
    target,
    signal: context.signal,
    onDone: ({ name, status, seconds }) =>
      context.emit({ type: 'note', level: 'info', text: `${name}: ${status} (${formatSeconds(seconds)})` }),
  });
  const failed = checks.filter(({ status }) => status === 'fail');
  const diagnoses = explainFailures(failed, open, context.place);
  if (context.common.json) context.stdout.json({ host: host.name, release, scripts: checks, diagnoses });
  else
    context.stdout.write(
      `${renderChecks(checks, release, context.stdout.columns)}${diagnoses.length === 0 ? '' : `\n${renderDiagnoses(diagnoses)}`}`,
    );
  return failed.length === 0 ? EXIT.done : EXIT.notReady;
}

/** What stap's words mean, most likely first. */
function explainFailures(failed: readonly ScriptCheck[], { facts }: OpenHost, { reach }: Place): readonly Diagnosis[] {
  if (failed.length === 0) return [];
  return diagnose({ log: failed.map(({ output }) => output).join('\n'), facts, reach });
}

/** Runs in the kernel of this or another machine and prints what the script prints. */
async function run(
  context: Context,
  catalogue: readonly CatalogueEntry[],
  [name, ...words]: readonly string[],
  { target: options, seconds: limit, moduleKey, runtime: wanted = 'module', systemtap = 'auto' }: ScriptsOptions,
): Promise<number> {
  const seconds = limit ?? DEFAULT_SECONDS;
  if (seconds < 1 || seconds > MAX_SECONDS)
    throw new TapprepError('USAGE', `--seconds takes 1 to ${MAX_SECONDS}, but ${seconds} was given`);
  const entry = findEntry(catalogue, onlyName('run', name === undefined ? [] : [name]));
  const values = checkArguments(entry, words);
  const open = await openHost(context, options, 'root');
  const target = requireKernel(open);
  const { release } = target;
  const { host, facts } = open;
  if (host === null || host.kind === 'root' || !facts.kernel.running)
    throw new TapprepError('USAGE', `${entry.name} can only watch a kernel that runs, but ${release} does not`, {
      // A rehearsal has a root of its own, which is not this one, and in which no tree lies.
      remedy:
        target.own === undefined && host?.kind !== 'root'
          ? tapprep('rehearse', entry.name, '--level', 'scripts')
          : tapprep('verify', entry.name, '--level', 'scripts', '--in', 'vm'),
    });
  const signer = await openSigner(context, moduleKey ?? null);
  const refused = wanted === 'auto' && foretell(facts, signer?.certificate ?? null).loads === false;
  const runtime = wanted === 'auto' ? (refused ? 'bpf' : 'module') : wanted;
  const { runScript } = await import('../../scripts/run-script.ts');
  const chosen = await openWished(context, host, release, systemtap, ownVersion(open));
  if (chosen === null) await requireStap(context, facts, host);
  context.emit({
    type: 'note',
    level: 'info',
    text: `${entry.name} runs for ${seconds} s once it is compiled; Ctrl-C ends it earlier`,
  });
  await runScript(host, entry, {
    ...chosen,
    ...(signer === null ? {} : { signer }),
    runtime,
    lockdown: facts.security.lockdown,
    target,
    values,
    json: context.common.json,
    seconds,
    signal: context.signal,
    onLine: (line, stream) => context[stream].foreignLine(line),
  });
  return EXIT.done;
}

/** Of the distribution's own SystemTap; that of one in a folder of tapprep's is none. */
function ownVersion({ facts: { systemtap } }: OpenHost): string | null {
  return systemtap?.path?.startsWith(`${PREFIX}/`) === true ? null : (systemtap?.version ?? null);
}

/** @throws TapprepError TOOL_MISSING with what brings one that fits, or with what tells why tapprep cannot */
async function requireStap({ place }: Context, facts: HostFacts, host: Host): Promise<void> {
  if ((await host.which('stap')) !== null) return;
  const situation = describeMachine(facts, null, place.reach);
  throw new TapprepError('TOOL_MISSING', `stap is needed but is not installed on ${host.name}`, {
    remedy: canPrepare(situation) ? prepare() : tapprep('doctor'),
    facts: { tool: 'stap' },
  });
}

function requireKernel({ facts }: OpenHost): Pick<Target, 'release' | 'own'> {
  const { own, kernel } = facts;
  if (kernel.release !== null) return { release: kernel.release, ...(own === undefined ? {} : { own }) };
  throw new TapprepError('USAGE', 'it is not known which kernel the scripts are for', {
    hint: 'add --kernel RELEASE, as "uname -r" prints it there',
  });
}

function onlyName(action: string, words: readonly string[]): string {
  const [name, more] = words;
  if (name !== undefined && more === undefined) return name;
  throw new TapprepError('USAGE', `tapprep scripts ${action} takes the name of one script`, {
    hint: 'tapprep scripts list',
  });
}

function renderChecks(checks: readonly ScriptCheck[], release: string, columns: number | null): string {
  const rows = checks.map(({ name, status, seconds, reason }) => [
    name,
    status === 'pass' ? 'would run' : 'no',
    formatSeconds(seconds),
    reason === null ? '' : textOf(reason),
  ]);
  const passed = checks.filter(({ status }) => status === 'pass').length;
  const verdict = `${passed} of ${countOf(checks.length, 'script compiles', 'scripts compile')} for ${release}; only loading them proves that they run`;
  return `${renderTable(['SCRIPT', 'COMPILES', 'TIME', 'REASON'], rows, columns)}\n${verdict}\n`;
}

function withoutText({ name, shows, needs, gains, bpf, arguments: known, proven }: CatalogueEntry) {
  const withoutModule = 'cannot' in bpf ? { runs: false, because: bpf.cannot } : { runs: true, lacks: bpf.lacks };
  return { name, shows, needs, gains: gains ?? null, bpf: withoutModule, arguments: known, proven };
}
