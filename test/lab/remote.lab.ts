/** The whole job on another machine, which is a real sshd whose sessions see a root directory. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { DebLab } from '../helpers/deb-lab.ts';
import { type DirectoryServer, serveDirectory } from '../helpers/directory-server.ts';
import { makeDpkgRunRoot } from '../helpers/dpkg-root.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { type Sshd, startSshd } from '../helpers/sshd.ts';
import { listPackages } from '../helpers/system-state.ts';

const RELEASE = '5.10.0-99-cloud-amd64';
const roots = mkdtempSync(join(tmpdir(), 'e2e-hosts-'));
const gpg = new GpgHome();
const lab = new DebLab(gpg);
let keyring: string;
let server: DirectoryServer;
let cli: Cli;
let root: string;
let sshd: Sshd;
let count = 0;

beforeAll(async () => {
  const key = gpg.makeKey('archive', 'rsa2048');
  keyring = key.keyring;
  const big = mkdtempSync(join(lab.directory, 'big-'));
  mkdirSync(join(big, 'usr/lib/debug'), { recursive: true });
  execFileSync('dd', ['if=/dev/urandom', `of=${big}/usr/lib/debug/big`, 'bs=1M', 'count=40', 'status=none']);
  // Its maintainer script takes time, so that a connection can be cut in the middle of it.
  const slow = mkdtempSync(join(lab.directory, 'slow-'));
  mkdirSync(join(slow, 'DEBIAN'));
  writeFileSync(join(slow, 'DEBIAN/postinst'), '#!/bin/sh\nsleep 2\necho configured\n', { mode: 0o755 });
  const packages = [
    lab.build(`linux-headers-${RELEASE}`, '5.10.299-1', { Depends: 'linux-kbuild-5.10', Source: 'linux' }),
    lab.build('linux-kbuild-5.10', '5.10.299-1', { Source: 'linux' }),
    lab.build(`linux-image-${RELEASE}-dbg`, '5.10.299-1', { Source: 'linux' }, 'none', { tree: big }),
    lab.build(`linux-image-${RELEASE}`, '5.10.299-1', { Source: 'linux' }, 'gzip', {
      [`boot/vmlinuz-${RELEASE}`]: 'no kernel, and never booted: the ladder ends before',
    }),
    lab.build('systemtap', '4.4-2', { 'Pre-Depends': 'systemtap-runtime' }),
    lab.build('systemtap-runtime', '4.4-2', {}, 'gzip', { tree: slow }),
    lab.build('gcc', '4:10.2.1-1'),
    lab.build('make', '4.3-4'),
  ];
  const release = { Codename: 'bullseye', Date: 'Sat, 14 Nov 2026 00:00:00 UTC' };
  lab.writeArchive('archive', { suite: 'bullseye', packages, key, release });
  server = await serveDirectory(join(lab.directory, 'archive'));
});

beforeEach(async () => {
  cli = new Cli();
  count += 1;
  root = join(roots, String(count));
  mkdirSync(root);
  makeDpkgRunRoot(root, { url: server.url, suite: 'bullseye', keyring });
  sshd = await startSshd({ chroot: root });
});

afterEach(async () => {
  await sshd.close();
  cli.close();
});

afterAll(async () => {
  await server.close();
  lab.close();
  rmSync(roots, { recursive: true, force: true });
});

function options(): readonly string[] {
  return ['--host', sshd.host, '--ssh-config', sshd.configFile, '--kernel', RELEASE];
}

function install(...more: readonly string[]): Promise<CliResult> {
  return cli.run(['install', ...options(), '--systemtap', 'distro', '--yes', ...more]);
}

/** Every file of the machine but what dpkg keeps of its own work. */
function listFiles(): string {
  const words = ['.', '-not', '-path', './var/lib/dpkg*', '-not', '-path', './dev/*', '-not', '-path', './proc/*'];
  return execFileSync('find', words, { cwd: root, encoding: 'utf8' }).split('\n').toSorted().join('\n');
}

interface Report {
  readonly host: string;
  readonly install: { readonly installed: readonly { readonly name: string }[] };
  readonly verify: { readonly steps: readonly { readonly step: string }[] };
}

test('install over ssh adds the plan and leaves nothing else; a second run changes nothing; remove takes it away', async () => {
  const before = listFiles();
  const first = await install('--json');
  // These packages are empty, so the ladder ends at its first step: installed, but not proven.
  expect(`${first.code} ${first.stderr}`).toMatch(/^1 /);
  const report = JSON.parse(first.stdout) as Report;
  expect(report.host).toBe(sshd.host);
  expect(report.install.installed).toHaveLength(7);
  expect(report.verify.steps[0]).toMatchObject({ step: 'tools', status: 'fail' });
  expect(listPackages(root).trim().split('\n')).toHaveLength(7);
  expect(sshd.log().split('Accepted publickey')).toHaveLength(2);

  const second = JSON.parse((await install('--json')).stdout) as Report;
  expect(second.install.installed).toEqual([]);

  const removed = await cli.run(['remove', ...options().slice(0, 4), '--yes']);
  expect(`${removed.code} ${removed.stderr}`).toMatch(/^0 /);
  expect(listPackages(root)).toBe('');
  const left = listFiles()
    .split('\n')
    .filter((name) => !before.split('\n').includes(name));
  expect(left).toEqual(['./var/lib/tapprep', './var/lib/tapprep/journal.json']);
});

test('detect, names and plan look and change nothing; a dry run shows the commands', async () => {
  const before = listFiles();
  const detected = JSON.parse((await cli.run(['detect', ...options(), '--json'])).stdout) as Record<string, unknown>;
  expect(detected).toMatchObject({ facts: { os: { id: 'debian', versionId: '11' } }, target: { release: RELEASE } });
  expect((await cli.run(['names', ...options()])).stdout).toContain(`linux-headers-${RELEASE}`);
  // The key that vouches for the archive lies on that machine only.
  const planned = await cli.run(['plan', ...options(), '--json']);
  expect(`${planned.code} ${planned.stderr}`).toMatch(/^0 /);
  expect((JSON.parse(planned.stdout) as { items: unknown[] }).items).toHaveLength(7);
  expect((await install('--dry-run')).stdout).toMatch(/on machine:\n {2}dpkg --install .*systemtap-runtime_4\.4-2/);
  expect((await cli.run(['doctor', ...options()])).code).toBe(1);
  expect(listFiles()).toBe(before);
});

test('cut at any moment, the next run completes, and what was sent is not sent again', async () => {
  for (const delay of [800, 1800, 3000]) {
    const { done } = cli.start(['install', ...options(), '--systemtap', 'distro', '--yes']);
    await sleep(delay);
    sshd.cut();
    const { code, stderr } = await done;
    // 1: it came to the end before; else the connection was lost, before or after the login.
    expect(`${code} ${stderr}`).toMatch(/^(1 |3 [\s\S]*(SSH_LOST|SSH_FAILED))/);
  }
  const result = await install('--json');
  expect(`${result.code} ${result.stderr}`).toMatch(/^1 /);
  expect(listPackages(root).trim().split('\n')).toHaveLength(7);
  expect(listPackages(root)).not.toMatch(/unpacked|half/);
  expect(existsSync(join(root, 'var/cache/tapprep'))).toBe(false);
  expect((await cli.run(['remove', ...options().slice(0, 4), '--yes'])).code).toBe(0);
  expect(listPackages(root)).toBe('');
});

test('cut while files are sent: the next run sends the rest only', async () => {
  const { done } = cli.start(['install', ...options(), '--systemtap', 'distro', '--yes']);
  const upload = join(root, 'var/cache/tapprep/upload');
  const parts = (): readonly string[] =>
    existsSync(upload)
      ? readdirSync(upload)
          .filter((name) => !name.startsWith('.'))
          .flatMap((digest) => readdirSync(join(upload, digest)).map((name) => `${digest}/${name}`))
      : [];
  for (let waited = 0; waited < 30_000 && !parts().some((path) => path.endsWith('/.part')); waited += 2) await sleep(2);
  sshd.cut();
  expect((await done).stderr).toContain('SSH_LOST');
  expect(parts().length).toBeGreaterThan(0);
  expect(listPackages(root)).toBe('');
  // Damage under the digest of a file that was begun is found, and sent anew.
  for (const path of parts()) appendFileSync(join(upload, path), 'damage');
  const result = await install('--json');
  expect(`${result.code} ${result.stderr}`).toMatch(/^1 /);
  expect(listPackages(root).trim().split('\n')).toHaveLength(7);
  expect(existsSync(upload)).toBe(false);
});

test('cut while dpkg is at work: it comes to its end, and the next run goes on from there', async () => {
  const { done } = cli.start(['install', ...options(), '--systemtap', 'distro', '--yes']);
  const status = join(root, 'var/lib/dpkg/status');
  while (!readFileSync(status, 'utf8').includes('Package: ')) await sleep(20);
  sshd.cut();
  expect((await done).stderr).toMatch(/SSH_LOST: the connection to machine ended while dpkg ran there/);
  const result = await install('--json');
  expect(result.stderr).toContain('was interrupted; going on from what it left');
  expect(`${result.code} ${result.stderr}`).toMatch(/^1 /);
  expect(listPackages(root)).not.toMatch(/unpacked|half/);
  expect(listPackages(root).trim().split('\n')).toHaveLength(7);
});

test('a machine without tar: dpkg needs it, and says so', async () => {
  rmSync(join(root, 'usr/bin/tar'));
  const result = await install();
  expect(result.code).toBe(5);
  expect(result.stderr).toMatch(/INSTALL_FAILED: dpkg on machine exited 2.*tar/);
  expect(listPackages(root)).toBe('');
});

test.each([
  ['-oProxyCommand=touch x', 2, 'USAGE'],
  ['nobody.invalid', 3, 'SSH_FAILED'],
])('--host %s: exit %i, %s', async (host, exit, code) => {
  const result = await cli.run(['detect', `--host=${host}`, '--ssh-config', sshd.configFile]);
  expect([result.code, result.stderr]).toEqual([exit, expect.stringContaining(code)]);
});
