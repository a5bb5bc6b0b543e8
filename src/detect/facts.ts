/** Collects the facts of a machine by one run of probe.sh there, or takes them from a file. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isTapprepError, TapprepError } from '../errors.ts';
import { runAsRoot } from '../make-remedy.ts';
import { assetUrl } from '../host/asset.ts';
import { readTextFile } from '../host/files.ts';
import type { Host, RunResult } from '../host/host.ts';
import type { HostFacts, OwnKernel } from '../types.ts';
import { checkRelease } from './declared-facts.ts';
import { checkFacts } from './facts-schema.ts';
import { isProbeOutput, MAX_FACTS_BYTES } from './probe-lines.ts';
import { parseProbeOutput } from './probe-output.ts';
import { systemOfManager } from '../package-system/systems.ts';

/** The script that observes; `sh -s -- ROOTDIR RELEASE` with it as input is the one round trip. */
export const PROBE_PATH: string = fileURLToPath(assetUrl('host/probe.sh'));
const PROBE_TIMEOUT_MS = 120_000;

export interface CollectOptions {
  /** Another kernel than the running one (of a root: than the only one there). */
  readonly release?: string | null;
  /** A build tree and a vmlinux that stand for those of packages; checked to be of OWN_PATH. */
  readonly own?: OwnKernel | undefined;
  readonly signal?: AbortSignal;
}

/**
 * The facts of a host, in one round trip; nothing there is changed.
 * @throws TapprepError USAGE (impossible release), TIMEOUT, TOOL_MISSING (no sh, no rpm for an rpm database),
 *   BAD_FACTS (output cut or altered, unreadable package database), INTERRUPTED
 */
export async function collectFacts(host: Host, options: CollectOptions = {}): Promise<HostFacts> {
  const release = options.release ?? '';
  if (release !== '') checkRelease(release);
  const { own } = options;
  const { stdout } = await runProbe(host, [release, own?.buildTree ?? '', own?.vmlinux ?? ''], options.signal);
  const probed = parseProbeOutput(stdout, `the probe's output on ${host.name}`);
  const facts = own === undefined ? probed : { ...probed, own };
  if (
    facts.packageManager !== null &&
    facts.packages.length === 0 &&
    systemOfManager(facts.packageManager).isNeverEmpty
  )
    throw await unreadableDatabase(host);
  return host.kind === 'root' ? { ...facts, root: host.name } : facts;
}

/** "Could not read" must not pass for "nothing is installed". */
async function unreadableDatabase(host: Host): Promise<TapprepError> {
  if (host.kind === 'root' && (await host.which('rpm')) === null) {
    return new TapprepError(
      'TOOL_MISSING',
      `${host.name} has an rpm database but no rpm, and this machine's rpm is missing or cannot read it`,
      { hint: 'install rpm on this machine: apt-get install rpm', facts: { root: host.name } },
    );
  }
  return new TapprepError('BAD_FACTS', `${host.name} has an rpm database, but rpm listed no package within 60 s`, {
    remedy: runAsRoot('rpm --rebuilddb'),
    facts: { host: host.name },
  });
}

/** @param words what probe.sh takes behind the root: release, build tree and vmlinux, empty for none */
async function runProbe(host: Host, words: readonly string[], signal: AbortSignal | undefined): Promise<RunResult> {
  const options = {
    input: await readFile(PROBE_PATH, 'utf8'),
    timeoutMs: PROBE_TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  };
  if (host.kind !== 'root') return checkRun(host, await host.run(['sh', '-s', '--', '', ...words], options));
  const inside = await runInside(host, words, options);
  if (inside !== null) return inside;
  const { createLocalHost } = await import('../host/local.ts');
  const root = host.localPath('/') ?? host.name;
  return checkRun(host, await createLocalHost().run(['sh', '-s', '--', root, ...words], options));
}

/**
 * The root's own sh and rpm know it best. Without root rights, in a root of another architecture or in one without sh
 * or rpm they cannot run: null, and this machine's programs read the files of the root instead.
 */
async function runInside(
  host: Host,
  words: readonly string[],
  options: Parameters<Host['run']>[1],
): Promise<RunResult | null> {
  // What has no awk (a distroless image) cannot run the probe, and would only look as if nothing were there.
  if ((await host.which('awk')) === null) return null;
  try {
    const result = await host.run(['sh', '-s', '--', '/', ...words], options);
    return isWhole(result.stdout) ? checkRun(host, result) : null;
  } catch (error) {
    if (isTapprepError(error, 'TOOL_MISSING') || isTapprepError(error, 'NOT_ROOT')) return null;
    throw error;
  }
}

/** An rpm database without packages means that the root has the database but not the rpm that reads it. */
function isWhole(output: string): boolean {
  return isProbeOutput(output) && (!output.includes('\nmanager\trpm\n') || output.includes('\npkg\t'));
}

function checkRun(host: Host, result: RunResult): RunResult {
  if (!result.timedOut) return result;
  throw new TapprepError('TIMEOUT', `the probe did not end on ${host.name} within ${PROBE_TIMEOUT_MS / 1000} s`, {
    facts: { host: host.name, stderr: result.stderr.slice(-2000) },
  });
}

/**
 * Facts that were saved: what `tapprep detect --json` prints ({facts, target}), its facts alone, or what probe.sh prints.
 * @param source what to call the text in an error
 * @throws TapprepError BAD_FACTS with the place and the reason
 */
export function parseSavedFacts(text: string, source: string): HostFacts {
  if (!text.trimStart().startsWith('{')) return parseProbeOutput(text, source);
  if (text.length > MAX_FACTS_BYTES) {
    throw new TapprepError(
      'BAD_FACTS',
      `${source} has ${text.length} characters, facts have at most ${MAX_FACTS_BYTES}`,
    );
  }
  const value = parseJson(text, source);
  const isReport = typeof value === 'object' && value !== null && 'facts' in value;
  return checkFacts(isReport ? value.facts : value, source);
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TapprepError('BAD_FACTS', `${source} is no JSON: ${reason}`, { cause: error });
  }
}

/**
 * Reads a saved facts file.
 * @throws TapprepError BAD_FACTS, PERMISSION, TOO_LARGE
 */
export async function readFactsFile(path: string): Promise<HostFacts> {
  const text = await readTextFile(path);
  if (text === null) throw new TapprepError('BAD_FACTS', `${path} given with --facts is no file`);
  return parseSavedFacts(text, path);
}
