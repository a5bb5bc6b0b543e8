/** Builds SystemTap from a verified tarball on a target, against its own libraries, into a prefix that touches nothing else. */
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { finished } from 'node:stream/promises';
import { dirname, posix } from 'node:path';
import { escapeControl, TapprepError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { makingPath, refuseForeign, removeTree } from '../../install/directories.ts';
import { MARKER_NAME, MARKER_TEXT } from '../../install/marks.ts';
import { writeEntry, type JournalEntry } from '../../install/journal.ts';
import type { Emit } from '../../types.ts';
import { findErrorLines } from '../../verify/tool-words.ts';
import { collectInstalledStaprun } from '../../vm/staprun.ts';
import type { UsableSystemtap } from '../usable.ts';
import type { SourceTarball } from './find-source.ts';
import { buildSteps, STAGED, type BuildStep } from './recipe.ts';
import { shellLine } from '../../shell-words.ts';

export interface BuildRequest {
  /** The target; what BUILD_PACKAGES names is installed there. */
  readonly host: Host;
  readonly source: SourceTarball;
  /** The tarball on this machine, its digest checked. */
  readonly tarballPath: string;
  /** Absolute, on the target; /opt/tapprep/systemtap-VERSION as a rule. */
  readonly prefix: string;
  /** On this machine: what all commands print. It is kept whatever happens. */
  readonly logPath: string;
  readonly release: string;
  readonly tapprepVersion: string;
  readonly emit: Emit;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

const MARKER = 'manifest.json';
const TELLS_NOTHING = /^tar: (?:Exiting with failure status|Skipping to next header).*$/gm;
/** Of the log, to find the cause in: what matters stands near the end. */
const LOG_TAIL_BYTES = 256 * 1024;

/** The SystemTap that was built into a prefix from this very source before, or null. */
export async function findBuilt(host: Host, prefix: string, source: SourceTarball): Promise<UsableSystemtap | null> {
  const text = await host.readText(posix.join(prefix, MARKER));
  return text === markerOf(source) ? describe(host, prefix) : null;
}

/**
 * Builds below a name that says what it is, and moves what came of it into the prefix; on a failure nothing of it is left.
 * @throws TapprepError INSTALL_FAILED naming the step, its cause and the log; PERMISSION, NO_SPACE, INTERRUPTED
 */
export async function buildSystemtap(request: BuildRequest): Promise<UsableSystemtap> {
  const { host, prefix, source } = request;
  await refuseForeign(host, prefix);
  const directory = makingPath(prefix);
  const entry: JournalEntry = {
    at: new Date(request.now()).toISOString(),
    tapprep: request.tapprepVersion,
    release: request.release,
    state: 'started',
    packages: [],
    replaced: [],
    files: [directory, prefix],
  };
  let isThere = false;
  try {
    await writeEntry(host, entry);
    await removeTree(host, directory);
    await host.writeFile(posix.join(directory, MARKER_NAME), `${MARKER_TEXT}\n`, 0o644);
    await host.putFile(request.tarballPath, posix.join(directory, source.fileName), 0o644);
    await runSteps(request, directory);
    await putInPlace(request, directory);
    isThere = true;
    await removeTree(host, directory);
    await writeEntry(host, { ...entry, state: 'done', files: [prefix] });
    return await describe(host, prefix);
  } catch (error) {
    await removeTree(host, directory);
    // Until then one of an earlier build may stand there.
    if (isThere) await removeTree(host, prefix);
    await writeEntry(host, { ...entry, state: 'failed', files: [] });
    throw error;
  }
}

async function runSteps(request: BuildRequest, directory: string): Promise<void> {
  const { host, prefix, source, logPath, signal, emit } = request;
  await mkdir(dirname(logPath), { recursive: true });
  const log = createWriteStream(logPath, { mode: 0o644 });
  try {
    for (const step of buildSteps(directory, source.fileName, prefix, Math.min(availableParallelism(), 8))) {
      emit({ type: 'command', argv: step.argv, where: host.name });
      log.write(`+ ${step.argv.join(' ')}\n`);
      const result = await host.run(step.argv, {
        cwd: directory,
        timeoutMs: step.timeoutMs,
        signal,
        onLine: (line) => void log.write(`${line}\n`),
      });
      if (result.exitCode !== 0) throw await explain(request, step, result);
    }
  } finally {
    log.end();
    await finished(log);
  }
}

/** The prefix gets its name as a whole, with the marker in it. */
async function putInPlace({ host, prefix, source }: BuildRequest, directory: string): Promise<void> {
  const staged = `${directory}/${STAGED}${prefix}`;
  await host.writeFile(posix.join(staged, MARKER), markerOf(source), 0o644);
  await removeTree(host, prefix);
  const moved = await host.run(['mv', '--', staged, prefix]);
  if (moved.exitCode === 0) return;
  throw new TapprepError(
    'INSTALL_FAILED',
    `${prefix} on ${host.name} could not be put in its place: ${moved.stderr.trim()}`,
  );
}

function markerOf({ version, sha256, index, signer }: SourceTarball): string {
  return `${JSON.stringify({ schema: 'tapprep-build/1', version, sha256, index, signer }, null, 1)}\n`;
}

async function describe(host: Host, prefix: string): Promise<UsableSystemtap> {
  const staprun = `${prefix}/bin/staprun`;
  return {
    stapArgv: [`${prefix}/bin/stap`],
    staprunArgv: [staprun],
    place: prefix,
    // Its libraries are the target's own.
    guestStaprun: await collectInstalledStaprun(host, staprun),
  };
}

async function explain(
  { source, host, logPath }: BuildRequest,
  { name }: BuildStep,
  { exitCode, timedOut, stdout, stderr }: Awaited<ReturnType<Host['run']>>,
): Promise<TapprepError> {
  const words = `${stderr}\n${stdout.slice(-LOG_TAIL_BYTES)}`.replaceAll(TELLS_NOTHING, '');
  const said = findErrorLines(words, 1)[0] ?? 'it gave no reason';
  const cause = timedOut ? 'it did not end in time' : said;
  const tail = (await readFile(logPath, 'utf8').catch(() => '')).slice(-4000);
  return new TapprepError(
    'INSTALL_FAILED',
    `SystemTap ${source.version} could not be built on ${host.name}: ${name} ${timedOut ? 'was ended' : `exited ${exitCode ?? 'by a signal'}`}: ${cause}; the log is ${logPath}`,
    { hint: shellLine`less ${logPath}`, facts: { step: name, exitCode, log: logPath, tail: escapeControl(tail) } },
  );
}
