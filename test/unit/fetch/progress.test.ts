import { expect, test } from 'vitest';
import { createMeter } from '../../../src/fetch/progress.ts';
import type { Event } from '../../../src/types.ts';

type Progress = Extract<Event, { type: 'progress' }>;

function meterAt(): {
  run: (at: number, bytes: number, kept?: number) => void;
  finish: () => void;
  events: Progress[];
} {
  const events: Progress[] = [];
  let clock = 0;
  const meter = createMeter(
    'file',
    (event) => events.push(event as Progress),
    () => clock,
  );
  return {
    run: (at, bytes, kept) => {
      clock = at;
      meter.update(bytes, 10_000, kept);
    },
    finish: () => meter.finish(),
    events,
  };
}

test('a steady stream has its rate and the time left, five times a second at most', () => {
  const { run, finish, events } = meterAt();
  for (let ms = 0; ms <= 5_000; ms += 10) run(ms, ms);
  finish();
  expect(events.length).toBeLessThanOrEqual(27);
  expect(events.at(-1)).toEqual({
    type: 'progress',
    item: 'file',
    bytes: 5_000,
    totalBytes: 10_000,
    bytesPerSecond: 1_000,
    secondsLeft: 5,
  });
});

test('the rate is that of the last seconds, not of the whole', () => {
  const { run, events } = meterAt();
  for (let ms = 0; ms <= 20_000; ms += 100) run(ms, ms < 10_000 ? 0 : (ms - 10_000) / 2);
  expect(events.at(-1)?.bytesPerSecond).toBe(500);
});

test('a restart does not make the rate negative', () => {
  const { run, events } = meterAt();
  run(0, 0);
  run(1_000, 9_000);
  run(2_000, 0);
  run(3_000, 1_000);
  expect(events.at(-1)).toMatchObject({ bytes: 1_000, bytesPerSecond: 1_000 });
  expect(events.every(({ bytesPerSecond }) => bytesPerSecond === null || bytesPerSecond >= 0)).toBe(true);
});

test('what stands still has no time left to tell', () => {
  const { run, events } = meterAt();
  for (let ms = 0; ms <= 10_000; ms += 500) run(ms, 5_000);
  expect(events.at(-1)).toMatchObject({ bytesPerSecond: 0, secondsLeft: null });
});

test('before any time has passed no rate is told, which is not that of one that stands still', () => {
  const { run, events } = meterAt();
  run(0, 5_000);
  expect(events).toEqual([
    { type: 'progress', item: 'file', bytes: 5_000, totalBytes: 10_000, bytesPerSecond: null, secondsLeft: null },
  ]);
});

test('what was there already is no part of the rate, and of nothing that came no rate is told', () => {
  const { run, events } = meterAt();
  run(0, 5_000, 5_000);
  run(1_000, 8_000, 8_000);
  expect(events.at(-1)).toMatchObject({ bytes: 8_000, bytesPerSecond: null, secondsLeft: null });
  run(2_000, 9_000, 8_000);
  expect(events.at(-1)).toMatchObject({ bytes: 9_000, bytesPerSecond: 500, secondsLeft: 2 });
});
