import { expect, test } from 'vitest';
import { judgeSignal } from '../../../src/cli/stop-signals.ts';
import { exitCodeOf } from '../../../src/errors.ts';
import { asInterruption, interrupted, StopRequest } from '../../../src/interruption.ts';

test.each([
  ['SIGINT', 0, [], 'stop'],
  ['SIGHUP', 5_000, [], 'stop'],
  // npm, a launcher or sudo pass on what the terminal has sent already.
  ['SIGINT', 1_050, [1_000], 'nothing'],
  ['SIGINT', 1_900, [1_000], 'at-once'],
  ['SIGTERM', 4_000, [1_000], 'at-once'],
  ['SIGTERM', 4_001, [1_000], 'nothing'],
  // Somebody who tried once before may try again.
  ['SIGINT', 9_500, [1_000, 9_000], 'at-once'],
  // A closed terminal sends it twice, and nobody sits there any more.
  ['SIGHUP', 1_900, [1_000], 'nothing'],
] as const)('%s at %i ms after signals at %j: %s', (signal, at, before, verdict) => {
  expect(judgeSignal(signal, at, before)).toBe(verdict);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('work stopped by %s says so and exits with %i', (name, code) => {
  const signal = AbortSignal.abort(new StopRequest(name));
  const error = interrupted(signal, 'while reading x');
  expect([error.code, error.message, exitCodeOf(error)]).toEqual([
    'INTERRUPTED',
    `stopped by ${name} while reading x`,
    code,
  ]);
  // What a library throws when it is aborted, which was INTERNAL.
  expect(exitCodeOf(asInterruption(new DOMException('aborted', 'AbortError'), signal))).toBe(code);
  expect(exitCodeOf(asInterruption(interrupted(AbortSignal.abort(), 'somewhere'), signal))).toBe(code);
});
