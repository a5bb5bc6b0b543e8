import { describe, expect, test } from 'vitest';
import { runAtOnce } from '../../../src/pipeline/stage.ts';

/** A stage that goes on until it is stopped. */
const endless = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('stopped')));
  });
const failing = (): Promise<never> => Promise.reject(new Error('no such mirror'));

describe('two stages at once', () => {
  test('give both results', async () => {
    const { signal } = new AbortController();
    expect(
      await runAtOnce(
        signal,
        async () => 'tar',
        async () => 7,
      ),
    ).toEqual(['tar', 7]);
  });

  test.each([
    ['first', failing, endless],
    ['second', endless, failing],
  ])('the %s that fails stops the other, and its own error is the one that is told', async (_, first, second) => {
    const { signal } = new AbortController();
    await expect(runAtOnce(signal, first, second)).rejects.toThrow('no such mirror');
  });

  test('both stop with the whole', async () => {
    const whole = new AbortController();
    const ended = runAtOnce(whole.signal, endless, endless);
    whole.abort();
    await expect(ended).rejects.toThrow('stopped');
  });
});
