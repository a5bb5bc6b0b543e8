/**
 * The sequence of docs/hosts.md on systems as they are installed, each behind a real sshd: prepared once, and from then on
 * every command knows by itself which SystemTap was proven there.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerifyReport } from '../../src/types.ts';
import { parseReport, runInLab } from '../helpers/lab-cli.ts';
import { LAB, prepareServerRoot } from '../helpers/lab-root.ts';
import { findLabKernel } from '../helpers/lab-session.ts';
import { type Sshd, startSshd } from '../helpers/sshd.ts';
import { compareTrees, LEFT_BY_PACKAGES, listPackages, readTreeWithout } from '../helpers/system-state.ts';

mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'hosts-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** What sshd and tapprep's own records keep of their work. */
const KEPT_RECORDS = /^(?:run\/.*|var\/lib\/tapprep(?:\/.*)?)$/;

const readOurs = (root: string): ReadonlyMap<string, string> => readTreeWithout(root, LEFT_BY_PACKAGES, KEPT_RECORDS);

describe.each([
  ['debian:12', 'bookworm'],
  ['debian:13', 'trixie'],
])('%s', (distro, suite) => {
  let root: string;
  let sshd: Sshd;
  beforeEach(async () => {
    root = join(work, suite);
    execFileSync('cp', ['-a', prepareServerRoot(suite), root]);
    sshd = await startSshd({ chroot: root });
  });
  afterEach(async () => {
    await sshd.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('install, verify, scripts check, doctor and remove are all well, and the tree is as before', async () => {
    const [before, tree] = [listPackages(root), readOurs(root)];
    const host = ['--host', sshd.host, '--ssh-config', sshd.configFile];
    const at = [...host, '--kernel', await findLabKernel(distro)];

    const installed = parseReport(await runInLab(['install', ...at])) as { readonly verify: VerifyReport };
    expect(installed.verify).toMatchObject({ ready: true, ranIn: 'vm' });
    const verified = parseReport(await runInLab(['verify', ...at])) as VerifyReport;
    expect(verified.steps.filter(({ status }) => status === 'fail')).toEqual([]);
    expect(verified.steps.find(({ step }) => step === 'hello')).toMatchObject({ status: 'pass' });
    const checked = parseReport(await runInLab(['scripts', 'check', ...at])) as {
      readonly scripts: readonly { readonly name: string; readonly status: string }[];
    };
    expect(checked.scripts.filter(({ status }) => status !== 'pass')).toEqual([]);
    expect((await runInLab(['doctor', ...at])).code).toBe(0);

    expect((await runInLab(['remove', ...host])).code).toBe(0);
    expect(listPackages(root)).toBe(before);
    expect(compareTrees(tree, readOurs(root))).toEqual([]);
  }, 3_600_000);
});
