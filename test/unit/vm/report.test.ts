import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { VmJob } from '../../../src/vm/job.ts';
import { createReportCollector } from '../../../src/vm/report.ts';

const JOBS: readonly VmJob[] = [
  { name: 'hello', modulePath: '/x/hello.ko', timeoutMs: 1000, expect: ['Hello, World', 'again'] },
  { name: 'second', modulePath: '/x/second.ko', timeoutMs: 1000 },
];
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('the frames of a job become its result', () => {
  const collector = createReportCollector(JOBS);
  const frames: readonly (readonly [string, ...string[]])[] = [
    ['release', '-', base64('5.10.0-32-cloud-amd64\n')],
    ['boot'],
    ['start', '0'],
    ['out', '0', base64('Hello, ')],
    ['out', '0', base64('World\n')],
    ['err', '0', base64('WARNING: x\n')],
    ['end', '0', 'ended', '0', '1', '67', '13', '11', 'seen,0'],
    ['start', '1'],
  ];
  const progress = frames.map(([verb, ...words]) => collector.take({ verb, words })?.kind ?? null);
  expect(progress).toEqual([null, 'booted', 'started', null, null, null, 'ended', 'started']);
  expect(collector.guest().release).toBe('5.10.0-32-cloud-amd64');
  expect(collector.jobs('lost')).toMatchObject([
    {
      name: 'hello',
      outcome: 'ended',
      exitStatus: 0,
      stdout: 'Hello, World\n',
      stderr: 'WARNING: x\n',
      truncated: false,
      seen: ['Hello, World'],
      missed: ['again'],
      removed: true,
      seconds: 0.67,
    },
    { name: 'second', outcome: 'lost', exitStatus: null, removed: false },
  ]);
});

test('a job that never started is not run, and its end alone changes nothing', () => {
  const collector = createReportCollector(JOBS);
  expect(collector.take({ verb: 'end', words: ['1', 'ended', '0', '1', '1', '0', '0', 'seen'] })).toBeNull();
  expect(collector.jobs('lost').map(({ outcome }) => outcome)).toEqual(['not-run', 'not-run']);
});

test.each<readonly [string, readonly string[]]>([
  ['end', ['0', 'ended', '0', '1', '1', '0', '0', 'unseen']],
  ['end', ['0', 'proven', '0', '1', '1', '0', '0', 'seen']],
  ['end', ['0', 'ended', '-1', '1', '1', '0', '0', 'seen']],
  ['end', ['7', 'ended', '0', '1', '1', '0', '0', 'seen']],
  ['out', ['0', 'no base64']],
  ['out', ['x', base64('text')]],
  ['start', ['1e1']],
])('%s %j means nothing', (verb, words) => {
  const collector = createReportCollector(JOBS);
  collector.take({ verb: 'start', words: ['0'] });
  expect(collector.take({ verb, words })).toBeNull();
  expect(collector.jobs('lost')).toMatchObject([{ outcome: 'lost', stdout: '' }, { outcome: 'not-run' }]);
});

test('more than a stream may hold is cut, and said to be cut', () => {
  const collector = createReportCollector(JOBS);
  collector.take({ verb: 'start', words: ['0'] });
  for (let count = 0; count < 100; count += 1) collector.take({ verb: 'out', words: ['0', base64('x'.repeat(1500))] });
  collector.take({ verb: 'end', words: ['0', 'flooded', '143', '1', '67', '150000', '0', 'seen'] });
  const [job] = collector.jobs('lost');
  expect(job?.stdout).toHaveLength(65_536);
  expect(job).toMatchObject({ truncated: true, outcome: 'flooded', exitStatus: 143 });
});

test('no frames of any kind make it throw', () => {
  const verbs = fc.constantFrom('start', 'end', 'out', 'err', 'boot', 'done', 'log', 'notes', 'x');
  const words = fc.array(fc.oneof(fc.string(), fc.constantFrom('0', '1', '-', 'seen')), { maxLength: 10 });
  fc.assert(
    fc.property(fc.array(fc.record({ verb: verbs, words }), { maxLength: 30 }), (frames) => {
      const collector = createReportCollector(JOBS);
      for (const frame of frames) collector.take(frame);
      expect(collector.jobs('lost')).toHaveLength(2);
      expect(collector.guest().release.length).toBeLessThanOrEqual(256);
    }),
  );
});
