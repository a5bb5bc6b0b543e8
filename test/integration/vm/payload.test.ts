import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFrameParser } from '../../../src/vm/report-frames.ts';
import { createReportCollector } from '../../../src/vm/report.ts';

/** Applets that the busybox 1.30 of Debian 10 and 11, and of Ubuntu 20.04 and 22.04, does not have. */
const LACKING = ['ascii', 'base64', 'crc32', 'findfs', 'i2ctransfer', 'mim', 'sha3sum', 'ts'];
const LIMIT = 65_536;

const root = mkdtempSync(join(tmpdir(), 'tapprep-payload-'));
beforeAll(() => {
  for (const name of ['bin', 'tmp']) mkdirSync(join(root, name));
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets)
    if (applet !== 'busybox' && !LACKING.includes(applet)) symlinkSync('busybox', join(root, 'bin', applet));
});
afterAll(() => rmSync(root, { recursive: true }));

/** The functions of the guest's init by these names, as they stand there. */
function takeFunctions(...names: readonly string[]): string {
  const init = readFileSync('src/vm/init.sh', 'utf8');
  return names.map((name) => new RegExp(`^${name}\\(\\) \\{$[^]*?^\\}$`, 'm').exec(init)?.[0] ?? '').join('\n');
}

/** What arrives of a file that a guest with such a busybox sends, and the longest line on the way. */
function send(data: Uint8Array): { readonly stdout: string; readonly longest: number } {
  writeFileSync(join(root, 'data'), data);
  const text = `PATH=/bin\nexec 3>&1\nnonce=f00d\nsequence=0\n${takeFunctions('frame', 'payload')}\npayload out 0 /data ${LIMIT}\n`;
  writeFileSync(join(root, 'send'), text);
  const sent = execFileSync('chroot', [root, '/bin/sh', '/send'], { stdio: 'pipe' });
  const collector = createReportCollector([{ name: 'job', modulePath: 'module.ko', timeoutMs: 1000 }]);
  for (const frame of createFrameParser('f00d').push(sent)) collector.take(frame);
  const longest = Math.max(
    ...sent
      .toString('latin1')
      .split('\n')
      .map((line) => line.length),
  );
  return { stdout: collector.jobs('lost')[0]?.stdout ?? '', longest };
}

test.each([1, 44, 45, 46, 1530, 1531, 4096, LIMIT])(
  '%d bytes arrive whole from a busybox without base64: "the virtual machine ran , but the target is …"',
  (size) => {
    const text = 'a line of the script\n'.repeat(LIMIT / 20).slice(0, size);
    expect(send(Buffer.from(text))).toEqual({ stdout: text, longest: expect.toSatisfy((length) => length < 2200) });
  },
);

test('what is longer than the limit is cut there', () => {
  expect(send(Buffer.alloc(LIMIT + 100, 'x')).stdout).toBe('x'.repeat(LIMIT));
});

test('of an empty file nothing is sent', () => {
  expect(send(Buffer.alloc(0))).toEqual({ stdout: '', longest: 0 });
});
