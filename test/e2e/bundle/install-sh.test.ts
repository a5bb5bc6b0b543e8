import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { signText } from '../../../src/bundle/sign.ts';
import { type ErrorCode, exitCodeOf, TapprepError } from '../../../src/errors.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { readJournal } from '../../../src/install/journal.ts';
import { planRemoval } from '../../../src/install/remove.ts';
import { BundleRoot, removeTemplate } from '../../helpers/bundle-root.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { killAll } from '../../helpers/descendants.ts';
import { GpgHome, type TestKey } from '../../helpers/gpg.ts';
import { runLocally } from '../../helpers/run.ts';
import { faultsOf } from '../../helpers/schema.ts';
import { SAMPLE_TARGET, writeRealBundle, type RealPackage } from '../../helpers/sample-bundle.ts';

const gpg = new GpgHome();
const lab = new DebLab(gpg);
const { release } = SAMPLE_TARGET;
const JOURNAL = 'var/lib/tapprep/journal.json';
const REPORT = 'var/lib/tapprep/report.json';
const UNPACKING = 'var/lib/dpkg/tmp.ci';
let key: TestKey;
let other: TestKey;
let good: string;
let root: BundleRoot;
let packages: readonly RealPackage[];

/** Stands in for SystemTap, whose own behaviour the lab tests: prints, and leaves what `stap -p4` leaves. */
const STAP = `#!/bin/sh
case "$*" in *-V*) echo 'Systemtap translator/driver (version 4.4)' ;; *) printf '%s\\n' 'tab	"quoted" \\back' ; : >tapprep_hello.ko ;; esac
`;

function build(
  name: string,
  version: string,
  files: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, string>> = {},
): string {
  const tree = join(lab.directory, `files-${name}-${version}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text, { mode: 0o755 });
    chmodSync(join(tree, path), 0o755);
  }
  mkdirSync(tree, { recursive: true });
  chmodSync(tree, 0o755);
  return lab.build(name, version, fields, 'gzip', { tree });
}

beforeAll(async () => {
  key = gpg.makeKey('mine', 'rsa2048');
  other = gpg.makeKey('other', 'rsa2048');
  packages = [
    {
      file: build('runtime', '4.4-2', { 'usr/bin/staprun': '#!/bin/sh\nexit 1\n' }),
      name: 'runtime',
      version: '4.4-2',
      role: 'systemtap',
    },
    {
      file: build('systemtap', '4.4-2', { 'usr/bin/stap': STAP }, { 'Pre-Depends': 'runtime' }),
      name: 'systemtap',
      version: '4.4-2',
      role: 'systemtap',
      wave: 1,
    },
    {
      file: build('gcc', '4:10.2.1-1', { 'usr/bin/gcc': '#!/bin/sh\n' }),
      name: 'gcc',
      version: '4:10.2.1-1',
      role: 'toolchain',
    },
    {
      file: build('make', '4.3-4', { 'usr/bin/make': '#!/bin/sh\n' }),
      name: 'make',
      version: '4.3-4',
      role: 'toolchain',
    },
    { file: build('libneeded', '1.0-1', {}), name: 'libneeded', version: '1.0-1' },
  ];
  good = join(lab.directory, 'good.tar');
  await writeRealBundle(good, packages);
});

afterEach(() => root.close());
afterAll(() => {
  removeTemplate();
  lab.close();
  gpg.close();
});

function carry(tar: string, folder?: string): BundleRoot {
  root = new BundleRoot(folder);
  root.unpack(tar);
  return root;
}

/** Everything that install.sh may write is as it was before. */
function assertUntouched(): void {
  expect(root.packages()).toBe('');
  expect(existsSync(join(root.directory, JOURNAL))).toBe(false);
}

const SHELLS: readonly (readonly string[])[] = [['dash'], ['busybox', 'sh'], ['bash', '--posix']];

describe.each(SHELLS)('by %s %s', (...shell) => {
  test('where /usr is read-only it says so before the package manager does', () => {
    carry(good);
    mkdirSync(join(root.directory, 'proc'), { recursive: true });
    const inRoot = `mount --bind "$0/usr" "$0/usr" && mount -o remount,ro,bind "$0/usr"
mount -t proc none "$0/proc" && exec chroot "$0" "$@"`;
    const words = shell.filter((word) => word !== undefined);
    const argv = ['-m', 'sh', '-c', inRoot, root.directory, ...words, `${root.place}/install.sh`, '--not-running'];
    const { status, stderr } = spawnSync('unshare', argv, { encoding: 'utf8' });
    expect(stderr).toContain('/usr is read-only, and 5 packages are to be installed there: nothing was changed');
    expect(status).toBe(5);
    assertUntouched();
  });

  test('installs, changes nothing the second time, and undoes', async () => {
    carry(good, 'a place\nwith "odd" names; $HOME');
    const words = shell.filter((word) => word !== undefined);
    const first = await root.start(words, 'install.sh', ['--not-running', '--json']).done;
    expect(first).toMatchObject({ code: 0 });
    expect(
      root
        .packages()
        .split('\n')
        .filter((line) => line.endsWith('install ok installed')),
    ).toHaveLength(5);

    const report = JSON.parse(first.stdout) as {
      target: unknown;
      install: { installed: { name: string }[]; journal: string };
      verify: { ready: boolean; steps: { step: string; status: string; output: string }[] };
    };
    expect(report.target).toEqual(SAMPLE_TARGET);
    expect(report.install.installed.map(({ name }) => name).toSorted()).toEqual([
      'gcc',
      'libneeded',
      'make',
      'runtime',
      'systemtap',
    ]);
    expect(report.verify.steps.map(({ step, status }) => `${step} ${status}`)).toEqual([
      'tools pass',
      'build-tree pass',
      'hello skip',
    ]);
    expect(report.verify.steps[2]?.output).toBe('tab\t"quoted" \\back');
    expect(report.verify.ready).toBe(false);
    expect(first.stdout).toBe(root.read(REPORT));

    // The journal is byte for byte as tapprep writes it, and tapprep would remove exactly this.
    const text = root.read(JOURNAL) ?? '';
    expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
    const host = createRootHost(root.directory);
    expect((await readJournal(host)).entries).toMatchObject([
      { state: 'done', manager: 'dpkg', release, files: [], replaced: [] },
    ]);
    expect((await planRemoval(host)).packages.map(({ name }) => name).toSorted()).toEqual([
      'gcc',
      'libneeded',
      'make',
      'runtime',
      'systemtap',
    ]);

    const again = await root.start(words, 'install.sh', ['--not-running']).done;
    expect(again).toMatchObject({ code: 0 });
    expect(root.read(JOURNAL)).toBe(text);

    // Neither needs the packages any more; but an install does.
    rmSync(join(root.directory, root.place, 'packages'), { recursive: true });
    expect(await root.start(words, 'install.sh', ['--verify', '--not-running']).done).toMatchObject({ code: 0 });
    expect((await root.start(words, 'install.sh', ['--not-running']).done).code).toBe(4);
    expect(await root.start(words, 'install.sh', ['--undo']).done).toMatchObject({ code: 0 });
    expect(root.packages()).toBe('');
    const closed = root.read(JOURNAL) ?? '';
    expect(closed).toBe(`${JSON.stringify(JSON.parse(closed), null, 2)}\n`);
    expect((await readJournal(host)).entries.map(({ state }) => state)).toEqual(['removed']);
    expect(readdirSync(join(root.directory, 'var/lib/tapprep'))).toEqual(['journal.json']);
    expect((await root.start(words, 'install.sh', ['--undo']).done).stderr).toContain(
      'nothing that this bundle installed',
    );
  });

  test('undo leaves what other packages need by now, tells which, and takes the rest away', async () => {
    carry(good);
    const words = shell.filter((word) => word !== undefined);
    await root.start(words, 'install.sh', ['--not-running']).done;
    for (const [name, depends] of [
      ['essential', 'gcc, make (>= 4)'],
      ['tool', 'make'],
    ] as const) {
      copyFileSync(build(name, '1', {}, { Depends: depends }), join(root.directory, 'tmp/x.deb'));
      execFileSync('chroot', [root.directory, 'dpkg', '--install', '/tmp/x.deb'], { stdio: 'ignore' });
    }
    const { code, stderr } = await root.start(words, 'install.sh', ['--undo']).done;
    expect(stderr.split('\n').filter((line) => line.includes('left in place'))).toEqual([
      'install.sh: left in place: gcc 4:10.2.1-1, needed by essential',
      'install.sh: left in place: make 4.3-4, needed by tool',
      'install.sh: left in place: make 4.3-4, needed by essential',
    ]);
    expect(code).toBe(5);
    const there = ['essential 1', 'gcc 4:10.2.1-1', 'make 4.3-4', 'tool 1'];
    expect(root.packages()).toBe(there.map((row) => `${row} install ok installed\n`).join(''));
    const text = root.read(JOURNAL) ?? '';
    expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
    const host = createRootHost(root.directory);
    expect((await readJournal(host)).entries).toMatchObject([
      { state: 'failed', packages: [{ name: 'gcc' }, { name: 'make' }] },
    ]);
    execFileSync('chroot', [root.directory, 'dpkg', '--purge', 'essential', 'tool'], { stdio: 'ignore' });
    expect(await root.start(words, 'install.sh', ['--undo']).done).toMatchObject({ code: 0 });
    expect(root.packages()).toBe('');
    expect((await readJournal(host)).entries.map(({ state }) => state)).toEqual(['removed']);
  });

  test('undo leaves the configuration that was there before, and purges the rest', async () => {
    const files = { 'etc/tool.conf': 'shipped\n', 'DEBIAN/conffiles': '/etc/tool.conf\n' };
    const other = { 'etc/other.conf': 'shipped\n', 'DEBIAN/conffiles': '/etc/other.conf\n' };
    const tar = join(lab.directory, 'configured.tar');
    await writeRealBundle(tar, [
      ...packages,
      { file: build('tool', '2', files, { Depends: 'other' }), name: 'tool', version: '2' },
      { file: build('other', '1', other), name: 'other', version: '1' },
    ]);
    carry(tar);
    const dpkg = (...argv: readonly string[]): void =>
      void execFileSync('chroot', [root.directory, 'dpkg', ...argv], { stdio: 'ignore' });
    copyFileSync(build('tool', '1', files), join(root.directory, 'tmp/x.deb'));
    dpkg('--install', '/tmp/x.deb');
    writeFileSync(join(root.directory, 'etc/tool.conf'), 'edited\n');
    dpkg('--remove', 'tool');
    const words = shell.filter((word) => word !== undefined);
    expect(await root.start(words, 'install.sh', ['--not-running']).done).toMatchObject({ code: 0 });
    const text = root.read(JOURNAL) ?? '';
    expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
    const { entries } = await readJournal(createRootHost(root.directory));
    expect(entries).toMatchObject([{ configured: [{ name: 'tool', version: '2', arch: 'amd64' }] }]);
    expect(await root.start(words, 'install.sh', ['--undo']).done).toMatchObject({ code: 0 });
    expect(root.packages()).toBe('tool 2 deinstall ok config-files\n');
    expect([root.read('etc/tool.conf'), root.read('etc/other.conf')]).toEqual(['edited\n', null]);
  });

  test('undo where nothing was installed leaves nothing', async () => {
    carry(good);
    const words = shell.filter((word) => word !== undefined);
    const result = await root.start(words, 'install.sh', ['--undo']).done;
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toContain('nothing that this bundle installed');
    expect(existsSync(join(root.directory, 'var/lib/tapprep'))).toBe(false);
  });

  test('with --json a failure before there is a report is an error as tapprep prints it', async () => {
    carry(good);
    const words = shell.filter((word) => word !== undefined);
    const fail = async (...args: readonly string[]): Promise<unknown> => {
      const { code, stdout } = await root.start(words, 'install.sh', [...args, '--json']).done;
      const { error } = JSON.parse(stdout) as { error: { code: string; message: string; exit: number } };
      expect(faultsOf('error', { error })).toEqual([]);
      return { status: code, ...error };
    };
    const odd = '--"od\\d"\t\n';
    expect(await fail(`${odd}ö`)).toMatchObject({
      status: 2,
      exit: 2,
      code: 'USAGE',
      message: `${odd}?? is no option of it; --help lists them`,
    });
    expect(await fail('--keyring', '/nowhere')).toMatchObject({ status: 4, exit: 4, code: 'UNSIGNED' });
    expect(await fail()).toMatchObject({ status: 1, exit: 1, code: 'WRONG_TARGET' });
    for (const part of ['packages', 'start']) {
      rmSync(join(root.directory, root.place, `sh/${part}.sh`));
      expect(await fail('--check')).toMatchObject({ status: 4, exit: 4, code: 'BAD_BUNDLE' });
    }
  });

  test('refuses what was altered, whichever file it is', async () => {
    carry(good);
    const words = shell.filter((word) => word !== undefined);
    for (const name of [
      'manifest.json',
      'bundle.txt',
      'target.json',
      'SHA256SUMS',
      'packages/make_4.3-4_amd64.deb',
      'sh/proof.sh',
    ]) {
      const path = join(root.directory, root.place, name);
      const bytes = readFileSync(path);
      const spoiled = Buffer.from(bytes);
      const at = Math.floor(bytes.length / 2);
      // A letter of a comment or of a value: the shell still reads the text.
      spoiled.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      writeFileSync(path, spoiled);
      const result = await root.start(words, 'install.sh', ['--not-running']).done;
      expect([name, result.code]).toEqual([name, 4]);
      writeFileSync(path, bytes);
    }
    assertUntouched();
  });
});

test('its errors end as those of tapprep do', () => {
  const folder = join(import.meta.dirname, '../../../src/bundle');
  const texts = globSync(`${folder}/{,sh/}*.sh`).map((path) => readFileSync(path, 'utf8'));
  const found = texts.flatMap((text) =>
    [...text.matchAll(/^(?!#).*\bfail ([A-Z]\w+)/gm)].map(([, code]) => code ?? ''),
  );
  const codes = [...new Set(found)];
  const tell = `. "$0/sh/start.sh"; for code in "$@"; do status=none; status_of "$code"; echo "$status"; done`;
  const told = execFileSync('sh', ['-c', tell, folder, ...codes], { encoding: 'utf8' });
  const exits = codes.map((code) => String(exitCodeOf(new TapprepError(code as ErrorCode, ''))));
  expect(codes.length).toBeGreaterThan(10);
  expect(told.trim().split('\n')).toEqual(exits);
});

describe('the target', () => {
  const cases: readonly (readonly [string, (directory: string) => void, string])[] = [
    [
      'another distribution',
      (directory) => osRelease(directory, 'ID=ubuntu\nVERSION_ID="22.04"\n'),
      'made for debian, and this system is ubuntu',
    ],
    [
      'another release of it',
      (directory) => osRelease(directory, "ID=debian\nVERSION_ID='12'\n"),
      'made for debian 11, and this system is debian 12',
    ],
    [
      'an old system that is another',
      (directory) => {
        rmSync(join(directory, 'etc/os-release'));
        writeFileSync(join(directory, 'etc/redhat-release'), 'CentOS release 6.10 (Final)\n');
      },
      'this system is centos',
    ],
  ];
  test.each(cases)('%s is refused', async (_name, change, words) => {
    carry(good);
    change(root.directory);
    const result = await root.run('install.sh', ['--not-running']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(words);
    assertUntouched();
  });

  test('a kernel that does not run is refused with both sides', async () => {
    carry(good);
    const result = await root.run('install.sh', []);
    expect(result.code).toBe(1);
    const running = execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim();
    expect(result.stderr).toContain(`made for kernel ${release}, and ${running} runs here`);
    expect(result.stderr).toContain('--not-running installs for it all the same');
    assertUntouched();
  });

  test('in a chroot whose kernel is not installed, the same line with --not-running is named', async () => {
    carry(good);
    rmSync(join(root.directory, 'lib/modules', release), { recursive: true, force: true });
    const result = await root.run('install.sh', ['--keep']);
    expect(result.code).toBe(1);
    expect(result.stderr).not.toContain('installed here but does not run');
    expect(result.stderr).toMatch(
      /^ {2}try: sh \S*install\.sh --not-running --keep {4}# in a chroot or an image, whose own kernel does not run$/m,
    );
    assertUntouched();
  });

  test('another architecture is refused even by force', async () => {
    const tar = join(lab.directory, 'arm.tar');
    await writeRealBundle(tar, packages, { target: { ...SAMPLE_TARGET, arch: 'aarch64', packageArch: 'arm64' } });
    carry(tar);
    const result = await root.run('install.sh', ['--not-running', '--force-other-target-unsafe']);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/made for aarch64, and this machine is \w+/);
    assertUntouched();
  });

  test('a distribution that differs is gone past only by the switch that says so', async () => {
    carry(good);
    osRelease(root.directory, 'ID=devuan\n');
    expect(await root.run('install.sh', ['--not-running', '--force-other-target-unsafe'])).toMatchObject({ code: 0 });
  });

  test('another build of the same release is refused', async () => {
    const running = execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim();
    const tar = join(lab.directory, 'build.tar');
    await writeRealBundle(tar, packages, {
      target: { ...SAMPLE_TARGET, release: running, unameV: '#1 SMP somebody else' },
    });
    root = new BundleRoot();
    execFileSync('tar', ['-C', join(root.directory, 'carried'), '-xf', tar]);
    const argv = ['chroot', root.directory, 'dash', `/carried/tapprep-${running}/install.sh`];
    const result = await runLocally(argv);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('made for the build "#1 SMP somebody else", and the running kernel is "');
    assertUntouched();
  });
});

function osRelease(directory: string, text: string): void {
  writeFileSync(join(directory, 'etc/os-release'), text);
}

describe('programs that are missing', () => {
  test('without sha256sum another program computes the digests', async () => {
    carry(good);
    takeAway('sha256sum');
    // busybox is still there.
    expect(await root.run('install.sh', ['--check', '--not-running'])).toMatchObject({ code: 0 });
  });

  test('without any of them it refuses and names what it looked for', async () => {
    carry(good);
    takeAway('sha256sum', 'busybox', 'ash');
    const result = await root.run('install.sh', ['--not-running']);
    expect(result.code).toBe(6);
    expect(result.stderr).toContain(
      'looked for sha256sum, busybox, shasum, openssl, perl (Digest::SHA) and python (hashlib)',
    );
    assertUntouched();
  });

  test('a sha256sum that is broken is passed over', async () => {
    carry(good);
    writeFileSync(join(root.directory, 'usr/bin/sha256sum'), '#!/bin/sh\necho nonsense\n', { mode: 0o755 });
    expect(await root.run('install.sh', ['--check', '--not-running'])).toMatchObject({ code: 0 });
  });

  test('what else is needed is named before anything is done', async () => {
    carry(good);
    takeAway('sed', 'mv');
    const result = await root.run('install.sh', ['--not-running']);
    expect(result.code).toBe(6);
    expect(result.stderr).toContain('needed and not found in PATH: mv sed');
    assertUntouched();
  });
});

/** Programs that give the digests elsewhere; each is asked for alone. */
test.each(['busybox', 'shasum', 'openssl', 'perl', 'python3'])('%s computes the same digest as sha256sum', (tool) => {
  root = new BundleRoot();
  const text = readFileSync('src/bundle/sh/common.sh', 'utf8');
  const script = join(root.directory, 'hash.sh');
  writeFileSync(script, `${text}\nprogram=x\nhash_by "$1" <"$2" && echo "$sum"\n`);
  const sum = execFileSync('sh', [script, tool, good], { encoding: 'utf8' }).trim();
  expect(sum).toBe(execFileSync('sha256sum', [good], { encoding: 'utf8' }).split(' ')[0]);
});

describe('signature', () => {
  let signed: string;

  beforeAll(async () => {
    signed = join(lab.directory, 'signed.tar');
    const env = { GNUPGHOME: gpg.directory };
    await writeRealBundle(signed, packages, { sign: (sums) => signText(sums, key.fingerprint, runLocally, env) });
  });

  test.each(['/root/mine.gpg', '/root/mine.asc'])('by a key of %s is accepted', async (keyring) => {
    carry(signed);
    withGpgv();
    expect(await root.run('install.sh', ['--check', '--not-running', '--keyring', keyring])).toMatchObject({ code: 0 });
  });

  test('by another key is refused', async () => {
    carry(signed);
    withGpgv();
    const result = await root.run('install.sh', ['--not-running', '--keyring', '/root/other.gpg']);
    expect(result.code).toBe(4);
    expect(result.stderr).toContain('SHA256SUMS is not signed by a key of /root/other.gpg');
    assertUntouched();
  });

  test('that is asked for and not there is refused', async () => {
    carry(good);
    withGpgv();
    const result = await root.run('install.sh', ['--not-running', '--keyring', '/root/mine.gpg']);
    expect(result.code).toBe(4);
    expect(result.stderr).toContain('the bundle is not signed');
    assertUntouched();
  });

  test('without gpgv is said not to be checkable', async () => {
    carry(signed);
    writeFileSync(join(root.directory, 'root/mine.gpg'), readFileSync(key.keyring));
    const result = await root.run('install.sh', ['--not-running', '--keyring', '/root/mine.gpg']);
    expect(result.code).toBe(6);
    assertUntouched();
  });
});

/** The configuration of "slow" ends now. */
function letGo(): void {
  writeFileSync(join(root.directory, 'go'), '');
}

/** As dpkg does when it is killed in the middle of a package. */
function leaveUnpacking(): void {
  mkdirSync(join(root.directory, UNPACKING));
  writeFileSync(join(root.directory, UNPACKING, 'control'), 'Package: slow\n');
}

describe('what goes wrong on the way', () => {
  test('no space: said with both sides, nothing changed', async () => {
    await carryWith('large', [{ file: build('large', '1', {}), name: 'large', version: '1', installedBytes: 9e11 }]);
    const result = await root.run('install.sh', ['--not-running']);
    expect(result.code).toBe(5);
    expect(result.stderr).toMatch(/the packages need \d+ KiB in \/usr, where \d+ KiB are free: nothing was changed/);
    assertUntouched();
  });

  test('a package that cannot be configured: all is taken away again', async () => {
    const file = build('broken', '1', { 'DEBIAN/postinst': '#!/bin/sh\necho no >&2\nexit 1\n' });
    await carryWith('broken', [{ file, name: 'broken', version: '1', wave: 2 }]);
    const result = await root.run('install.sh', ['--not-running']);
    expect(result.code).toBe(5);
    expect(result.stderr).toContain('what this run had installed was taken away again');
    expect(root.packages()).toBe('');
    expect(
      (await readJournal(createRootHost(root.directory))).entries.map(({ state, packages: left }) => [state, left]),
    ).toEqual([['removed', []]]);
  });

  test('hello world that fails: undone, and with --keep kept', async () => {
    const file = build('failing', '1', { 'usr/bin/stap': '#!/bin/sh\necho "ERROR: no such probe" >&2\nexit 1\n' });
    await carryWith('failing', [{ file, name: 'failing', version: '1', role: 'systemtap' }], ['systemtap']);
    const result = await root.run('install.sh', ['--not-running']);
    expect(result.code).toBe(1);
    expect(root.packages()).toBe('');
    const report = JSON.parse(root.read(REPORT) ?? '') as {
      undone: boolean;
      verify: { steps: { status: string; reason: string }[] };
    };
    expect(report.undone).toBe(true);
    expect(report.verify.steps.at(-1)).toMatchObject({
      status: 'fail',
      reason: expect.stringContaining('ERROR: no such probe') as string,
    });

    expect((await root.run('install.sh', ['--not-running', '--keep'])).code).toBe(1);
    expect(root.packages()).toContain('failing 1 install ok installed');
    expect(await root.run('install.sh', ['--undo'])).toMatchObject({ code: 0 });
    expect(root.packages()).toBe('');
  });

  const slow = { 'DEBIAN/postinst': '#!/bin/sh\n: >/slow\nwhile [ ! -e /go ]; do sleep 0.1; done\n: >/slept\n' };

  /** @param isBare without a program that gives a session of its own */
  async function startSlow(name: string, isBare = false): Promise<ReturnType<BundleRoot['start']>> {
    await carryWith(name, [{ file: build('slow', '1', slow), name: 'slow', version: '1', wave: 1 }]);
    if (isBare) takeAway('setsid');
    const started = root.start(['dash'], 'install.sh', ['--not-running']);
    for (let tries = 0; !existsSync(join(root.directory, 'slow')) && tries < 1200; tries += 1) await sleep(50);
    return started;
  }

  test('killed in the middle: the next run goes on, and undo takes all of it', async () => {
    const { child, done } = await startSlow('killed');
    // dpkg is in a session of its own by now.
    killAll(child.pid ?? 0);
    await done;
    expect(root.read(JOURNAL)).toContain('"state": "started"');
    expect(root.packages()).toContain('slow 1 install ok half-configured');
    // Its configuration ends at once this time.
    writeFileSync(join(root.directory, 'var/lib/dpkg/info/slow.postinst'), '#!/bin/sh\n', { mode: 0o755 });
    leaveUnpacking();
    const next = await root.run('install.sh', ['--not-running']);
    expect(next).toMatchObject({ code: 0 });
    expect(next.stderr).toContain('going on from what it left');
    expect(root.packages().match(/install ok installed/g)).toHaveLength(6);
    expect(existsSync(join(root.directory, UNPACKING))).toBe(false);
    const { entries } = await readJournal(createRootHost(root.directory));
    expect(entries.map(({ state }) => state)).toEqual(['done']);
    expect(await root.run('install.sh', ['--undo'])).toMatchObject({ code: 0 });
    expect(root.packages()).toBe('');
  });

  test('killed in the middle: undo at once takes all of it', async () => {
    const { child, done } = await startSlow('killed-undone');
    killAll(child.pid ?? 0);
    await done;
    leaveUnpacking();
    expect(await root.run('install.sh', ['--undo'])).toMatchObject({ code: 0 });
    expect(root.packages()).toBe('');
    expect(existsSync(join(root.directory, UNPACKING))).toBe(false);
    expect(readdirSync(join(root.directory, 'var/lib/tapprep'))).toEqual(['journal.json']);
  });

  test('undo finishes an undo that was killed', async () => {
    carry(good);
    expect(await root.run('install.sh', ['--not-running'])).toMatchObject({ code: 0 });
    const status = join(root.directory, 'var/lib/dpkg/status');
    // What dpkg --purge goes through on its way.
    const text = readFileSync(status, 'utf8').replace('Status: install ok installed', 'Status: purge ok config-files');
    writeFileSync(status, text);
    expect(root.packages()).toContain('purge ok config-files');
    expect(await root.run('install.sh', ['--undo'])).toMatchObject({ code: 0 });
    expect(root.packages()).toBe('');
  });

  test('interrupted: undone, exit 130', async () => {
    const { child, done } = await startSlow('interrupted');
    // As a terminal does: to the whole group.
    process.kill(-(child.pid ?? 0), 'SIGINT');
    letGo();
    expect(await done).toMatchObject({ code: 130 });
    expect(root.packages()).toBe('');
    expect(existsSync(join(root.directory, 'var/lib/tapprep/install.lock'))).toBe(false);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s to the script alone: dpkg comes to its end, all is undone, exit %i', async (signal, code) => {
    const { child, done } = await startSlow(signal, signal === 'SIGHUP');
    child.kill(signal);
    // A closed session sends it twice.
    if (signal === 'SIGHUP') child.kill(signal);
    letGo();
    const result = await done;
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(`stopped by ${signal}`)]);
    expect(result.stderr).not.toContain('ended at once');
    expect(existsSync(join(root.directory, 'slept'))).toBe(true);
    expect(root.packages()).toBe('');
    expect((await readJournal(createRootHost(root.directory))).entries.map(({ state }) => state)).toEqual(['removed']);
    expect(readdirSync(join(root.directory, 'var/lib/tapprep'))).toEqual(['journal.json']);
  });

  test('a second install at the same time is refused', async () => {
    const { child, done } = await startSlow('twice');
    const second = await root.run('install.sh', ['--not-running']);
    expect(second.code).toBe(5);
    expect(second.stderr).toContain('another install works here, process ');
    // Nothing shows that process in a chroot without /proc, so no command is told.
    expect(existsSync(join(root.directory, 'proc/self'))).toBe(false);
    expect(second.stderr).not.toContain('try:');
    process.kill(-(child.pid ?? 0), 'SIGINT');
    letGo();
    await done;
  });

  test('a lock of another PID namespace is refused, and the command that is told takes it away', async () => {
    carry(good);
    const lock = join(root.directory, 'var/lib/tapprep/install.lock');
    mkdirSync(dirname(lock), { recursive: true });
    symlinkSync('77:7:00000000-0000-4000-8000-000000000000:1', lock);
    const refused = await root.run('install.sh', ['--not-running']);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('process 77 of a container, or of the system around this one: wait for it');
    const command = /try: (.*)/.exec(refused.stderr)?.[1] ?? '';
    expect(command).toMatch(/^rm .* # once nothing works there any more$/);
    execFileSync('chroot', [root.directory, 'sh', '-c', command]);
    expect(await root.run('install.sh', ['--not-running'])).toMatchObject({ code: 0 });
  });

  test('a version that would be replaced is refused, one that is newer is left', async () => {
    const older = build('libneeded', '0.9-1', {});
    const newer = build('make', '4.9-1', { 'usr/bin/make': '#!/bin/sh\n' });
    carry(good);
    for (const path of [older, newer]) {
      cpSync(path, join(root.directory, 'tmp/x.deb'));
      execFileSync('chroot', [root.directory, 'dpkg', '--install', '/tmp/x.deb'], { stdio: 'ignore' });
    }
    const before = root.packages();
    const refused = await root.run('install.sh', ['--not-running']);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('libneeded 0.9-1 -> 1.0-1');
    expect(root.packages()).toBe(before);

    const allowed = await root.run('install.sh', ['--not-running', '--allow-upgrade']);
    expect(allowed).toMatchObject({ code: 0 });
    expect(allowed.stderr).toContain('make 4.9-1 is there already, newer than 4.3-4: left as it is');
    const { entries } = await readJournal(createRootHost(root.directory));
    expect(entries[0]?.replaced).toEqual([{ name: 'libneeded', from: '0.9-1', to: '1.0-1' }]);
    expect(entries[0]?.packages.map(({ name }) => name).toSorted()).toEqual(['gcc', 'runtime', 'systemtap']);
  });

  test('a journal that is not as tapprep writes it: nothing is changed', async () => {
    carry(good);
    mkdirSync(join(root.directory, 'var/lib/tapprep'), { recursive: true });
    for (const text of [
      '{"schema":"tapprep-journal/1","entries":[]}\n',
      '{\n  "schema": "tapprep-journal/1",\n  "entries": [\n    {\n',
      'x\n',
    ]) {
      writeFileSync(join(root.directory, JOURNAL), text);
      const result = await root.run('install.sh', ['--not-running']);
      expect(result.code).toBe(5);
      expect(result.stderr).toContain('nothing can be added to it');
      expect(root.read(JOURNAL)).toBe(text);
    }
    expect(root.packages()).toBe('');
  });

  test('entries of others in the journal are kept as they are', async () => {
    carry(good);
    const entry = {
      at: '2026-01-01T00:00:00.000Z',
      tapprep: '1.0.0',
      release: 'other',
      state: 'done',
      packages: [{ name: 'a', version: '1', arch: 'all' }],
      replaced: [],
      files: ['/opt/tapprep/systemtap-5.1'],
    };
    const journal = {
      schema: 'tapprep-journal/1',
      entries: [entry, { ...entry, packages: [], state: 'removed', files: [] }],
    };
    mkdirSync(join(root.directory, 'var/lib/tapprep'), { recursive: true });
    writeFileSync(join(root.directory, JOURNAL), `${JSON.stringify(journal, null, 2)}\n`);
    expect(await root.run('install.sh', ['--not-running'])).toMatchObject({ code: 0 });
    expect(await root.run('install.sh', ['--undo'])).toMatchObject({ code: 0 });
    const { entries } = await readJournal(createRootHost(root.directory));
    expect(entries.slice(0, 2)).toEqual(journal.entries);
    expect(entries[2]).toMatchObject({ state: 'removed' });
  });

  test('an ordinary user is told so, before anything is changed', async () => {
    carry(good);
    execFileSync('chmod', ['755', root.directory]);
    const result = await runLocally([
      'chroot',
      '--userspec=1000:1000',
      root.directory,
      'dash',
      `${root.place}/install.sh`,
      '--not-running',
    ]);
    expect(result.exitCode).toBe(6);
    assertUntouched();
  });

  test('a temporary directory where nothing may be executed does no harm', async () => {
    carry(good);
    const script = `mount -t tmpfs -o noexec tmpfs "$1/tmp" && mount -t tmpfs -o noexec tmpfs "$1/var/tmp" && chroot "$1" dash "$2/install.sh" --not-running`;
    const result = await runLocally(['unshare', '--mount', 'sh', '-c', script, 'sh', root.directory, root.place]);
    expect(result).toMatchObject({ exitCode: 0 });
  });
});

test('shellcheck finds nothing in the scripts', () => {
  root = new BundleRoot();
  const scripts = ['install.sh', 'verify.sh', ...readdirSync('src/bundle/sh').map((name) => `sh/${name}`)];
  const role = ['bundle.sh', 'unpack.sh'].map((name) => join('ansible/roles/prepare/files', name));
  const findings = [...scripts.map((script) => join('src/bundle', script)), ...role].map((path) =>
    spawnSync('shellcheck', ['-x', path]).stdout.toString(),
  );
  expect(findings.join('')).toBe('');
});

test('--help tells the options, and what is no option is refused', async () => {
  carry(good);
  const help = await root.run('install.sh', ['--help']);
  expect(help.stdout).toContain('--not-running');
  expect((await root.run('install.sh', ['--frobnicate'])).code).toBe(2);
  expect((await root.run('install.sh', ['--keyring'])).code).toBe(2);
});

/** Takes programs out of a root for good. */
function takeAway(...names: readonly string[]): void {
  for (const name of names) rmSync(join(root.directory, 'usr/bin', name), { force: true });
}

function withGpgv(): void {
  for (const tool of ['gpgv', 'gpg']) {
    const libraries = execFileSync('ldd', [`/usr/bin/${tool}`], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
    for (const file of [`/usr/bin/${tool}`, ...Array.from(libraries, (match) => match[1] ?? '')]) {
      mkdirSync(dirname(join(root.directory, file)), { recursive: true });
      if (!existsSync(join(root.directory, file))) copyFileSync(file, join(root.directory, file));
    }
  }
  for (const [name, from] of [
    ['mine.gpg', key.keyring],
    ['mine.asc', key.armored],
    ['other.gpg', other.keyring],
  ] as const) {
    copyFileSync(from, join(root.directory, 'root', name));
  }
}

async function carryWith(name: string, more: readonly RealPackage[], without: readonly string[] = []): Promise<void> {
  const tar = join(lab.directory, `${name}.tar`);
  await writeRealBundle(tar, [...packages.filter((item) => !without.includes(item.name)), ...more]);
  carry(tar);
}
