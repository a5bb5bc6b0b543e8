import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { serveNginx, type Nginx } from '../helpers/nginx.ts';

// The RPM lab: a kernel built as an RPM distribution builds its own, packed, signed, served, installed, booted.
const cache = process.env['TAPPREP_LAB_CACHE'] ?? join(homedir(), '.cache/tapprep-lab');
const here = join(import.meta.dirname, 'rpm');
const cli = new Cli();
let nginx: Nginx;
let release: string;
let work: string;

function listRpms(root: string): readonly string[] {
  const out = execFileSync('chroot', [root, 'rpm', '-qa', '--qf', '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n'], {
    encoding: 'utf8',
  });
  return out
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();
}

/** A root with rpm, a compiler and SystemTap that calls itself Amazon Linux 2023 and has one repository: ours. */
function makeRoot(name: string): string {
  const root = join(work, name);
  execFileSync('cp', ['-a', join(cache, 'rpm-root'), root]);
  writeFileSync(
    join(root, 'etc/os-release'),
    'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\nPRETTY_NAME="Amazon Linux 2023 (lab)"\n',
  );
  mkdirSync(join(root, 'etc/pki/rpm-gpg'), { recursive: true });
  mkdirSync(join(root, 'etc/yum.repos.d'), { recursive: true });
  copyFileSync(join(cache, 'repo/key.asc'), join(root, 'etc/pki/rpm-gpg/RPM-GPG-KEY-lab'));
  writeFileSync(
    join(root, 'etc/yum.repos.d/lab.repo'),
    `[lab]\nname=Lab\nbaseurl=${nginx.url}\nenabled=1\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-lab\n`,
  );
  return root;
}

/** Made once by mmdebstrap from the archive of this machine's own apt sources. */
function ensureBaseRoot(): void {
  const root = join(cache, 'rpm-root');
  if (existsSync(`${root}/usr/bin/rpm`)) return;
  const making = `${root}.making`;
  rmSync(making, { recursive: true, force: true });
  const mirror = /^URIs: (\S+)|^deb (?:\[[^\]]*\] )?(\S+)/m.exec(
    execFileSync('sh', ['-c', 'cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null || :'], {
      encoding: 'utf8',
    }),
  );
  execFileSync(
    'mmdebstrap',
    [
      '--variant=minbase',
      '--include=rpm,gcc,make,systemtap,libelf1t64',
      '--aptopt=APT::Install-Recommends "false"',
      'trixie',
      making,
      mirror?.[1] ?? mirror?.[2] ?? '',
    ],
    { stdio: 'inherit' },
  );
  execFileSync('mv', [making, root]);
}

beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  execFileSync('sh', [join(here, 'build-kernel.sh'), join(cache, 'kernel')], { stdio: 'inherit' });
  execFileSync('sh', [join(here, 'make-repository.sh'), join(cache, 'kernel'), join(cache, 'repo')], {
    stdio: 'inherit',
  });
  ensureBaseRoot();
  release = readFileSync(join(cache, 'repo/release'), 'utf8').trim();
  work = mkdtempSync(join(cache, 'work-'));
  nginx = await serveNginx(join(cache, 'repo/repo'));
}, 1_800_000);

afterAll(async () => {
  await nginx.close();
  rmSync(work, { recursive: true, force: true });
  cli.close();
});

test('from signed RPMs to Hello, World inside their kernel, and back', async () => {
  const root = makeRoot('good');
  const before = listRpms(root);
  const result = await cli.run(['install', '--root', root, '--kernel', release, '--yes', '--json']);
  expect(result.stderr).not.toMatch(/tapprep: [A-Z_]+:/);
  const report = JSON.parse(result.stdout) as {
    plan: { items: { name: string; role: string; match: string }[] };
    install: { installed: { name: string }[] };
    verify: { ready: boolean; ranIn: string; steps: { step: string; status: string; output: string }[] };
  };
  expect(report.plan.items.find(({ role }) => role === 'devel')).toMatchObject({
    name: 'kernel-devel',
    match: 'uname-provide',
  });
  expect(report.install.installed.map(({ name }) => name).toSorted()).toEqual([
    'kernel-debuginfo',
    'kernel-debuginfo-common-x86_64',
    'kernel-devel',
  ]);
  expect(report.verify.steps.map(({ step, status }) => `${step} ${status}`)).toEqual(
    expect.arrayContaining(['build-tree pass', 'build-id pass', 'hello pass']),
  );
  expect(report.verify.steps.find(({ step }) => step === 'hello')?.output).toContain('Hello, World');
  expect(report.verify).toMatchObject({ ready: true, ranIn: 'vm' });
  expect(result.code).toBe(0);

  expect((await cli.run(['remove', '--root', root, '--yes'])).code).toBe(0);
  expect(listRpms(root)).toEqual(before);
}, 600_000);

test('with one byte of one package changed: exit 4 and nothing installed', async () => {
  const root = makeRoot('altered');
  const before = listRpms(root);
  const name = `kernel-devel-${release}.rpm`;
  const bytes = readFileSync(join(cache, 'repo/repo', name));
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  const altered = join(work, 'altered-repo');
  execFileSync('cp', ['-a', join(cache, 'repo/repo'), altered]);
  writeFileSync(join(altered, name), bytes);
  const other = await serveNginx(altered);
  const repo = join(root, 'etc/yum.repos.d/lab.repo');
  writeFileSync(repo, readFileSync(repo, 'utf8').replace(nginx.url, other.url));
  try {
    const result = await new Cli().run(['install', '--root', root, '--kernel', release, '--yes']);
    expect(result.stderr).toMatch(/tapprep: (DIGEST_MISMATCH|BAD_SIGNATURE|BAD_PACKAGE):/);
    expect(result.code).toBe(4);
    expect(listRpms(root)).toEqual(before);
  } finally {
    await other.close();
  }
}, 300_000);
