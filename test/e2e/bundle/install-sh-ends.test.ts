/** How install.sh ends where something comes in between: signals, kills, full disks, and what was there before. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createRootHost } from '../../../src/host/root.ts';
import { readJournal, writeJournal } from '../../../src/install/journal.ts';
import { BundleRoot, removeTemplate } from '../../helpers/bundle-root.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { killAll } from '../../helpers/descendants.ts';
import { copyWithLibraries } from '../../helpers/dpkg-root.ts';
import { GpgHome } from '../../helpers/gpg.ts';
import { type RealPackage, writeRealBundle } from '../../helpers/sample-bundle.ts';

const lab = new DebLab(new GpgHome());
const JOURNAL = 'var/lib/tapprep/journal.json';
const REPORT = 'var/lib/tapprep/report.json';
const SHELLS: readonly (readonly string[])[] = [['dash'], ['busybox', 'sh'], ['bash', '--posix']];
/** A script of a package that waits until the test lets it go. */
const WAITS = '#!/bin/sh\n: >/slow\nwhile [ ! -e /go ]; do sleep 0.1; done\n';
let root: BundleRoot;

function build(
  name: string,
  version: string,
  files: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, string>> = {},
): string {
  const tree = join(lab.directory, `files-${name}-${version}-${Object.values(fields).join()}`);
  mkdirSync(tree, { recursive: true, mode: 0o755 });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true, mode: 0o755 });
    writeFileSync(join(tree, path), text, { mode: 0o755 });
  }
  return lab.build(name, version, fields, 'gzip', { tree });
}

/** Everything that a proof asks for; its stap fails. */
function failing(more: Readonly<Record<string, string>> = {}): RealPackage {
  const program = '#!/bin/sh\nexit 1\n';
  const files = {
    'usr/bin/stap': program,
    'usr/bin/staprun': program,
    'usr/bin/make': program,
    'usr/bin/gcc': program,
  };
  return { file: build('systemtap', '5', { ...files, ...more }), name: 'systemtap', version: '5', role: 'systemtap' };
}

async function carry(packages: readonly RealPackage[]): Promise<void> {
  const tar = join(lab.directory, 'bundle.tar');
  await writeRealBundle(tar, packages);
  root = new BundleRoot();
  root.unpack(tar);
}

afterEach(() => root.close());
afterAll(() => {
  removeTemplate();
  lab.close();
  lab.gpg.close();
});

async function untilSlow(): Promise<void> {
  for (let tries = 0; !existsSync(join(root.directory, 'slow')) && tries < 1200; tries += 1) await sleep(50);
}

/** What waits ends now. */
function letGo(): void {
  writeFileSync(join(root.directory, 'go'), '');
}

async function states(): Promise<readonly string[]> {
  return (await readJournal(createRootHost(root.directory))).entries.map(({ state }) => state);
}

test.each(SHELLS)('%s: a first signal during the undo: dpkg comes to its end, all is undone', async (...shell) => {
  await carry([failing(), { file: build('slow', '1', { 'DEBIAN/prerm': WAITS }), name: 'slow', version: '1' }]);
  const words = shell.filter((word) => word !== undefined);
  const { child, done } = root.start(words, 'install.sh', ['--not-running']);
  await untilSlow();
  child.kill('SIGTERM');
  await sleep(500);
  expect(child.exitCode).toBe(null);
  letGo();
  const { code, stderr } = await done;
  expect(stderr).toContain('SIGTERM: the package manager comes to its end first');
  expect(stderr).toContain('what this run had installed was taken away again');
  expect(code).toBe(143);
  expect(root.packages()).toBe('');
  expect(await states()).toEqual(['removed']);
  expect(JSON.parse(root.read(REPORT) ?? '')).toMatchObject({ undone: true });
  expect(existsSync(join(root.directory, 'var/lib/tapprep/install.lock'))).toBe(false);
});

function slow(): RealPackage {
  return { file: build('slow', '1', { 'DEBIAN/postinst': WAITS }), name: 'slow', version: '1', wave: 1 };
}

/**
 * @param script of gcc 10-2 or of "slow", in which it is killed
 * @param more beside gcc
 */
async function killed(script: 'gcc' | 'slow', more: readonly RealPackage[] = [slow()]): Promise<void> {
  const waits = script === 'gcc' ? { 'DEBIAN/preinst': WAITS } : {};
  const gcc = { 'usr/bin/gcc': '#!/bin/sh\n# new\n' };
  await carry([
    { file: build('gcc', '10-2', { ...gcc, ...waits }), name: 'gcc', version: '10-2', role: 'toolchain' },
    ...more,
  ]);
  cpSync(build('gcc', '9-1', { 'usr/bin/gcc': '#!/bin/sh\n' }), join(root.directory, 'tmp/x.deb'));
  execFileSync('chroot', [root.directory, 'dpkg', '--install', '/tmp/x.deb'], { stdio: 'ignore' });
  const { child, done } = root.start(['dash'], 'install.sh', ['--not-running', '--allow-upgrade']);
  await untilSlow();
  killAll(child.pid ?? 0);
  await done;
  letGo();
}

test('what somebody installed after a run that was killed before its package manager began stays', async () => {
  const own = { name: 'strace', version: '9-1', arch: 'amd64' };
  await carry([failing()]);
  cpSync(build('strace', '9-1', { 'usr/bin/strace': '#!/bin/sh\n' }), join(root.directory, 'tmp/x.deb'));
  execFileSync('chroot', [root.directory, 'dpkg', '--install', '/tmp/x.deb'], { stdio: 'ignore' });
  const killedOne = { at: '2026-11-29T10:00:00.000Z', tapprep: '0.1.0', release: '6.1.0-1-amd64' };
  await writeJournal(createRootHost(root.directory), {
    schema: 'tapprep-journal/1',
    entries: [{ ...killedOne, state: 'started', begun: false, packages: [own], replaced: [], files: [] }],
  });
  await root.run('install.sh', ['--not-running', '--keep']);
  const { entries } = await readJournal(createRootHost(root.directory));
  expect(entries).toMatchObject([{ state: 'done', packages: [{ name: 'systemtap' }] }]);
  expect(await root.run('install.sh', ['--undo'])).toMatchObject({ code: 0 });
  expect(root.packages()).toBe('strace 9-1 install ok installed\n');
});

describe('killed while it replaces a package that was there before', () => {
  const replaced = [{ name: 'gcc', from: '9-1', to: '10-2' }];

  test.each(['gcc', 'slow'] as const)('in %s: the journal says so, and undo leaves it', async (script) => {
    await killed(script);
    const { entries } = await readJournal(createRootHost(root.directory));
    expect(entries).toMatchObject([{ state: 'started', packages: [{ name: 'slow' }], replaced }]);
    expect(await root.run('install.sh', ['--undo'])).toMatchObject({ code: 0 });
    expect(root.packages()).toBe('gcc 10-2 install ok installed\n');
    expect(await states()).toEqual(['removed']);
  });

  test.each(['gcc', 'slow'] as const)('in %s: the next run goes on, and undo leaves it', async (script) => {
    await killed(script);
    await root.run('install.sh', ['--not-running', '--allow-upgrade', '--keep']);
    const { entries } = await readJournal(createRootHost(root.directory));
    expect(entries).toMatchObject([{ state: 'done', packages: [{ name: 'slow' }], replaced }]);
    expect(await root.run('install.sh', ['--undo'])).toMatchObject({ code: 0 });
    expect(root.packages()).toBe('gcc 10-2 install ok installed\n');
  });

  test('and adds nothing: the next run says so, and goes on', async () => {
    await killed('gcc', []);
    const again = await root.run('install.sh', ['--not-running', '--allow-upgrade', '--keep']);
    expect(again.stderr).toContain('an earlier install was cut off; going on from what it left');
    // Installed, and with no SystemTap in the bundle not proven.
    expect(again).toMatchObject({ code: 1 });
    expect(root.packages()).toBe('gcc 10-2 install ok installed\n');
  });

  test('and adds nothing: undo lets dpkg go on with it, and closes the journal', async () => {
    await killed('gcc', []);
    expect(await root.run('install.sh', ['--undo'])).toMatchObject({ code: 0 });
    expect(root.packages()).toBe('gcc 10-2 install ok installed\n');
    expect(await states()).toEqual(['removed']);
  });
});

/** The bundle, which has one behind the distribution's own. */
async function carryFolder(kibibytes: number, systemtap: RealPackage): Promise<void> {
  await carry([systemtap]);
  const at = join(root.directory, root.place);
  const added = { 'folders/s.tar.gz': 'x', 'folders/s.sums': '' };
  mkdirSync(join(root.directory, 'opt'));
  mkdirSync(join(at, 'folders'));
  for (const [name, text] of Object.entries(added)) writeFileSync(join(at, name), text);
  const text = readFileSync(join(at, 'bundle.txt'), 'utf8').replace(
    /^sums (\d+)$/m,
    (_, sums) => `sums ${Number(sums) + 2}`,
  );
  const folder = `folder systemtap-5.6 5.6 ${kibibytes} folders/s.tar.gz folders/s.sums debian/sid`;
  writeFileSync(join(at, 'bundle.txt'), `${text}${folder}\ntry distro\ntry systemtap-5.6\n`);
  const line = (name: string): string => {
    const sum = createHash('sha256')
      .update(readFileSync(join(at, name)))
      .digest('hex');
    return `${sum}  ${name}`;
  };
  const sums = readFileSync(join(at, 'SHA256SUMS'), 'utf8').replace(/^.* {2}bundle.txt$/m, line('bundle.txt'));
  writeFileSync(
    join(at, 'SHA256SUMS'),
    `${sums}${Object.keys(added)
      .map((name) => `${line(name)}\n`)
      .join('')}`,
  );
}

describe('a portable SystemTap that cannot be put in place', () => {
  const cases: readonly (readonly [string, number, number, string])[] = [
    ['no room', 999_999_999_999, 5, 'SystemTap 5.6 needs 999999999999 KiB in /opt, where '],
    ['another in its place', 100, 5, '/opt/tapprep/systemtap-5.6 is there already and was not made by tapprep'],
    ['no gzip', 100, 6, 'SystemTap 5.6 is unpacked by gzip, which is not in PATH'],
  ];
  test.each(cases)('%s: said before anything is changed', async (why, kibibytes, status, words) => {
    await carryFolder(kibibytes, failing());
    if (why === 'another in its place')
      mkdirSync(join(root.directory, 'opt/tapprep/systemtap-5.6'), { recursive: true });
    if (why !== 'no gzip') copyWithLibraries('/usr/bin/gzip', root.directory);
    for (const args of [['--check'], []]) {
      const { code, stderr } = await root.run('install.sh', ['--not-running', ...args]);
      expect(stderr).toContain(words);
      expect(stderr).toContain('nothing was changed');
      expect([code, root.packages(), existsSync(join(root.directory, JOURNAL))]).toEqual([status, '', false]);
    }
  });

  test('another came into its place meanwhile: all is undone', async () => {
    const came = { 'DEBIAN/postinst': '#!/bin/sh\nmkdir -p /opt/tapprep/systemtap-5.6\n' };
    await carryFolder(100, failing(came));
    copyWithLibraries('/usr/bin/gzip', root.directory);
    const { code, stderr } = await root.run('install.sh', ['--not-running']);
    expect(stderr).toContain('/opt/tapprep/systemtap-5.6 is there already and was not made by tapprep');
    expect(stderr).not.toContain('nothing was changed');
    expect([code, root.packages(), await states()]).toEqual([1, '', ['removed']]);
    expect(existsSync(join(root.directory, 'opt/tapprep/systemtap-5.6'))).toBe(true);
  });
});

test.each(SHELLS)('%s: nobody reads what it says any more: it goes on, proves and undoes', async (...shell) => {
  await carry([failing(), { file: build('slow', '1', { 'DEBIAN/postinst': WAITS }), name: 'slow', version: '1' }]);
  const words = shell.filter((word) => word !== undefined);
  const { child, done } = root.start(words, 'install.sh', ['--not-running']);
  await untilSlow();
  child.stderr?.destroy();
  child.stdout?.destroy();
  letGo();
  expect((await done).code).toBe(1);
  expect(root.packages()).toBe('');
  expect(await states()).toEqual(['removed']);
  expect(JSON.parse(root.read(REPORT) ?? '')).toMatchObject({ undone: true });
});

test('a full disk: the earlier report stays as it was, the new one is printed, and the disk is named', async () => {
  await carry([failing()]);
  expect((await root.run('install.sh', ['--not-running', '--keep'])).code).toBe(1);
  const script = `state=$1/var/lib/tapprep
mount -t tmpfs -o size=40k tmpfs "$state" && echo '{"earlier": true}' >"$state/report.json"
dd if=/dev/zero of="$state/fill" bs=1k count=100 2>/dev/null
chroot "$1" dash "$2/install.sh" --verify --not-running --json; echo $? && cat "$state/report.json" && ls "$state"`;
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script, 'sh', root.directory, root.place], {
    encoding: 'utf8',
  });
  expect(stderr).toContain('/var/lib/tapprep/report.json cannot be written: 0 KiB are free in /var/lib/tapprep');
  const [report = '', rest = ''] = stdout.split('\n}\n');
  expect(JSON.parse(`${report}\n}`)).toMatchObject({ verify: { ready: false, steps: [{ step: 'tools' }, {}, {}] } });
  expect(rest).toBe('1\n{"earlier": true}\nfill\nreport.json\n');
});

test('a dpkg that takes no NAME:ARCH, as before 1.16.2: what came is recorded and taken away', async () => {
  await carry([failing(), { file: build('make', '4', {}), name: 'make', version: '4', role: 'toolchain' }]);
  for (const [name, code] of [
    ['dpkg-query', 1],
    ['dpkg', 2],
  ] as const) {
    const path = join(root.directory, 'usr/bin', name);
    renameSync(path, `${path}.real`);
    const refuse = `for word; do case $word in -*|/*|./*|*'|'*) ;; *:*) exit ${code} ;; esac; done`;
    writeFileSync(path, `#!/bin/sh\n${refuse}\nexec /usr/bin/${name}.real "$@"\n`, { mode: 0o755 });
  }
  await root.run('install.sh', ['--not-running', '--keep']);
  const { entries } = await readJournal(createRootHost(root.directory));
  expect(entries[0]?.packages.map(({ name }) => name).toSorted()).toEqual(['make', 'systemtap']);
  expect(await root.run('install.sh', ['--undo'])).toMatchObject({ code: 0 });
  expect(root.packages()).toBe('');
});

test('the same package of another architecture beside it is no hindrance, and stays', async () => {
  const both = { 'Multi-Arch': 'same' };
  await carry([{ file: build('libboth', '1', {}, both), name: 'libboth', version: '1' }]);
  writeFileSync(join(root.directory, 'var/lib/dpkg/arch'), 'amd64\ni386\n');
  cpSync(build('libboth', '1', {}, { ...both, Architecture: 'i386' }), join(root.directory, 'tmp/x.deb'));
  execFileSync('chroot', [root.directory, 'dpkg', '--install', '/tmp/x.deb'], { stdio: 'ignore' });
  const before = readFileSync(join(root.directory, 'var/lib/dpkg/status'), 'utf8');
  await root.run('install.sh', ['--not-running', '--keep']);
  expect(root.packages().match(/installed/g)).toHaveLength(2);
  expect(await root.run('install.sh', ['--undo'])).toMatchObject({ code: 0 });
  expect(readFileSync(join(root.directory, 'var/lib/dpkg/status'), 'utf8')).toBe(before);
});
