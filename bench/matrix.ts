/**
 * Every SystemTap that can be had on the kernels of the Debian archive: `npm run matrix -- [--limit N] [--only RELEASE]… [--predict]`.
 * Goes on where the last run ended; writes docs/matrix.json, docs/matrix.md and verdicts.json after each SystemTap.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ERROR_CODES, EXIT, isErrno, isTapprepError } from '../src/errors.ts';
import { cleanCache } from '../src/fetch/cache-admin.ts';
import { writeWhole } from '../src/files/write-whole.ts';
import { openSession, type Session } from '../src/pipeline/session.ts';
import { makeVerdictList, renderVerdictList, SHIPPED_NAME } from '../src/systemtap/verdict-list.ts';
import { readBuildFacts } from '../scripts/make-man.ts';
import { type ArchiveKernel, listArchiveKernels, orderKernels } from './matrix-kernels.ts';
import { type MatrixState, parseMatrixState } from './matrix-schema.ts';
import {
  describeScore,
  findKernel,
  formatMatrix,
  predictedReach,
  scorePredictions,
  seenReach,
  shippedVerdicts,
  withKernel,
} from './matrix-table.ts';
import { ENDS_ALL, predictKernel, tryKernel } from './matrix-try.ts';
import { textOf } from '../src/sentence.ts';

const ROOT = join(import.meta.dirname, '..');
const STATE = join(ROOT, 'docs/matrix.json');
/** What is downloaded for all kernels is a hundred times more than is worth keeping. */
const MOST_CACHE_BYTES = 12e9;

const { values } = parseArgs({
  options: {
    /** How many kernels at most are rehearsed by this run; those that are done do not count. */
    limit: { type: 'string' },
    /** These releases alone. */
    only: { type: 'string', multiple: true },
    /** Kernels are listed with what is expected, and nothing is downloaded. */
    predict: { type: 'boolean', default: false },
    /** SystemTaps that are built from source, too. */
    builds: { type: 'boolean', default: false },
    /** Of its own: what is downloaded for one kernel goes again, which nobody else should miss. */
    'cache-dir': { type: 'string', default: join(homedir(), '.cache/tapprep-matrix') },
  },
});

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort(signal));

function say(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

async function open(): Promise<Session> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
  return openSession({
    packageRoot: ROOT,
    cacheDir: values['cache-dir'],
    configHome: null,
    mirrorFiles: [],
    mirrors: [],
    offline: false,
    // A prediction is what stands without having seen the kernel.
    ignoresVerdicts: true,
    env: process.env,
    tapprepVersion: version,
    emit: (event) => {
      if (event.type === 'note' && event.level !== 'detail') say(`  ${event.text}`);
      if (event.type === 'stage' && event.status === 'start') say(`  ${event.stage} …`);
    },
    now: Date.now,
    signal: stop.signal,
  });
}

function readState(): MatrixState {
  try {
    return parseMatrixState(readFileSync(STATE, 'utf8'), STATE);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { schema: 'tapprep-matrix/1', kernels: [] };
    throw error;
  }
}

/** Each file appears whole: a run may be killed at any time. */
async function save(state: MatrixState): Promise<void> {
  const list = renderVerdictList(makeVerdictList(shippedVerdicts(state), Date.now()));
  await writeWhole(STATE, `${JSON.stringify(state, null, 1)}\n`, FILE);
  await writeWhole(join(ROOT, 'docs/matrix.md'), formatMatrix(state), FILE);
  await writeWhole(join(ROOT, SHIPPED_NAME), list, FILE);
}

const FILE = { mode: 0o644, place: 'PERMISSION' } as const;

async function rehearse(session: Session, initial: MatrixState, kernel: ArchiveKernel): Promise<MatrixState> {
  let state = initial;
  const keep = async (change: Partial<ReturnType<typeof findKernel>>): Promise<void> => {
    state = withKernel(state, { ...findKernel(state, kernel), ...change });
    await save(state);
  };
  try {
    const expected = await predictKernel(session, kernel, values);
    // What gave no verdict is tried again.
    const known = findKernel(state, kernel).tried.filter((each) => seenReach(each) !== null);
    await tryKernel(session, expected, {
      builds: values.builds,
      known: known.map(({ name }) => name),
      commit: readBuildFacts(ROOT, process.env).commit,
      onTry: async (tried) => {
        const before = findKernel(state, kernel).tried.filter(({ name }) => name !== tried.name);
        await keep({ tried: [...before, tried], error: null });
        say(
          `${kernel.release} ${tried.name}: predicted ${predictedReach(tried) ?? 'not known'}, seen ${seenReach(tried) ?? 'no verdict'} (${tried.seconds} s)`,
        );
      },
    });
    await keep({ done: true, error: null });
  } catch (error) {
    if (!isTapprepError(error) || ENDS_ALL.has(error.code)) throw error;
    say(`${kernel.release}: ${error.code}: ${error.message}`);
    await keep({ error: { code: error.code, message: withoutHosts(error.message), at: new Date().toISOString() } });
  }
  return state;
}

async function predict(session: Session, kernel: ArchiveKernel): Promise<void> {
  say(`${kernel.distro} ${kernel.suite} ${kernel.release} ${kernel.version}`);
  const { ranked } = await predictKernel(session, kernel, values);
  for (const { name, predictions } of ranked) {
    const [hello, higher] = [predictions.hello.verdict, predictions['kernel.function'].verdict];
    const [reason] = predictions['kernel.function'].reasons;
    process.stdout.write(
      `${kernel.release}\t${name}\t${hello}\t${higher}\t${reason === undefined ? '' : textOf(reason)}\n`,
    );
  }
}

async function main(): Promise<void> {
  const session = await open();
  let state = readState();
  const listed = orderKernels(await listArchiveKernels(session));
  const wanted = listed.filter(({ release }) => values.only?.includes(release) ?? true);
  const left = wanted.filter((kernel) => !findKernel(state, kernel).done);
  const limit = values.limit === undefined ? left.length : Number(values.limit);
  if (!Number.isInteger(limit) || limit < 0) throw new Error(`--limit takes a number, but "${values.limit}" was given`);
  say(
    `${listed.length} kernels with a debug package, ${wanted.length - left.length} of ${wanted.length} are done, ${Math.min(limit, left.length)} are to be rehearsed`,
  );
  let taken = 0;
  for (const kernel of left) {
    if (taken === limit) break;
    if (values.predict) {
      await predict(session, kernel);
      taken += 1;
      continue;
    }
    say(`${taken + 1} of ${limit}: ${kernel.distro} ${kernel.suite} ${kernel.release} ${kernel.version}`);
    state = await rehearse(session, state, kernel);
    // Some are in an index whose files are gone: they take seconds, and no place of another.
    if (findKernel(state, kernel).error === null) taken += 1;
    await cleanCache(values['cache-dir'], { now: Date.now(), maxBytes: MOST_CACHE_BYTES });
  }
  process.stdout.write(`${describeScore(scorePredictions(state))}\n`);
}

await main().catch((error: unknown) => {
  if (!isTapprepError(error)) throw error;
  // What was tried is kept: the next run goes on from there.
  say(`${error.code}: ${error.message}`);
  process.exitCode = EXIT[ERROR_CODES[error.code].exit];
});

/** Which mirror a machine uses is nobody's business: of an address its path is kept. */
function withoutHosts(message: string): string {
  return message.replaceAll(/\bhttps?:\/\/[^/\s]+/g, '');
}
