/**
 * The responder's case: a bundle for a Debian whose own SystemTap does not fit its own kernel, made where there is a network,
 * installed where there is none, by install.sh and by `install --bundle`, proven in that kernel, and undone.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAB, prepareBareRoot } from '../helpers/lab-root.ts';
import { findLabKernel } from '../helpers/lab-session.ts';
import { runLocally } from '../helpers/run.ts';
import type { VerifyReport } from '../../src/types.ts';
import { compareTrees, LEFT_BY_PACKAGES, listPackages, readTreeWithout } from '../helpers/system-state.ts';

const BIN = join(import.meta.dirname, '../../bin/tapprep.js');
mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'offline-'));
const cache = join(LAB, 'offline-cache');
const offline = ['--offline', '--cache-dir', cache];
afterAll(() => rmSync(work, { recursive: true, force: true }));

const SYSTEMS: readonly (readonly [string, string, readonly string[]])[] = [
  ['debian:12', 'bookworm', []],
  // The index of sid, which has the SystemTap that fits, is often past its Valid-Until.
  ['debian:13', 'trixie', ['--allow-expired-release']],
];

function tapprep(args: readonly string[], isOffline: boolean): ReturnType<typeof runLocally> {
  const words = [process.execPath, BIN, ...args, '--json'];
  // A network namespace of its own has a loopback that is down, and nothing else.
  return runLocally(isOffline ? ['unshare', '--net', ...words] : words);
}

const readOurs = (root: string): ReadonlyMap<string, string> => readTreeWithout(root, LEFT_BY_PACKAGES);

const expectProof = ({ ready, ranIn, steps }: VerifyReport): void => {
  expect({ ready, ranIn }).toEqual({ ready: true, ranIn: 'vm' });
  expect(steps.find(({ step }) => step === 'hello')).toMatchObject({ status: 'pass' });
  expect(steps.find(({ step }) => step === 'hello')?.output).toContain('Hello, World');
  expect(steps.find(({ step }) => step === 'kernel.function')).toMatchObject({ status: 'pass' });
};

describe.each(SYSTEMS)('%s', (distro, suite, options) => {
  let release: string;
  let tar: string;
  let bare: string;

  const makeRoot = (name: string): string => {
    const directory = join(work, `${suite}-${name}`);
    execFileSync('cp', ['-a', bare, directory]);
    return directory;
  };
  const prove = async (root: string): Promise<VerifyReport> => {
    const target = ['--root', root, '--kernel', release];
    const { stdout, stderr } = await tapprep(['verify', ...target, '--in', 'vm', '--level', 'probe', ...offline], true);
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as VerifyReport;
  };

  beforeAll(async () => {
    bare = prepareBareRoot(suite);
    release = await findLabKernel(distro);
    tar = join(work, `${suite}.tar`);
    const made = await tapprep(
      ['bundle', '--distro', distro, '--kernel', release, '--image', '--out', tar, '--cache-dir', cache, ...options],
      false,
    );
    if (made.exitCode !== 0) throw new Error(made.stderr);
  }, 1_200_000);

  test('sh install.sh, then verify without any further option: Hello, World and kernel.function, and undone', async () => {
    const root = makeRoot('sh');
    mkdirSync(join(root, 'carried'));
    execFileSync('tar', ['-C', join(root, 'carried'), '-xf', tar]);
    const before = listPackages(root);
    const tree = readOurs(root);
    const script = (...args: readonly string[]): ReturnType<typeof runLocally> =>
      runLocally(['unshare', '--net', 'chroot', root, 'sh', `/carried/tapprep-${release}/install.sh`, ...args]);
    expect(await script('--not-running')).toMatchObject({ exitCode: 0 });
    expect(listPackages(root)).not.toBe(before);
    expectProof(await prove(root));
    expect(await script('--undo')).toMatchObject({ exitCode: 0 });
    // What verify compiled there was tapprep's, not install.sh's.
    expect(await tapprep(['remove', '--root', root, '--yes'], true)).toMatchObject({ exitCode: 0 });
    expect(listPackages(root)).toBe(before);
    expect(compareTrees(tree, readOurs(root))).toEqual([]);
    rmSync(root, { recursive: true });
  }, 1_800_000);

  test('install --bundle, then verify without any further option, and removed', async () => {
    const root = makeRoot('bundle');
    const before = listPackages(root);
    const tree = readOurs(root);
    const target = ['--root', root, '--kernel', release];
    expect(await tapprep(['install', ...target, '--bundle', tar, '--yes', ...offline], true)).toMatchObject({
      exitCode: 0,
    });
    expectProof(await prove(root));
    expect(await tapprep(['remove', '--root', root, '--yes'], true)).toMatchObject({ exitCode: 0 });
    expect(listPackages(root)).toBe(before);
    expect(compareTrees(tree, readOurs(root))).toEqual([]);
    rmSync(root, { recursive: true });
  }, 1_800_000);
});
