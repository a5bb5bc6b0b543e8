/** How run.sh tells the kernel which file a script watches, in every shell that may have to. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SCRIPTS = join(import.meta.dirname, '../../../src/bundle/sh');
const SHELLS: readonly (readonly string[])[] = [['dash'], ['busybox', 'sh'], ['bash', '--posix']];
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'watched-file-sh-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe.each(SHELLS)('%s', (...shell) => {
  test.each(['plain', 'with a blank', 'tab\tand\nnewline', 'back\\slash\\040', "odd '$HOME' [a-z]* #"])(
    'the device of a mount point: %j',
    (name) => {
      const place = join(directory, name);
      mkdirSync(place);
      const script = `mount -t tmpfs tmpfs "$1" && : >"$1/secret.txt" && . "$0/start.sh" && . "$0/common.sh" && . "$0/module.sh"
given=
watch_file "$1/secret.txt"
printf '%s' "$given" | head -n 2
stat -c %d "$1/secret.txt"`;
      const argv = ['-m', ...shell.filter((word) => word !== undefined), '-c', script, SCRIPTS, place];
      const { stdout, stderr } = spawnSync('unshare', argv, { encoding: 'utf8' });
      expect(stderr).toBe('');
      const [major, minor, device] = stdout.split('\n');
      // stat(1) prints both in one number: makedev(3).
      const number = Number(device);
      const told = [(number >> 8) & 0xfff, (number & 0xff) | ((number >> 12) & 0xfff00)];
      expect([major, minor]).toEqual([`major=${told[0]}`, `minor=${told[1]}`]);
    },
  );
});
