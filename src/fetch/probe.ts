/** Whether a file is there, asked without its bytes. */
import { TapprepError, redact } from '../errors.ts';
import { backoffMs, parseRetryAfter } from './backoff.ts';
import { TransferError, fetchInterrupted } from './failure.ts';
import type { FetchContext } from './request.ts';
import { LATER } from './retry-status.ts';
import type { ProbeAnswer } from './transport.ts';

/**
 * Asks one address, again where it may do better in a moment. Any final status is an answer.
 * @throws TapprepError NETWORK | TIMEOUT | OFFLINE | UNSAFE_URL | INTERRUPTED
 */
export async function probe(url: string, context: FetchContext): Promise<ProbeAnswer> {
  const { limits, now, random, signal, sleep, transport } = context;
  if (context.offline) {
    throw new TapprepError('OFFLINE', `whether ${url} is there can only be asked over the network`, {
      hint: 'run the same command once without --offline',
      facts: { url: redact(url) },
    });
  }
  const refusal = context.hosts.refusal(url);
  if (refusal !== null) throw refusal;
  for (let attempt = 1; ; attempt += 1) {
    let asked: number | null = null;
    try {
      const answer = await transport.probe(url, signal);
      context.hosts.answered(url);
      if (!LATER.has(answer.status)) return answer;
      asked = parseRetryAfter(answer.retryAfter, answer.date, now());
      if (attempt >= limits.attempts || (asked ?? 0) > limits.maxRetryAfterMs) throw unanswered(url, answer.status);
    } catch (error) {
      if (error instanceof TransferError) context.hosts.failed(url, error);
      const isLater = error instanceof TransferError && error.retry === 'later';
      const again = isLater && attempt < limits.attempts && context.hosts.refusal(url) === null;
      if (!again) throw error;
    }
    await sleep(Math.max(asked ?? 0, backoffMs(attempt, limits.backoffMs, limits.maxBackoffMs, random())), signal);
    if (signal.aborted) throw fetchInterrupted(signal, redact(url));
  }
}

function unanswered(url: string, status: number): TapprepError {
  return new TransferError('NETWORK', `${url} answered ${status}`, 'never', { facts: { url: redact(url), status } });
}
