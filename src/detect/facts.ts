/** Collects the facts of a machine by one run of probe.sh there, or takes them from a file. */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isTapprepError, messageOf, TapprepError } from '../errors.ts';
import { run, runAsRoot } from '../make-remedy.ts';
import { assetUrl } from '../host/asset.ts';
import { readGivenText } from '../host/given-file.ts';
import type { Host, RunResult } from '../host/host.ts';
import type { HostFacts, OwnKernel } from '../types.ts';
import { checkRelease } from './declared-facts.ts';
import { checkFacts } from './facts-schema.ts';
import { isProbeOutput, MAX_FACTS_BYTES } from './probe-lines.ts';
import { parseProbeOutput } from './probe-output.ts';
import { readRpmDatabase } from '../package-system/rpm-database/read.ts';
import { systemOfManager } from '../package-system/systems.ts';

/** The script that observes; `sh -s -- ROOTDIR RELEASE` with it as input is the one round trip. */
export const PROBE_PATH: string = fileURLToPath(assetUrl('host/probe.sh'));
const PROBE_TIMEOUT_MS = 120_000;
/** The probe's word for leaving an rpm database to its reader. */
const BY_FILE = 'files';

export interface CollectOptions {
  /** Another kernel than the running one (of a root: than the only one there). */
  readonly release?: string | null;
  /** The kernel of a root in which none or several are. */
  readonly otherwise?: string | undefined;
  /** A build tree and a vmlinux that stand for those of packages; checked to be of OWN_PATH. */
  readonly own?: OwnKernel | undefined;
  readonly signal?: AbortSignal;
}

/**
 * The facts of a host, in one round trip; nothing there is changed.
 * @throws TapprepError USAGE (impossible release), TIMEOUT, TOOL_MISSING (no sh),
 *   BAD_FACTS (output cut or altered, unreadable package database), INTERRUPTED
 */
export async function collectFacts(host: Host, options: CollectOptions = {}): Promise<HostFacts> {
  const release = options.release ?? '';
  if (release !== '') checkRelease(release);
  const { own, otherwise = '' } = options;
  if (otherwise !== '') checkRelease(otherwise);
  const words = [release, own?.buildTree ?? '', own?.vmlinux ?? ''];
  const { stdout } = await runProbe(host, words, otherwise, options.signal);
  const source = `the probe's output on ${host.name}`;
  const isRoot = host.kind === 'root';
  const probed = parseProbeOutput(isRoot ? await addPackages(stdout, host) : stdout, source);
  const facts = own === undefined ? probed : { ...probed, own };
  // A database that was read as a file is known to be empty where it is; one that rpm was asked for may not have been read.
  if (isRoot) return { ...facts, root: host.name };
  const { packageManager, packages } = facts;
  if (packageManager !== null && packages.length === 0 && systemOfManager(packageManager).isNeverEmpty) {
    throw new TapprepError('BAD_FACTS', `${host.name} has an rpm database, but rpm listed no package within 60 s`, {
      remedy: runAsRoot('rpm --rebuilddb'),
      facts: { host: host.name },
    });
  }
  return facts;
}

/** A database keeps the name that the package used: with or without /usr. */
function namesOf(path: string): readonly string[] {
  return [path, `/usr${path}`, path.replace(/^\/usr\//, '/')];
}

/** What the probe leaves to be read from the rpm database of a root: its packages, and whose the paths are that it names. */
async function addPackages(output: string, host: Host): Promise<string> {
  if (!output.includes('\nmanager\trpm\n')) return output;
  const named = Array.from(output.matchAll(/\tpath:(\/[^\t\n]+)$/gm), ([, path = '']) => path);
  const database = await readRpmDatabase({
    find: (path) => host.fetchFile(path),
    temporary: tmpdir(),
    paths: named.flatMap(namesOf),
  });
  if (database === null) return output;
  const { packages, owners } = database;
  const ownerOf = (path: string): string => namesOf(path).flatMap((name) => owners.get(name) ?? [])[0] ?? '-';
  const lines = packages.map(({ name, version, arch, vendor, buildTime, buildHost }) =>
    ['pkg', name, version, arch, vendor ?? '(none)', String(buildTime ?? '(none)'), buildHost ?? '(none)']
      // Foreign text, in which nothing may end a line or a field.
      .map((word) => word.replaceAll(/\p{Cc}/gu, ''))
      .join('\t'),
  );
  return output
    .replaceAll(/\tpath:(\/[^\t\n]+)$/gm, (_, path: string) => `\t${ownerOf(path)}`)
    .replace(/\nend\t1\n?$/, `${lines.map((line) => `\n${line}`).join('')}$&`);
}

/**
 * @param words what probe.sh takes behind the root: release, build tree and vmlinux, empty for none
 * @param otherwise its last, for a root alone
 */
async function runProbe(
  host: Host,
  words: readonly string[],
  otherwise: string,
  signal: AbortSignal | undefined,
): Promise<RunResult> {
  const options = {
    input: await readFile(PROBE_PATH, 'utf8'),
    timeoutMs: PROBE_TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  };
  if (host.kind !== 'root') return checkRun(host, await host.run(['sh', '-s', '--', '', ...words], options));
  const rest = [...words, BY_FILE, otherwise];
  const inside = await runInside(host, rest, options);
  if (inside !== null) return inside;
  const { createLocalHost } = await import('../host/local.ts');
  const root = host.localPath('/') ?? host.name;
  return checkRun(host, await createLocalHost().run(['sh', '-s', '--', root, ...rest], options));
}

/**
 * The root's own programs know it best. Without root rights, in a root of another architecture or in one without sh they
 * cannot run: null, and this machine's programs read the files of the root instead.
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
    return isProbeOutput(result.stdout) ? checkRun(host, result) : null;
  } catch (error) {
    if (isTapprepError(error, 'TOOL_MISSING') || isTapprepError(error, 'NOT_ROOT')) return null;
    throw error;
  }
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
    throw new TapprepError('BAD_FACTS', `${source} is no JSON: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Reads a saved facts file.
 * @throws TapprepError BAD_FACTS, PERMISSION, TOO_LARGE
 */
export async function readFactsFile(path: string): Promise<HostFacts> {
  const text = await readGivenText(path);
  if (text === null)
    throw new TapprepError('BAD_FACTS', `there is no facts file ${path}`, {
      remedy: run('tapprep detect --json >facts.json'),
    });
  return parseSavedFacts(text, path);
}
