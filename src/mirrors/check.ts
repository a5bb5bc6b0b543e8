/** Asks repositories whether they answer, and with what: the first bytes of each one's index, nothing more. */
import { refuseWhenStopped } from '../interruption.ts';
import { PROBE_REQUEST, type Transport } from '../fetch/transport.ts';
import { messageOf } from '../errors.ts';
import type { Repository, Sentence } from '../types.ts';
import { judgeIndex } from './judge-index.ts';
import { TransferError } from '../fetch/failure.ts';
import { say } from '../sentence.ts';

/** What one address answered. */
export interface MirrorAnswer {
  /** Repository id. */
  readonly repository: string;
  readonly state: Repository['state'];
  /** The index that was asked for. */
  readonly url: string;
  /** HTTP's status, also for FTP; null when nothing answered. */
  readonly status: number | null;
  /** To the first bytes. */
  readonly seconds: number;
  /** What the bytes are: "InRelease of bookworm", "repomd.xml", "index page" …; null when they are not an index. */
  readonly index: string | null;
  readonly ok: boolean;
  /** One sentence; null when it is good. */
  readonly reason: Sentence | null;
}

export interface CheckOptions {
  readonly transport: Transport;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Addresses at once; 6 unless told. */
  readonly concurrency?: number;
  /** For each address; 15 s unless told. */
  readonly timeoutMs?: number;
  /** Called as each answer comes. */
  readonly onAnswer?: (answer: MirrorAnswer) => void;
}

/** Enough for the head of any index. */
const HEAD_BYTES = 32 * 1024;

/**
 * Asks every address of every repository; answers come back in the order of the repositories.
 * @throws TapprepError INTERRUPTED; what an address answers or fails to is in its answer
 */
export async function checkRepositories(
  repositories: readonly Repository[],
  options: CheckOptions,
): Promise<readonly MirrorAnswer[]> {
  const questions = repositories.flatMap((repository) => indexUrls(repository).map((url) => ({ repository, url })));
  const answers: MirrorAnswer[] = [];
  let next = 0;
  async function work(): Promise<void> {
    for (let at = next++; at < questions.length; at = next++) {
      const question = questions[at];
      if (question === undefined) return;
      const answer = await ask(question.repository, question.url, options);
      answers[at] = answer;
      options.onAnswer?.(answer);
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.concurrency ?? 6, questions.length) }, work));
  return answers;
}

/** The one small file that tells whether a repository is there, for each of its addresses. */
function indexUrls(repository: Repository): readonly string[] {
  const file: Readonly<Record<Repository['kind'], string>> = {
    deb: `dists/${repository.suite ?? ''}/InRelease`,
    'rpm-md': 'repodata/repomd.xml',
    listing: '',
    template: '',
    launchpad: '',
  };
  const discovery = repository.discovery ?? null;
  return [
    ...repository.baseUrls.map((url) => `${url}${file[repository.kind]}`),
    ...(discovery === null ? [] : [discovery.url]),
  ];
}

async function ask(repository: Repository, url: string, options: CheckOptions): Promise<MirrorAnswer> {
  const started = options.now();
  const limit = AbortSignal.timeout(options.timeoutMs ?? 15_000);
  const about = { repository: repository.id, state: repository.state, url };
  const seconds = (): number => Math.round((options.now() - started) / 10) / 100;
  try {
    const response = await options.transport.open(url, {
      ...PROBE_REQUEST,
      signal: AbortSignal.any([options.signal, limit]),
    });
    if (response.status !== 200) {
      response.body.destroy();
      const reason = say(`answered with status ${response.status}`);
      return { ...about, status: response.status, seconds: seconds(), index: null, ok: false, reason };
    }
    const head = await readHead(response.body);
    const expected = url === repository.discovery?.url ? repository.discovery.kind : repository.kind;
    const verdict = judgeIndex(head, expected, options.now());
    return { ...about, status: 200, seconds: seconds(), ...verdict, ok: verdict.reason === null };
  } catch (error) {
    refuseWhenStopped(options.signal, 'while asking the mirrors');
    const late = `no answer within ${(options.timeoutMs ?? 15_000) / 1000} s`;
    const reason = limit.aborted ? say(late) : whyOf(error);
    return { ...about, status: null, seconds: seconds(), index: null, ok: false, reason };
  }
}

function whyOf(error: unknown): Sentence {
  if (error instanceof TransferError && error.why !== null) return error.why;
  return say(messageOf(error));
}

async function readHead(body: AsyncIterable<unknown> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk), 'latin1');
    chunks.push(bytes);
    length += bytes.length;
    if (length >= HEAD_BYTES) break;
  }
  body.destroy();
  return Buffer.concat(chunks).toString('latin1', 0, HEAD_BYTES);
}
