import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { buildSmallKernel } from '../helpers/debuginfod.ts';
import { type ArchiveOptions, DebLab } from '../helpers/deb-lab.ts';
import { type DirectoryServer, serveDirectory } from '../helpers/directory-server.ts';
import { makeDpkgRunRoot } from '../helpers/dpkg-root.ts';
import { faultsOf } from '../helpers/schema.ts';
import { GpgHome, type TestKey } from '../helpers/gpg.ts';
import { listPackages } from '../helpers/system-state.ts';

const RELEASE = '5.10.0-99-cloud-amd64';
const SUITE = 'bullseye';
const roots = mkdtempSync(join(tmpdir(), 'e2e-roots-'));
const gpg = new GpgHome();
const lab = new DebLab(gpg);
let key: TestKey;
let packages: readonly string[];
let server: DirectoryServer;
let cli: Cli;
let root: string;
let count = 0;

beforeAll(async () => {
  key = gpg.makeKey('archive', 'rsa2048');
  packages = [
    lab.build(`linux-headers-${RELEASE}`, '5.10.299-1', { Depends: 'linux-kbuild-5.10', Source: 'linux' }),
    lab.build('linux-kbuild-5.10', '5.10.299-1', { Source: 'linux' }),
    lab.build(`linux-image-${RELEASE}-dbg`, '5.10.299-1', { Source: 'linux' }),
    lab.build(`linux-image-${RELEASE}`, '5.10.299-1', { Source: 'linux' }, 'gzip', {
      [`boot/vmlinuz-${RELEASE}`]: 'no kernel, and never booted: the ladder ends before',
    }),
    lab.build('linux-headers-5.10.0-98-cloud-amd64', '5.10.298-1', { Source: 'linux' }),
    lab.build('systemtap', '4.4-2', { 'Pre-Depends': 'systemtap-runtime' }),
    lab.build('systemtap-runtime', '4.4-2'),
    lab.build('gcc', '4:10.2.1-1'),
    lab.build('make', '4.3-4'),
  ];
  writeArchive();
  server = await serveDirectory(join(lab.directory, 'archive'));
});

function writeArchive(over: Partial<ArchiveOptions> = {}): void {
  rmSync(join(lab.directory, 'archive', 'dists'), { recursive: true, force: true });
  const release = { Codename: SUITE, Date: 'Sat, 14 Nov 2026 00:00:00 UTC' };
  lab.writeArchive('archive', { suite: SUITE, packages, key, release, ...over });
}

beforeEach(() => {
  cli = new Cli();
  count += 1;
  root = join(roots, String(count));
  mkdirSync(root);
  makeDpkgRunRoot(root, { url: server.url, suite: SUITE, keyring: key.keyring });
});

afterAll(async () => {
  await server.close();
  lab.close();
  rmSync(roots, { recursive: true, force: true });
});

function install(...more: readonly string[]): ReturnType<Cli['run']> {
  return cli.run(['install', '--root', root, '--kernel', RELEASE, '--systemtap', 'distro', '--yes', ...more]);
}

interface Report {
  readonly install: { readonly installed: readonly { readonly name: string }[]; readonly journal: string };
  readonly verify: { readonly ready: boolean };
}

test('install adds exactly the plan, a second run changes nothing, remove brings the package list back', async () => {
  const before = listPackages(root);
  const first = await install('--json');
  // These packages are empty, so the ladder ends at its first step: installed, but not proven.
  expect(`${first.code} ${first.stderr}`).toMatch(/^1 /);
  const report = JSON.parse(first.stdout) as Report;
  expect(report.install.installed.map(({ name }) => name).toSorted()).toEqual([
    'gcc',
    `linux-headers-${RELEASE}`,
    `linux-image-${RELEASE}-dbg`,
    'linux-kbuild-5.10',
    'make',
    'systemtap',
    'systemtap-runtime',
  ]);
  expect(report.verify.ready).toBe(false);
  expect(existsSync(join(root, report.install.journal))).toBe(true);
  const journal: unknown = JSON.parse(readFileSync(join(root, report.install.journal), 'utf8'));
  expect(faultsOf('journal', journal)).toEqual([]);
  expect(faultsOf('verify', report.verify)).toEqual([]);

  const after = listPackages(root);
  const second = JSON.parse((await install('--json')).stdout) as Report;
  expect(second.install.installed).toEqual([]);
  expect(listPackages(root)).toBe(after);

  expect(await cli.run(['remove', '--root', root, '--yes'])).toMatchObject({ code: 0 });
  expect(listPackages(root)).toBe(before);
  expect((await cli.run(['remove', '--root', root, '--yes'])).stdout).toContain('tapprep has nothing installed');
});

describe('a target without room', () => {
  const NEEDED = 300 * 2 ** 20;
  let archive: DirectoryServer;

  beforeAll(async () => {
    const release = { Codename: SUITE, Date: 'Sat, 14 Nov 2026 00:00:00 UTC' };
    const name = `Package: linux-image-${RELEASE}-dbg\n`;
    const edit = (text: string): string => text.replace(name, `${name}Installed-Size: ${NEEDED / 1024}\n`);
    lab.writeArchive('large', { suite: SUITE, packages, key, release, edit });
    archive = await serveDirectory(join(lab.directory, 'large'));
  });

  beforeEach(() => {
    const sources = join(root, 'etc/apt/sources.list.d/test.sources');
    writeFileSync(sources, readFileSync(sources, 'utf8').replace(server.url, archive.url));
  });

  afterAll(() => archive.close());

  /** Runs it with a file system of that size at /usr/lib/debug of the root. */
  async function installInto(mebibytes: number, ...more: readonly string[]): Promise<NoRoom> {
    const debug = join(root, 'usr/lib/debug');
    mkdirSync(debug, { recursive: true });
    const mount = `mount -t tmpfs -o size=${mebibytes}m none ${debug} && exec "$@"`;
    const args = ['install', '--root', root, '--kernel', RELEASE, '--systemtap', 'distro', '--yes', '--json', ...more];
    const { code, stdout } = await cli.start(args, {}, '', ['unshare', '--mount', 'sh', '-c', mount, 'sh']).done;
    return { code, ...(JSON.parse(stdout) as Omit<NoRoom, 'code'>) };
  }

  interface NoRoom {
    readonly code: number | null;
    readonly error?: { readonly code: string; readonly message: string; readonly hint: string; readonly facts: object };
  }

  test.each([
    ['install', []],
    ['a dry run', ['--dry-run']],
  ])('%s: exit 5 before anything is downloaded, and one file of it is offered', async (_, more) => {
    const asked = archive.requests.length;
    const { code, error } = await installInto(200, ...more);
    expect(code).toBe(5);
    expect(error).toMatchObject({
      code: 'NO_SPACE',
      message: expect.stringMatching(
        / 315 MiB in \/usr\/lib\/debug of .*, where 200 MiB are free: nothing was changed$/,
      ),
      hint: expect.stringMatching(/^tapprep install .*--debuginfo-files vmlinux/),
      facts: { paths: ['/usr/lib/debug'], neededBytes: NEEDED * 1.05, freeBytes: 200 * 2 ** 20 },
    });
    expect(archive.requests.slice(asked).filter((request) => request.endsWith('.deb'))).toEqual([]);
    expect(listPackages(root)).toBe('');
  });

  test('a lock is the same bytes or nothing: its own files are not exchanged for others', async () => {
    const lock = join(cli.home, 'lock.json');
    expect(
      (await cli.run(['plan', '--root', root, '--kernel', RELEASE, '--systemtap', 'distro', '--out', lock])).code,
    ).toBe(0);
    const { code, error } = await installInto(1, '--lock', lock);
    expect(code).toBe(5);
    expect(error?.hint).toBe(`df -h ${root}`);
  });

  test('with room it is installed', async () => {
    const { error } = await installInto(400);
    expect(error).toBeUndefined();
    expect(listPackages(root)).toContain(`linux-image-${RELEASE}-dbg`);
  });
});

test('where /usr is read-only nothing is downloaded: exit 5, and what to do instead', async () => {
  const readOnly = 'mount --bind "$0/usr" "$0/usr" && mount -o remount,ro,bind "$0/usr" && exec "$@"';
  const wrapper = ['unshare', '-m', 'sh', '-c', readOnly, root];
  const args = ['install', '--root', root, '--kernel', RELEASE, '--systemtap', 'distro', '--yes', '--json'];
  const before = listPackages(root);
  const asked = server.requests.length;
  const { code, stdout } = await cli.start(args, {}, '', wrapper).done;
  const { error } = JSON.parse(stdout) as { readonly error: { readonly code: string; readonly message: string } };
  expect(code).toBe(5);
  expect(error).toMatchObject({ code: 'READ_ONLY_SYSTEM', facts: { path: '/usr', packages: 7, layering: null } });
  expect(error.message).toContain('is read-only, and 7 packages are to be installed there');
  expect(server.requests.slice(asked).filter((request) => request.endsWith('.deb'))).toEqual([]);
  expect(listPackages(root)).toBe(before);
});

test.each(['install', 'verify'] as const)(
  '%s --level scripts without names runs the whole catalogue',
  async (command) => {
    if (command === 'verify') await install();
    const { stdout } = await (command === 'install'
      ? install('--level', 'scripts', '--json')
      : cli.run(['verify', '--root', root, '--kernel', RELEASE, '--level', 'scripts', '--json']));
    const report = JSON.parse(stdout) as { readonly verify?: Steps } & Partial<Steps>;
    const steps = (report.verify ?? report).steps ?? [];
    const names = globSync('*.stp', { cwd: 'stp' }).map((file) => file.replace(/\.stp$/, ''));
    expect(names.length).toBeGreaterThan(9);
    // Nothing compiles with packages that are empty, and each is told of.
    expect(steps.flatMap(({ script }) => script ?? []).toSorted()).toEqual(names.toSorted());
  },
);

interface Steps {
  readonly steps: readonly { readonly script: string | null }[];
}

test('--debuginfo-files places the vmlinux alone, and remove takes it away', async () => {
  const kernel = await buildSmallKernel(join(lab.directory, 'kernel'), RELEASE);
  const tree = join(lab.directory, 'debug');
  const place = `usr/lib/debug/lib/modules/${RELEASE}`;
  for (const path of ['vmlinux', 'kernel/fs/ext4.ko', 'kernel/fs/xfs.ko']) {
    mkdirSync(join(tree, place, path, '..'), { recursive: true });
    cpSync(kernel.path, join(tree, place, path));
  }
  const debug = lab.build(`linux-image-${RELEASE}-dbg`, '5.10.299-1', { Source: 'linux' }, 'gzip', { tree });
  writeArchive({ packages: [...packages.filter((path) => !path.includes('-dbg_')), debug] });
  try {
    const { stdout } = await install('--debuginfo-files', 'vmlinux,ext4', '--json');
    const report = JSON.parse(stdout) as { install: { files: { path: string; signed: boolean }[] } };
    expect(report.install.files.map(({ path, signed }) => `${path} ${signed}`)).toEqual([
      `/${place}/vmlinux true`,
      `/${place}/kernel/fs/ext4.ko true`,
    ]);
    expect(readFileSync(join(root, place, 'vmlinux'))).toEqual(readFileSync(kernel.path));
    expect(existsSync(join(root, place, 'kernel/fs/xfs.ko'))).toBe(false);
    expect(listPackages(root)).not.toContain('-dbg');
    expect(await cli.run(['remove', '--root', root, '--yes'])).toMatchObject({ code: 0 });
    expect(existsSync(join(root, place))).toBe(false);
  } finally {
    writeArchive();
  }
});

test('remove finishes what a killed install or removal left in dpkg', async () => {
  const before = listPackages(root);
  await install();
  const status = join(root, 'var/lib/dpkg/status');
  let text = readFileSync(status, 'utf8');
  for (const [name, state] of [
    [`linux-image-${RELEASE}-dbg`, 'purge ok config-files'],
    ['make', 'install reinstreq half-installed'],
  ] as const)
    text = text.replace(`Package: ${name}\nStatus: install ok installed\n`, `Package: ${name}\nStatus: ${state}\n`);
  writeFileSync(status, text);
  expect(listPackages(root)).toMatch(/-dbg \S+ config-files\n[^]*make \S+ half-installed\n/);
  expect(await cli.run(['remove', '--root', root, '--yes'])).toMatchObject({ code: 0 });
  expect(listPackages(root)).toBe(before);
});

test('a package that cannot be configured: exit 5, and what came before and with it is taken away again', async () => {
  const script = join(lab.directory, 'broken');
  mkdirSync(join(script, 'DEBIAN'), { recursive: true });
  writeFileSync(join(script, 'DEBIAN/postinst'), '#!/bin/sh\necho "no way" >&2\nexit 3\n', { mode: 0o755 });
  const broken = lab.build('gcc', '4:10.2.1-2', {}, 'gzip', { tree: script });
  writeArchive({ packages: [...packages.filter((path) => !path.includes('/gcc_')), broken] });
  try {
    const result = await install();
    expect(result.code).toBe(5);
    expect(result.stderr).toMatch(/INSTALL_FAILED: dpkg on .* and what it had installed was taken away again: .*gcc/);
    expect(listPackages(root)).toBe('');
    const journal = JSON.parse(readFileSync(join(root, 'var/lib/tapprep/journal.json'), 'utf8')) as {
      entries: { state: string; packages: unknown[] }[];
    };
    expect(journal.entries).toMatchObject([{ state: 'removed', packages: [] }]);
  } finally {
    writeArchive();
  }
  // Nothing stands in the way of the next run.
  expect(JSON.parse((await install('--json')).stdout)).toMatchObject({ install: { installed: { length: 7 } } });
});

test('--dry-run shows the commands and changes nothing', async () => {
  const result = await install('--dry-run');
  expect(result.code).toBe(0);
  expect(result.stdout).toMatch(/dpkg --force-unsafe-io --install .*systemtap-runtime_4\.4-2_amd64\.deb/);
  expect(listPackages(root)).toBe('');
  expect(existsSync(join(root, 'var/lib/tapprep'))).toBe(false);
});

/** Every file below a directory: mode, owner, size, time of change and, of a small one, content. */
function snapshot(directory: string): string {
  return execFileSync(
    'find',
    [directory, '-printf', '%P %M %U:%G %s %C@ %l\n', '-type', 'f', '-size', '-64k', '-exec', 'sha256sum', '{}', '+'],
    { maxBuffer: 1 << 28 },
  ).toString();
}

test('a dry run leaves file tree, package list and cache exactly as they were, whatever the command', async () => {
  await install();
  const before = [snapshot(root), snapshot(cli.home), listPackages(root)];
  const made = join(cli.home, 'made.tar');
  for (const [command, ...options] of [
    ['install'],
    ['remove'],
    ['remove', '--purge'],
    ['doctor', '--fix'],
    ['bundle', '--out', made],
  ] as const) {
    const target = ['--root', root, ...(command === 'remove' ? [] : ['--kernel', RELEASE])];
    const result = await cli.run([command, ...options, ...target, '--dry-run', '--yes']);
    expect([command, result.stderr.includes('INTERNAL'), result.code === 2]).toEqual([command, false, false]);
    expect([command, snapshot(root), snapshot(cli.home), listPackages(root)]).toEqual([command, ...before]);
  }
});

describe('nothing is installed, and the exit code tells why:', () => {
  const stale = { Date: 'Sat, 01 Nov 2025 00:00:00 UTC', 'Valid-Until': 'Sat, 08 Nov 2025 00:00:00 UTC' };
  const cases: readonly (readonly [string, number, string, () => void])[] = [
    ['an altered index', 4, 'BAD_SIGNATURE', () => alterRelease('Components: main', 'Components: mian')],
    ['an unsigned index', 4, 'UNSIGNED', () => writeArchive({ key: null })],
    ['a stale index', 4, 'EXPIRED_RELEASE', () => writeArchive({ release: stale })],
    [
      'a kernel that the archive no longer has',
      1,
      'NO_EXACT_PACKAGE',
      () => writeArchive({ packages: packages.filter((path) => !path.includes(RELEASE)) }),
    ],
  ];
  test.each(cases)('%s: exit %i, %s', async (_name, exit, code, spoil) => {
    spoil();
    try {
      const result = await install();
      expect(result.stderr).toContain(`tapprep: ${code}:`);
      expect(result.code).toBe(exit);
      expect(listPackages(root)).toBe('');
    } finally {
      writeArchive();
    }
  });

  test('a package with one other byte: exit 4, DIGEST_MISMATCH', async () => {
    const path = '/pool/gcc_10.2.1-1_amd64.deb';
    const bytes = readFileSync(join(lab.directory, 'archive', path));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 20) ^ 1, bytes.length - 20);
    server.override(path, (_request, response) => response.end(bytes));
    try {
      const result = await install();
      expect(result.stderr).toContain('tapprep: DIGEST_MISMATCH:');
      expect(result.code).toBe(4);
      expect(listPackages(root)).toBe('');
    } finally {
      server.override(path, null);
    }
  });

  test('no network: exit 3', async () => {
    const file = join(root, 'etc/apt/sources.list.d/test.sources');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/URIs: \S+/, 'URIs: http://127.0.0.1:9/'));
    const result = await install();
    expect(result.code).toBe(3);
    expect(listPackages(root)).toBe('');
  });

  test('a kernel of another distribution: exit 1, both named', async () => {
    const result = await cli.run(['install', '--root', root, '--kernel', '5.14.0-503.11.1.el9_5.x86_64', '--yes']);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/WRONG_DISTRIBUTION: .*5\.14\.0-503\.11\.1\.el9_5\.x86_64.*debian/);
  });

  test('a kernel that nobody packages: exit 1, with what can be done instead', async () => {
    const result = await cli.run(['install', '--root', root, '--kernel', '6.18.44-fc', '--yes']);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(
      /CUSTOM_KERNEL_NO_PACKAGE: .*6\.18\.44-fc.*\n {2}try: tapprep install --build-tree DIR --root /,
    );
  });

  test('not root: exit 6', async () => {
    // A user namespace without a mapping: the files are the same, the user is nobody.
    const args = ['install', '--root', root, '--kernel', RELEASE, '--systemtap', 'distro', '--yes'];
    const result = await cli.start(args, {}, '', ['unshare', '--user']).done;
    expect(result.stderr).toContain('tapprep: NOT_ROOT:');
    expect(result.code).toBe(6);
    expect(listPackages(root)).toBe('');
  });

  test('no space for the packages: exit 5, and nothing half-written', async () => {
    const disk = join(cli.home, 'disk');
    const cache = join(disk, 'cache');
    mkdirSync(disk);
    const full = `mount -t tmpfs -o size=64k none ${disk} && head -c 40000 /dev/zero >${disk}/full && exec "$@"`;
    const args = ['install', '--root', root, '--kernel', RELEASE, '--yes', '--cache-dir', cache];
    const result = await cli.start(args, {}, '', ['unshare', '--mount', 'sh', '-c', full, 'sh']).done;
    expect(result.stderr).toContain('tapprep: NO_SPACE:');
    expect(result.code).toBe(5);
    expect(listPackages(root)).toBe('');
  });

  test('a directory that is no root: exit 2', async () => {
    const result = await cli.run(['install', '--root', join(root, 'tmp'), '--kernel', RELEASE, '--yes']);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('NOT_A_ROOT');
  });

  test('a mirror list with faults: exit 2, each with its path', async () => {
    const list = join(cli.home, 'mirrors.json');
    writeFileSync(list, '{"format":"tapprep-mirrors/1","groups":[{"title":1}],"extra":true}');
    const result = await install('--mirrors', list);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/BAD_MIRRORS[\s\S]*groups\[0\]/);
  });

  test('no approval where nobody can be asked: exit 2', async () => {
    const result = await cli.run(['install', '--root', root, '--kernel', RELEASE]);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('--yes');
    expect(listPackages(root)).toBe('');
  });
});

function alterRelease(from: string, to: string): void {
  const path = join(lab.directory, 'archive/dists', SUITE, 'InRelease');
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
}

test('killed at any moment, the next run completes', async () => {
  for (const delay of [200, 400, 600, 800, 1000, 1200]) {
    const { child, done } = cli.start([
      'install',
      '--root',
      root,
      '--kernel',
      RELEASE,
      '--systemtap',
      'distro',
      '--yes',
    ]);
    await sleep(delay);
    child.kill('SIGKILL');
    await done;
  }
  const result = await install('--json');
  expect(result.code).toBe(1);
  expect(listPackages(root).trim().split('\n')).toHaveLength(7);
  expect(listPackages(root)).not.toMatch(/unpacked|half/);
  expect((await cli.run(['remove', '--root', root, '--yes'])).code).toBe(0);
  expect(listPackages(root)).toBe('');
});
