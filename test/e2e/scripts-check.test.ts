/** What stap says of a script that does not compile is explained, with what mends it on this very target. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeBuildRoot } from '../helpers/build-lab.ts';
import { Cli } from '../helpers/cli.ts';

const RELEASE = '6.1.0-57-cloud-amd64';
const work = mkdtempSync(join(tmpdir(), 'e2e-scripts-check-'));
const root = join(work, 'system');
const cli = new Cli();

/** Of SystemTap 4.8 in Debian 12 without the -dbg package of its kernel. */
const SAID = `semantic error: while resolving probe point: identifier 'kernel' at script.stp:65:7
semantic error: missing x86_64 kernel/module debuginfo [man warning::debuginfo] under '/lib/modules/${RELEASE}/build'
Pass 2: analysis failed.  [man error::pass2]`;

makeBuildRoot(root);
execFileSync('chroot', [root, '/bin/busybox', '--install', '-s', '/bin']);
mkdirSync(join(root, 'etc'));
writeFileSync(join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\n');
writeFileSync(join(root, 'bin/stap'), `#!/bin/sh\ncat >&2 <<'END'\n${SAID}\nEND\nexit 1\n`);
chmodSync(join(root, 'bin/stap'), 0o755);
afterAll(() => {
  cli.close();
  rmSync(work, { recursive: true });
});

const line = ['scripts', 'check', 'file-watch', '--root', root, '--kernel', RELEASE];

test('without debug information cause and remedy stand below the table', async () => {
  const { code, stdout } = await cli.run(line);
  expect(code).toBe(1);
  expect(stdout).toContain('0 of 1 script compiles');
  expect(stdout).toContain('1. DEBUGINFO_MISSING');
  expect(stdout).toContain(`chroot ${root} apt-get install -y linux-image-${RELEASE}-dbg`);
});

test('programs get the same diagnoses', async () => {
  const { stdout } = await cli.run([...line, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ diagnoses: [{ code: 'DEBUGINFO_MISSING' }, {}] });
});
