/** Where stap is missing, the command that brings one stands with the failure. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeBuildRoot } from '../helpers/build-lab.ts';
import { Cli } from '../helpers/cli.ts';

const RELEASE = '6.1.0-57-cloud-amd64';
const work = mkdtempSync(join(tmpdir(), 'e2e-missing-stap-'));
const root = join(work, 'system');
const cli = new Cli();

makeBuildRoot(root);
execFileSync('chroot', [root, '/bin/busybox', '--install', '-s', '/bin']);
mkdirSync(join(root, 'etc'));
writeFileSync(join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\n');
afterAll(() => {
  cli.close();
  rmSync(work, { recursive: true });
});

const target = ['--root', root, '--kernel', RELEASE];
const install = `tapprep install --root ${root} --kernel ${RELEASE}`;

test('scripts check', async () => {
  const { code, stderr } = await cli.run(['scripts', 'check', 'file-watch', ...target]);
  expect([code, stderr]).toEqual([6, expect.stringMatching(/^tapprep: TOOL_MISSING: stap is needed but/u)]);
  expect(stderr).toContain(`try: ${install}`);
});

test('verify', async () => {
  const { code, stdout } = await cli.run(['verify', '--json', '--offline', ...target]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ready: false,
    diagnoses: [{ code: 'STAP_INSTALL_BROKEN', fix: [install], otherwise: null }, { code: 'GCC_OR_BUILD_MISMATCH' }],
  });
});
