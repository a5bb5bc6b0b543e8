import { expect, test } from 'vitest';
import { createPatience } from '../../../src/fetch/patience.ts';

/** A clock that is set by hand; timers ring when it passes them. */
function clock() {
  let time = 0;
  const timers = new Set<{ readonly at: number; readonly ring: () => void }>();
  return {
    now: () => time,
    timer: (ms: number, ring: () => void) => {
      const timer = { at: time + ms, ring };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass: (ms: number) => {
      time += ms;
      for (const timer of timers) {
        if (timer.at > time) continue;
        timers.delete(timer);
        timer.ring();
      }
    },
    timers,
  };
}

test('a run ends when nothing has come from anywhere for a minute, whatever it waits for', async () => {
  const time = clock();
  const patience = createPatience({ silenceMs: 60_000, totalMs: null, now: time.now, timer: time.timer });
  for (let i = 0; i < 2; i += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waited = patience.wait(() => promise);
    time.pass(29_000);
    resolve();
    await waited;
  }
  expect(patience.signal.aborted).toBe(false);
  void patience.wait(() => new Promise(() => undefined));
  time.pass(2_000);
  expect(patience.signal.reason).toMatchObject({ code: 'TIMEOUT', facts: { endsRun: true, silenceMs: 60_000 } });
});

test('a byte from anywhere starts the minute anew', () => {
  const time = clock();
  const patience = createPatience({ silenceMs: 60_000, totalMs: null, now: time.now, timer: time.timer });
  void patience.wait(() => new Promise(() => undefined));
  for (let i = 0; i < 10; i += 1) {
    time.pass(59_000);
    patience.heard();
  }
  expect(patience.signal.aborted).toBe(false);
  time.pass(60_000);
  expect(patience.signal.aborted).toBe(true);
});

test('time in which nothing waits for the network does not count', async () => {
  const time = clock();
  const patience = createPatience({ silenceMs: 60_000, totalMs: 100_000, now: time.now, timer: time.timer });
  await patience.wait(async () => undefined);
  expect(time.timers.size).toBe(0);
  time.pass(600_000);
  await patience.wait(async () => undefined);
  expect(patience.signal.aborted).toBe(false);
});

test('--timeout bounds all waiting together, however lively it is', () => {
  const time = clock();
  const patience = createPatience({ silenceMs: 60_000, totalMs: 100_000, now: time.now, timer: time.timer });
  void patience.wait(() => new Promise(() => undefined));
  for (let i = 0; i < 10; i += 1) {
    time.pass(10_000);
    patience.heard();
  }
  expect(patience.signal.reason).toMatchObject({ code: 'TIMEOUT', facts: { timeoutMs: 100_000 } });
});
