/**
 * One set in a fresh root, three ways: by a bundle's install.sh and by `install --bundle` where there is no network at all,
 * and over ssh into an sshd whose sessions see that root. Proven in that root's kernel each time, and undone.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAB, prepareBareRoot } from '../helpers/lab-root.ts';
import { serveNginx, type Nginx } from '../helpers/nginx.ts';
import { listRpms, makeRpmRoot, prepareRpmLab } from '../helpers/rpm-root.ts';
import { runLocally } from '../helpers/run.ts';
import { startSshd } from '../helpers/sshd.ts';
import type { InstallReport, Target, VerifyReport } from '../../src/types.ts';
import { listPackages } from '../helpers/system-state.ts';

const BIN = join(import.meta.dirname, '../../bin/tapprep.js');
const PROBE = join(import.meta.dirname, '../../dist/host/probe.sh');
mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'bundle-'));

interface Machine {
  readonly release: string;
  /** A fresh root, as it was before anything of tapprep. */
  readonly makeRoot: (directory: string) => void;
  /** How the machine that makes the bundle knows the target. */
  readonly describe: (root: string) => readonly string[];
  /** Every package of a root, sorted. */
  readonly list: (root: string) => string;
  /** How the root's own kernel gets out of its package. */
  readonly unpackImage: (packages: string, to: string) => void;
  readonly close: () => Promise<void>;
}

function openDebian(): Promise<Machine> {
  const bare = prepareBareRoot('bullseye');
  const release = '5.10.0-32-cloud-amd64';
  return Promise.resolve({
    release,
    makeRoot: (directory) => execFileSync('cp', ['-a', bare, directory]),
    // By the output of the probe, as somebody may have run it there by hand and mailed it.
    describe: (root) => {
      const facts = join(work, 'facts.txt');
      writeFileSync(facts, execFileSync('chroot', [root, 'sh', '-s'], { input: readFileSync(PROBE) }));
      return ['--facts', facts];
    },
    list: listPackages,
    unpackImage: (packages, to) => {
      const [image = ''] = globSync(join(packages, `linux-image-${release}_*.deb`));
      execFileSync('dpkg-deb', ['-x', image, to]);
    },
    close: () => Promise.resolve(),
  });
}

async function openRpm(): Promise<Machine> {
  const { release, repository } = prepareRpmLab();
  const nginx: Nginx = await serveNginx(repository);
  return {
    release,
    makeRoot: (directory) => makeRpmRoot(directory, nginx.url),
    describe: (root) => ['--root', root],
    list: (root) => listRpms(root).join('\n'),
    unpackImage: (packages, to) => {
      mkdirSync(to);
      const script = 'rpm2cpio "$1" | cpio -idm --quiet -D "$2"';
      execFileSync('sh', ['-c', script, 'sh', join(packages, `kernel-${release}.rpm`), to]);
    },
    close: () => nginx.close(),
  };
}

/** What install.sh and `tapprep install --json` both print. */
interface Report {
  readonly target: Target;
  readonly install: InstallReport;
  readonly verify: VerifyReport;
}

const MACHINES: readonly (readonly [string, () => Promise<Machine>])[] = [
  ['debian-11', openDebian],
  ['rpm', openRpm],
];

function tapprep(
  args: readonly string[],
  { isOffline }: { readonly isOffline: boolean },
): ReturnType<typeof runLocally> {
  const cache = isOffline ? join(work, 'empty-cache') : join(LAB, 'bundle-cache');
  return runLocally([
    // A network namespace of its own has a loopback that is down, and nothing else.
    ...(isOffline ? ['unshare', '--net'] : []),
    process.execPath,
    BIN,
    ...args,
    ...(args[0] === 'verify' ? [] : ['--yes']),
    '--json',
    '--cache-dir',
    cache,
  ]);
}

function namesOf({ install }: Report): readonly string[] {
  return install.installed.map(({ name, version }) => `${name} ${version}`).toSorted();
}

function stepsOf({ steps }: VerifyReport): readonly string[] {
  return steps.map(({ step, status }) => `${step} ${status}`);
}

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.each(MACHINES)('%s', (name, open) => {
  let machine: Machine;
  let tar: string;
  /** What the same set does where there is a network. */
  let online: { readonly report: Report; readonly exitCode: number | null; readonly packages: string };

  const root = (suffix: string): string => {
    const directory = join(work, `${name}-${suffix}`);
    machine.makeRoot(directory);
    return directory;
  };

  beforeAll(async () => {
    machine = await open();
    tar = join(work, `${name}.tar`);
    const there = root('online');
    const target = ['--root', there, '--kernel', machine.release];
    const described = [...machine.describe(there), '--kernel', machine.release];
    const made = await tapprep(['bundle', ...described, '--image', '--out', tar], { isOffline: false });
    if (made.exitCode !== 0) throw new Error(made.stderr);
    const result = await tapprep(['install', ...target], { isOffline: false });
    online = {
      report: JSON.parse(result.stdout) as Report,
      exitCode: result.exitCode,
      packages: machine.list(there),
    };
    rmSync(there, { recursive: true });
  }, 1_800_000);

  afterAll(() => machine.close());

  test('sh install.sh without any route: the same packages and report, Hello, World in its kernel, and undone', async () => {
    const there = root('install-sh');
    const before = machine.list(there);
    mkdirSync(join(there, 'carried'));
    execFileSync('tar', ['-C', join(there, 'carried'), '-xf', tar]);
    const place = `/carried/tapprep-${machine.release}`;
    const script = (...args: readonly string[]): ReturnType<typeof runLocally> =>
      runLocally(['unshare', '--net', 'chroot', there, 'sh', `${place}/install.sh`, ...args]);

    const installed = await script('--not-running', '--json');
    expect(installed).toMatchObject({ exitCode: 0 });
    const report = JSON.parse(installed.stdout) as Report;
    expect(report.target).toEqual(online.report.target);
    expect(namesOf(report)).toEqual(namesOf(online.report));
    expect(machine.list(there)).toBe(online.packages);
    expect(stepsOf(report.verify)).toEqual(['tools pass', 'build-tree pass', 'hello skip']);

    const image = join(work, `${name}-image`);
    machine.unpackImage(join(there, place, 'packages'), image);
    const kernel = join(image, 'boot', `vmlinuz-${machine.release}`);
    const target = ['--root', there, '--kernel', machine.release, '--boot-image', kernel];
    const proof = await tapprep(['verify', ...target], { isOffline: true });
    const verify = JSON.parse(proof.stdout) as VerifyReport;
    expect(verify).toMatchObject({ ready: true, ranIn: 'vm' });
    expect(verify.steps.find(({ step }) => step === 'hello')?.output).toContain('Hello, World');
    expect(proof.exitCode).toBe(online.exitCode);
    expect(stepsOf(verify)).toEqual(stepsOf(online.report.verify));

    // Everything of this bundle is recorded where tapprep records it.
    const journal = readFileSync(join(there, report.install.journal ?? ''), 'utf8');
    expect(JSON.parse(journal)).toMatchObject({ entries: [{ state: 'done', release: machine.release }] });
    expect(await script('--undo')).toMatchObject({ exitCode: 0 });
    expect(machine.list(there)).toBe(before);
    rmSync(there, { recursive: true });
  }, 900_000);

  test('tapprep install --bundle without any route: exit code and report as online, and removed', async () => {
    const there = root('bundle');
    const before = machine.list(there);
    const target = ['--root', there, '--kernel', machine.release];
    const result = await tapprep(['install', ...target, '--bundle', tar], { isOffline: true });
    expect(result.exitCode).toBe(online.exitCode);
    const report = JSON.parse(result.stdout) as Report;
    expect(namesOf(report)).toEqual(namesOf(online.report));
    expect(report.verify).toMatchObject({ ready: true, ranIn: 'vm' });
    expect(stepsOf(report.verify)).toEqual(stepsOf(online.report.verify));
    expect(machine.list(there)).toBe(online.packages);

    const removed = await runLocally([process.execPath, BIN, 'remove', '--root', there, '--yes']);
    expect(removed.exitCode).toBe(0);
    expect(machine.list(there)).toBe(before);
    expect(existsSync(join(work, 'empty-cache/packages'))).toBe(false);
    rmSync(there, { recursive: true });
  }, 900_000);

  test('tapprep install --host into an sshd there: exit code and report as online, and removed', async () => {
    const there = root('ssh');
    const before = machine.list(there);
    const sshd = await startSshd({ chroot: there });
    try {
      const target = ['--host', sshd.host, '--ssh-config', sshd.configFile];
      const result = await tapprep(['install', ...target, '--kernel', machine.release], { isOffline: false });
      expect(`${result.exitCode} ${result.stderr}`).toMatch(new RegExp(`^${online.exitCode} `));
      const report = JSON.parse(result.stdout) as Report;
      expect(namesOf(report)).toEqual(namesOf(online.report));
      expect(report.verify).toMatchObject({ ready: true, ranIn: 'vm' });
      expect(report.verify.steps.find(({ step }) => step === 'hello')?.output).toContain('Hello, World');
      expect(stepsOf(report.verify)).toEqual(stepsOf(online.report.verify));
      expect(machine.list(there)).toBe(online.packages);

      const removed = await runLocally([process.execPath, BIN, 'remove', ...target, '--yes']);
      expect(removed).toMatchObject({ exitCode: 0 });
      expect(machine.list(there)).toBe(before);
    } finally {
      await sshd.close();
    }
    rmSync(there, { recursive: true });
  }, 900_000);
});
