/**
 * A kernel that somebody made: no package of it is anywhere, and its tree and its vmlinux lie on the machine. install brings
 * what the tree does not have, SystemTap and a compiler, and the proof is as far as that of any other kernel.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InstallOutcome } from '../../src/pipeline/install.ts';
import type { VerifyReport } from '../../src/types.ts';
import { parseReport, runInLab } from '../helpers/lab-cli.ts';
import { LAB, prepareBareRoot } from '../helpers/lab-root.ts';
import { prepareKernelTree, RPM_LAB } from '../helpers/rpm-root.ts';
import { listPackages } from '../helpers/system-state.ts';

const TREE = '/usr/src/home';
mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'own-kernel-'));
const root = join(work, 'root');
let release: string;
let image: string;
afterAll(() => rmSync(work, { recursive: true, force: true }));

beforeAll(() => {
  const tree = prepareKernelTree();
  release = readFileSync(join(RPM_LAB, 'kernel/release'), 'utf8').trim();
  execFileSync('cp', ['-a', prepareBareRoot('bookworm'), root]);
  mkdirSync(join(root, TREE), { recursive: true });
  execFileSync('cp', ['-a', `${tree}/.`, join(root, TREE)]);
  image = join(root, TREE, 'arch/x86/boot/bzImage');
}, 1_800_000);

test('is proven to kernel.function with its tree and its vmlinux, and remove leaves both where they are', async () => {
  const before = listPackages(root);
  const own = ['--root', root, '--build-tree', TREE, '--vmlinux', `${TREE}/vmlinux`];
  const ran = await runInLab(['install', ...own, '--allow-expired-release']);
  const { plan } = parseReport(ran) as InstallOutcome;
  expect(plan.target.release).toBe(release);
  expect(plan.items.map(({ role }) => role)).not.toContain('headers');
  const verified = await runInLab(['verify', ...own, '--in', 'vm', '--boot-image', image, '--level', 'probe']);
  const { ready, steps } = parseReport(verified) as VerifyReport;
  expect(steps.map(({ step, status }) => `${step} ${status}`)).toEqual(
    expect.arrayContaining(['build-tree pass', 'hello pass', 'kernel.function pass']),
  );
  expect(ready).toBe(true);
  await runInLab(['remove', '--root', root]);
  expect(listPackages(root)).toBe(before);
  expect(readFileSync(join(root, TREE, 'include/config/kernel.release'), 'utf8').trim()).toBe(release);
}, 3_600_000);
