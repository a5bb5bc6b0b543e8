/** The one file in minimal systems of Debian 11 to 13, none of which has a Node: doctor in each, the whole install in one. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LAB, prepareBareRoot } from '../helpers/lab-root.ts';
import { runLocally } from '../helpers/run.ts';
import type { InstallReport, VerifyReport } from '../../src/types.ts';

const repository = join(import.meta.dirname, '../..');
const RELEASE = '5.10.0-32-cloud-amd64';
mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'single-'));

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build-single.js', '1'], { cwd: repository, stdio: 'inherit' });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** A copy of the suite's minimal system with the file in it. */
function carryInto(suite: string): string {
  const root = join(work, suite);
  execFileSync('cp', ['-a', prepareBareRoot(suite), root]);
  copyFileSync(join(repository, 'dist-single/tapprep'), join(root, 'usr/local/bin/tapprep'));
  return root;
}

function tapprep(root: string, ...args: readonly string[]): ReturnType<typeof runLocally> {
  const clean = ['env', '-i', 'HOME=/root', 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
  return runLocally(['chroot', root, ...clean, 'tapprep', ...args]);
}

test.each([
  ['bullseye', '11'],
  ['bookworm', '12'],
  ['trixie', '13'],
])('%s: doctor tells what is missing', async (suite, version) => {
  const root = carryInto(suite);
  const result = await tapprep(root, 'doctor', '--json');
  expect(result.stderr).not.toContain('tapprep: ');
  expect(result.exitCode).toBe(1);
  const report = JSON.parse(result.stdout) as { readonly findings: readonly { readonly code: string }[] };
  expect(report).toMatchObject({ facts: { distribution: 'debian', version }, verdict: { ready: false } });
  expect(report.findings.map(({ code }) => code)).toContain('STAP_INSTALL_BROKEN');
  rmSync(root, { recursive: true });
});

test('bullseye: install brings the exact packages, and verify says why it is no proof there', async () => {
  const root = carryInto('bullseye');
  // All that a minimal Debian lacks: tapprep reads what a package says of itself.
  execFileSync('chroot', [root, 'sh', '-c', 'apt-get update -q && apt-get install -q -y xz-utils'], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  const result = await tapprep(root, 'install', '--kernel', RELEASE, '--systemtap', 'distro', '--yes', '--json');
  const report = JSON.parse(result.stdout) as { readonly install: InstallReport; readonly verify: VerifyReport };
  expect(report.install.installed.map(({ name }) => name)).toContain(`linux-image-${RELEASE}-dbg`);
  expect(report.verify.ready).toBe(false);
  const hello = report.verify.steps.find(({ step }) => step === 'hello');
  expect(hello?.status).toBe('skip');
  expect(hello?.reason).toContain(RELEASE);
  expect(result.exitCode).toBe(1);
}, 900_000);
