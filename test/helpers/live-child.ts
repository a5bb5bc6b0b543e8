/** Shows on standard error what a rehearsal tells, each act once a line is typed: base system and download at once, then one fails. */
import { createInterface } from 'node:readline';
import { createRenderer } from '../../src/cli/render/renderer.ts';
import type { Event } from '../../src/types.ts';

const arrived = (stage: string, item: string, bytes: number): Event => ({
  type: 'progress',
  stage,
  item,
  bytes,
  totalBytes: 400_000_000,
  bytesPerSecond: 20_000_000,
  secondsLeft: null,
});
const started = (stage: string): Event => ({ type: 'stage', stage, status: 'start' });

const ACTS: readonly (readonly Event[])[] = [
  [
    started('plan'),
    { type: 'stage', stage: 'plan', status: 'done', seconds: 2.1, detail: '66 packages' },
    started('base system'),
    started('download'),
    arrived('base system', 'base-files', 12_000_000),
    arrived('download', `linux-image-${'very-'.repeat(20)}long-name.deb`, 100_000_000),
  ],
  [
    { type: 'note', level: 'warning', text: 'one mirror did not answer' },
    { type: 'stage', stage: 'download', status: 'done', seconds: 11.2, detail: '66 packages verified' },
    arrived('base system', 'base-files', 24_000_000),
  ],
  [{ type: 'stage', stage: 'base system', status: 'fail', seconds: 20.4 }, started('install')],
];

const renderer = createRenderer(process.stderr, { quiet: false, verbose: false, terminal: process.stderr.isTTY });
const typed = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
for (const act of ACTS) {
  for (const event of act) renderer.emit(event);
  await typed.next();
}
await renderer.close();
process.exit(0);
