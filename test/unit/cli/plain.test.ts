import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createPlainRenderer } from '../../../src/cli/render/plain.ts';
import type { Event } from '../../../src/types.ts';

const progress = (bytes: number): Event => ({
  type: 'progress',
  item: 'total',
  bytes,
  totalBytes: 10_000_000,
  bytesPerSecond: null,
  secondsLeft: null,
});

test('progress is a line where there was none for ten seconds: the first bytes after a long stage are not', () => {
  const stream = new PassThrough();
  const clock = { now: 0 };
  const { emit } = createPlainRenderer(stream, { quiet: false, verbose: false }, () => clock.now);
  const at = (seconds: number, event: Event): void => {
    clock.now = seconds * 1000;
    emit(event);
  };
  at(72, { type: 'stage', stage: 'base system', status: 'done', seconds: 72 });
  at(73, progress(1_000_000));
  at(81.9, progress(2_000_000));
  at(82, progress(3_000_000));
  at(91, progress(4_000_000));
  at(92, progress(5_000_000));
  const lines = String(stream.read()).trimEnd().split('\n');
  expect(lines.map((line) => line.replace(/ of .*/, ''))).toEqual([
    'base system (1 min 12 s)',
    'total: 3.0 MB',
    'total: 5.0 MB',
  ]);
});
