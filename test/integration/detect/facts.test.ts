import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createOutput } from '../../../src/cli/output.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runDetect } from '../../../src/cli/commands/detect.ts';
import type { Context } from '../../../src/cli/context.ts';
import { collectFacts } from '../../../src/detect/facts.ts';
import { checkFacts } from '../../../src/detect/facts-schema.ts';
import type { Host } from '../../../src/host/host.ts';
import { createLocalHost } from '../../../src/host/local.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { DEB_RELEASE, makeDpkgRoot, makeRpmRoot, RPM_RELEASE } from '../../helpers/fake-root.ts';
import { NO_PLACE, NO_SSH } from '../../helpers/no-ssh.ts';
import type { TargetOptions } from '../../../src/types.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tapprep-facts-'));
  makeDpkgRoot(join(dir, 'deb'));
  makeRpmRoot(join(dir, 'rpm'), { withRpm: true });
  makeRpmRoot(join(dir, 'bare'), { withRpm: false });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('a staprun that this user may not execute is there, with its mode', () => {
  const programs = join(dir, 'programs');
  mkdirSync(programs);
  chmodSync(dir, 0o755);
  for (const [name, mode] of [
    ['stap', 0o755],
    ['staprun', 0o4750],
  ] as const) {
    writeFileSync(join(programs, name), '#!/bin/sh\necho "Systemtap translator/driver (version 5.1/0.191)"\n');
    chmodSync(join(programs, name), mode);
  }
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  const printed = execFileSync(
    'setpriv',
    [...nobody, 'env', `PATH=${programs}:/usr/bin:/bin`, 'sh', 'src/host/probe.sh'],
    {
      encoding: 'utf8',
    },
  );
  expect(printed).toContain(`\nstaprun\t${programs}/staprun\n`);
  expect(printed).toContain('\nstaprun-mode\t4750\n');
});

test('a dpkg root', async () => {
  const root = join(dir, 'deb');
  expect(await collectFacts(createRootHost(root))).toMatchObject({
    source: 'root',
    root,
    os: { id: 'debian', versionId: '12', codename: 'bookworm', from: '/etc/os-release' },
    kernel: {
      release: DEB_RELEASE,
      unameV: null,
      arch: 'x86_64',
      running: false,
      buildId: null,
      vermagic: `${DEB_RELEASE} SMP mod_unload`,
      compiler: 'gcc-12 (Debian 12.2.0-14) 12.2.0',
      installedReleases: [DEB_RELEASE],
    },
    packageManager: 'dpkg',
    frontends: ['apt-get'],
    packages: expect.arrayContaining([{ name: 'dpkg', version: '1.21.22', arch: 'amd64' }]) as unknown,
    kernelPackages: [
      { name: 'gcc', version: '4:12.2.0-3', arch: 'amd64', vendor: null, buildTime: null, buildHost: null },
      expect.objectContaining({ name: `linux-headers-${DEB_RELEASE}`, version: '6.1.176-1' }),
      expect.objectContaining({ name: `linux-image-${DEB_RELEASE}`, version: '6.1.176-1' }),
      expect.objectContaining({ name: 'systemtap' }),
    ],
    buildTree: {
      link: `/lib/modules/${DEB_RELEASE}/build`,
      linksTo: `/usr/src/linux-headers-${DEB_RELEASE}`,
      exists: true,
      hasConfig: true,
      hasModuleSymvers: true,
      hasMakefile: true,
      release: DEB_RELEASE,
      utsVersion: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)',
      compileHost: 'builder.example.org',
      ownerPackage: `linux-headers-${DEB_RELEASE}`,
    },
    debuginfo: [{ path: `/usr/lib/debug/lib/modules/${DEB_RELEASE}/vmlinux`, ownerPackage: null }],
    systemMap: { path: `/boot/System.map-${DEB_RELEASE}`, stub: true },
    compiler: { path: '/usr/bin/gcc', version: '12.2.0' },
    make: null,
    systemtap: {
      path: '/usr/bin/stap',
      version: '4.8',
      testedKernels: '2.6.32 ... 6.1.0-rc3',
      package: 'systemtap',
      staprunPath: '/usr/bin/staprun',
      staprunVersion: '4.8',
      staprunMode: '4754',
      tapsetCount: 2,
      cachePaths: ['/root/.systemtap/cache'],
      temporaryPaths: ['/tmp/stapAbC123'],
      moduleDirectory: true,
    },
    config: { CONFIG_MODULES: 'y', CONFIG_UPROBES: 'n' },
    configFrom: `/boot/config-${DEB_RELEASE}`,
    repositories: [{ path: '/etc/apt/sources.list', text: 'deb http://ftp.debian.org/debian bookworm main\n' }],
  });
});

/** With the root's own rpm; without one, this machine's rpm reads the database. */
test.each(['rpm', 'bare'])('an rpm root (%s)', async (name) => {
  const { kernelPackages, buildTree, packages, os, kernel, systemtap, repositories } = await collectFacts(
    createRootHost(join(dir, name)),
  );
  expect(os).toMatchObject({ id: 'almalinux', versionId: '8.10', idLike: ['rhel', 'centos', 'fedora'] });
  expect(kernel).toMatchObject({ release: RPM_RELEASE, arch: 'x86_64', vermagic: `${RPM_RELEASE} SMP mod_unload` });
  expect(packages).toHaveLength(4);
  const devel = kernelPackages.find((item) => item.name === 'kernel-devel');
  expect(devel).toMatchObject({ version: '4.18.0-553.el8_10', arch: 'x86_64', vendor: 'AlmaLinux' });
  expect(devel?.buildTime).toBeGreaterThan(1_700_000_000);
  expect(devel?.buildHost).toMatch(/./);
  expect(buildTree).toMatchObject({ exists: true, ownerPackage: `kernel-devel-${RPM_RELEASE}` });
  expect(systemtap?.package).toBe(`systemtap-${RPM_RELEASE}`);
  expect(repositories[0]?.text).not.toContain('secret');
});

test('an rpm database that nobody can read is a failure, not an empty system', async () => {
  const root = join(dir, 'garbled');
  mkdirSync(join(root, 'var/lib/rpm'), { recursive: true });
  writeFileSync(join(root, 'var/lib/rpm/rpmdb.sqlite'), 'garbage'.repeat(1000));
  await expect(collectFacts(createRootHost(root))).rejects.toMatchObject({ code: 'BAD_FACTS' });
});

test('another kernel of a root', async () => {
  const { kernel, buildTree } = await collectFacts(createRootHost(join(dir, 'deb')), { release: '6.1.0-51-amd64' });
  expect(kernel).toMatchObject({ release: '6.1.0-51-amd64', vermagic: null, installedReleases: [DEB_RELEASE] });
  expect(buildTree).toBeNull();
});

test('this host is described by its running kernel', async () => {
  const host = createLocalHost();
  const facts = await collectFacts(host);
  const uname = async (option: string) => (await host.run(['uname', option])).stdout.trim();
  expect(facts).toMatchObject({ source: 'host', root: null, user: { uid: process.getuid?.() } });
  expect(facts.kernel).toMatchObject({
    release: await uname('-r'),
    unameV: await uname('-v'),
    arch: await uname('-m'),
  });
  expect(facts.kernel.running).toBe(true);
  expect(facts.packages.length).toBeGreaterThan(50);
});

test.each(['../etc', 'a b', '-x', ''.padEnd(65, '1'), 'x;id'])('the release %j is USAGE', async (release) => {
  await expect(collectFacts(createLocalHost(), { release })).rejects.toMatchObject({ code: 'USAGE' });
});

function hostThatSays(stdout: string): Host {
  const local = createLocalHost();
  const run: Host['run'] = async (argv, options) => ({ ...(await local.run(argv, options)), stdout });
  return { ...local, name: 'broken', run };
}

describe('a host whose output is not whole', () => {
  test.each([
    ['nothing', '', /no line "tapprep-probe 1"/],
    ['a cut', 'tapprep-probe\t1\nsource\thost\n', /the last line "end 1" is missing/],
  ])('%s is BAD_FACTS', async (_, stdout, message) => {
    await expect(collectFacts(hostThatSays(stdout))).rejects.toMatchObject({
      code: 'BAD_FACTS',
      message: expect.stringMatching(message) as unknown,
    });
  });
});

const NO_TARGET: TargetOptions = {
  kernel: null,
  distro: null,
  arch: null,
  unameV: null,
  root: null,
  host: null,
  facts: null,
};

async function detect(options: Partial<TargetOptions>, json = true) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const context: Context = {
    stdin: new PassThrough(),
    stdout: createOutput(stdout),
    stderr: createOutput(stderr),
    stderrIsTerminal: false,
    isDryRun: false,
    askSecret: () => Promise.resolve(null),
    env: {},
    cwd: dir,
    now: () => 0,
    signal: new AbortController().signal,
    packageRoot: process.cwd(),
    common: {
      json,
      yes: false,
      dryRun: false,
      quiet: false,
      verbose: false,
      color: false,
      offline: true,
      allowUnsigned: false,
      timeoutMs: null,
      mirrors: [],
      mirror: [],
      cacheDir: dir,
      sshConfig: null,
      sudoPasswordFile: null,
    },
    emit: () => undefined,
    confirm: () => Promise.resolve(false),
    ssh: NO_SSH,
    place: NO_PLACE,
  };
  const exitCode = await runDetect(context, { target: { ...NO_TARGET, ...options } });
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

/** Names and kinds of everything that is not in a list. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return 'list';
  if (typeof value !== 'object' || value === null) return 'value';
  // Only a kernel that runs has keys, and only root sees them.
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, name === 'trustedKeys' ? 'value' : shapeOf(part)]),
  );
}

/** What a machine may have or not have. */
const OPTIONAL = { buildTree: 0, systemMap: 0, systemtap: 0, make: 0, compiler: 0 };

describe('tapprep detect', () => {
  test('has one shape for this host, a root and a saved file, and each passes the schema', async () => {
    const ofRoot = await detect({ root: 'deb' });
    writeFileSync(join(dir, 'saved.json'), ofRoot.stdout);
    const ofFile = await detect({ facts: 'saved.json' });
    const ofHost = await detect({});
    expect(ofFile).toEqual(ofRoot);
    expect(ofRoot.exitCode).toBe(0);
    const [root, host] = [ofRoot, ofHost].map(({ stdout }) => (JSON.parse(stdout) as { facts: object }).facts);
    expect(checkFacts(root, 'root')).toEqual(root);
    expect(checkFacts(host, 'host')).toEqual(host);
    expect(shapeOf({ ...host, ...OPTIONAL })).toEqual(shapeOf({ ...root, ...OPTIONAL }));
  });

  test('takes the raw output of the probe as facts', async () => {
    const host = createRootHost(join(dir, 'deb'));
    const probe = await createLocalHost().run(['sh', 'src/host/probe.sh', host.name]);
    writeFileSync(join(dir, 'probe.txt'), `Welcome to the machine\n${probe.stdout}`);
    const { stdout } = await detect({ facts: 'probe.txt' });
    expect(JSON.parse(stdout)).toMatchObject({ facts: { source: 'root' }, target: { packageVersion: '6.1.176-1' } });
  });

  test('names the target of a root', async () => {
    const { stdout } = await detect({ root: 'rpm' });
    expect(JSON.parse(stdout)).toMatchObject({
      target: { family: 'rpm', stem: 'kernel', versionRelease: '4.18.0-553.el8_10' },
    });
  });

  test('a kernel without packages gives the facts, the reason and exit code 1', async () => {
    const { exitCode, stdout } = await detect({ root: 'deb', kernel: '6.18.44-own-build' });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      facts: { kernel: { release: '6.18.44-own-build' } },
      target: null,
      error: { code: expect.stringMatching(/^(UNKNOWN_RELEASE|CUSTOM_KERNEL_NO_PACKAGE)$/) as unknown, exit: 1 },
    });
  });

  test('a host that is only declared', async () => {
    const { stdout } = await detect({ distro: 'centos:7', kernel: '3.10.0-1160.el7.x86_64' });
    expect(JSON.parse(stdout)).toMatchObject({
      facts: { source: 'declared', kernel: { arch: 'x86_64' }, packages: [] },
      target: { distro: 'centos', version: '7', versionRelease: '3.10.0-1160.el7' },
    });
  });

  test('as text tells what matters, with foreign characters escaped', async () => {
    const { stdout } = await detect({ root: 'deb' }, false);
    expect(stdout).toContain(`kernel        ${DEB_RELEASE} x86_64\n`);
    expect(stdout).toContain(`build tree    complete, of ${DEB_RELEASE}, from linux-headers-${DEB_RELEASE}\n`);
    expect(stdout).toContain('SystemTap     4.8 at /usr/bin/stap, tested with kernels 2.6.32 ... 6.1.0-rc3\n');
  });

  test.each([
    ['a directory that is no system', { root: 'empty' }, 'NOT_A_ROOT'],
    ['a facts file that is missing', { facts: 'absent.json' }, 'BAD_FACTS'],
    ['a facts file that is none', { facts: 'none.json' }, 'BAD_FACTS'],
    ['a malformed distribution', { distro: 'CentOS 7', kernel: '3.10.0-1160.el7.x86_64' }, 'USAGE'],
    ['a declared release without architecture', { distro: 'ubuntu:24.04', kernel: '6.8.0-45-generic' }, 'USAGE'],
  ])('%s', async (_, options, code) => {
    mkdirSync(join(dir, 'empty'), { recursive: true });
    writeFileSync(join(dir, 'none.json'), '{"facts":{"schema":"tapprep-facts/1"}}');
    await expect(detect(options)).rejects.toMatchObject({ code });
  });
});
