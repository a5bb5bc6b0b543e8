/** What a terminal shows while stages go on: a real pseudo-terminal, read by a real terminal emulator. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import xterm from '@xterm/headless';
import { describe, expect, test } from 'vitest';

const HELPERS = join(import.meta.dirname, '../../helpers');
const CHILD = [process.execPath, join(HELPERS, 'live-child.ts')];

/** The lines of the screen and what was scrolled away, wrapped lines joined, without their last spaces. */
function read(screen: InstanceType<typeof xterm.Terminal>): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < screen.buffer.active.length; at += 1) {
    const line = screen.buffer.active.getLine(at);
    const text = line?.translateToString(true) ?? '';
    if (line?.isWrapped === true) lines.push(`${lines.pop() ?? ''}${text}`);
    else lines.push(text);
  }
  return lines.filter((line) => line !== '');
}

type Pieces = AsyncIterator<Buffer, undefined>;

const withoutSpace = (text: string): string => text.replaceAll(/\s/g, '');

/** Types a line for the next act. */
const type = (child: ChildProcess): void => void child.stdin?.write('\n');

describe.each([80, 200])('on a terminal of %i columns', (columns) => {
  const screen = new xterm.Terminal({ cols: columns, rows: 24, scrollback: 100, allowProposedApi: true });

  async function showsAll(pieces: Pieces, ...texts: readonly string[]): Promise<readonly string[]> {
    for (;;) {
      const lines = read(screen);
      // A line that is too long is broken anywhere.
      const shown = withoutSpace(lines.join(''));
      if (texts.every((text) => shown.includes(withoutSpace(text)))) return lines;
      const { value, done } = await pieces.next();
      if (done === true) throw new Error(`the terminal ended with ${lines.join('\n')}`);
      await new Promise<void>((drawn) => screen.write(value, drawn));
    }
  }

  test('each stage that goes on has its progress, and each that has ended its line', async () => {
    const child = spawn('/usr/bin/python3', [join(HELPERS, 'terminal.py'), String(columns), ...CHILD], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const pieces: Pieces = child.stdout[Symbol.asyncIterator]();
    const both = await showsAll(pieces, 'base-files: 12.0 MB of 400 MB', 'very-long-name.deb: 100 MB of 400 MB');
    expect(both.filter((line) => /plan|base system|download/.test(line)).map((line) => line.slice(2))).toEqual([
      'plan: 66 packages (2.1 s)',
      'base system',
      'download',
    ]);

    type(child);
    const one = await showsAll(pieces, 'base-files: 24.0 MB of 400 MB');
    expect(one.map((line) => line.slice(2))).toContain('download: 66 packages verified (11 s)');
    expect(one).toContain('warning: one mirror did not answer');
    expect(one.join('\n')).not.toContain('long-name.deb');

    type(child);
    await showsAll(pieces, 'install');
    type(child);
    const last = await showsAll(pieces, 'install: stopped');
    expect(last).toEqual([
      '✔ plan: 66 packages (2.1 s)',
      'warning: one mirror did not answer',
      '✔ download: 66 packages verified (11 s)',
      '✖ base system (20 s)',
      expect.stringContaining('install: stopped') as string,
    ]);
  });
});

test('without a terminal each end is a line, and nothing moves the cursor', async () => {
  const child = spawn(CHILD[0] ?? '', CHILD.slice(1), { stdio: ['pipe', 'inherit', 'pipe'] });
  child.stdin.end('\n\n\n');
  const pieces: Buffer[] = [];
  child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
  await once(child, 'close');
  expect(Buffer.concat(pieces).toString()).toBe(
    [
      'plan: 66 packages (2.1 s)',
      'warning: one mirror did not answer',
      'download: 66 packages verified (11 s)',
      'failed: base system (20 s)',
      '',
    ].join('\n'),
  );
});
