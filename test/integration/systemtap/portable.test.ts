import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { assemblePortable } from '../../../src/systemtap/portable/assemble.ts';
import { readDebFiles } from '../../../src/systemtap/portable/deb-files.ts';
import { collectGuestStaprun } from '../../../src/systemtap/portable/guest.ts';
import type { PortableSystemtap } from '../../../src/systemtap/portable/kept.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { PortableLab, REQUEST } from '../../helpers/portable-lab.ts';

const WRAPPER = fileURLToPath(new URL('../../../src/systemtap/portable/wrapper.sh', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'tapprep portable '));
const lab = new PortableLab();
beforeAll(() => lab.open());
afterAll(async () => {
  rmSync(scratch, { recursive: true });
  await lab.close();
});

function kept(): readonly string[] {
  return readdirSync(join(lab.cacheDir, 'systemtap'));
}

/** Forgets what was made, and with `packages` what was downloaded too. */
function forget(packages = false): void {
  rmSync(packages ? lab.cacheDir : join(lab.cacheDir, 'systemtap'), { recursive: true, force: true });
}

async function assemble(): Promise<PortableSystemtap> {
  return assemblePortable(await lab.context(), REQUEST);
}

describe('made from the packages of a suite', () => {
  let portable: PortableSystemtap;
  beforeAll(async () => {
    portable = await assemble();
  });

  test('every file is traced to a package of the signed index, and nothing else is there', () => {
    const { manifest, directory } = portable;
    expect(manifest).toMatchObject({
      version: '5.1',
      packageVersion: '5.1-5',
      suite: 'lab',
      arch: 'x86_64',
      loader: 'ld-linux-x86-64.so.2',
    });
    const there = readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
      .filter((path) => path !== 'manifest.json');
    expect(manifest.files.map(({ path }) => path)).toEqual(there.toSorted());
    for (const { path, sha256, package: owner } of manifest.files) {
      expect(
        createHash('sha256')
          .update(readFileSync(join(directory, path)))
          .digest('hex'),
      ).toBe(sha256);
      expect(owner === null).toBe(path.startsWith('bin/'));
    }
    const owners = new Set(manifest.files.flatMap((file) => file.package ?? []));
    expect(manifest.packages.map(({ name }) => name)).toEqual([...owners].toSorted());
    for (const { fileName, sha256, signer, index } of manifest.packages) {
      const bytes = readFileSync(join(lab.debs.directory, 'whole/pool', fileName));
      expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect([signer, index]).toEqual([lab.key.fingerprint, `${lab.server.url}whole/dists/lab/InRelease`]);
    }
  });

  test('it has the programs, the libraries that they need, and the terms of all of them', () => {
    const paths = portable.manifest.files.map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith('lib'))).toEqual([
      'lib/ld-linux-x86-64.so.2',
      'lib/libc.so.6',
      'lib/libdeep.so.2',
      'lib/libgcc_s.so.1',
      'lib/libgreet.so.1',
      'libexec/stap',
      'libexec/stapio',
      'libexec/staprun',
    ]);
    expect(paths).toContain('share/doc/greet-base/copyright');
    expect(paths).toContain('share/doc/libc6/copyright');
    expect(paths).toContain('share/common-licenses/GPL-2');
    expect(paths).toContain('share/systemtap/tapset/same.stp');
    expect(paths.filter((path) => /man1|stap-prep/.test(path))).toEqual([]);
  });

  test('nothing in it is a link or setuid, and the kernel that its C library needs is known', () => {
    for (const { path } of portable.manifest.files) {
      const status = lstatSync(join(portable.directory, path));
      expect([status.isFile(), status.mode & 0o7022]).toEqual([true, 0]);
    }
    const note = execFileSync('readelf', ['-n', join(portable.directory, 'lib/libc.so.6')], { encoding: 'utf8' });
    expect(portable.manifest.minimumKernel).toBe(/ABI: ([0-9.]+)/.exec(note)?.[1]);
  });

  test('packages that hold no library are not even fetched', () => {
    expect(lab.server.requests.filter((line) => /make_|python3_/.test(line))).toEqual([]);
  });

  test('a second time it comes from the cache: the same folder, and no request', async () => {
    const before = lab.server.requests.length;
    const again = await assemble();
    expect(again.directory).toBe(portable.directory);
    expect(lab.server.requests.length).toBe(before);
  });

  test('the guest gets what runs staprun, all of it below the prefix, and starts it as the folder does', async () => {
    const guest = await collectGuestStaprun(portable, '/opt/stap');
    expect(guest.files.map(({ path }) => path).toSorted()).toEqual([
      '/opt/stap/lib/ld-linux-x86-64.so.2',
      '/opt/stap/lib/libc.so.6',
      '/opt/stap/lib/libdeep.so.2',
      '/opt/stap/lib/libgcc_s.so.1',
      '/opt/stap/lib/libgreet.so.1',
      '/opt/stap/libexec/stapio',
      '/opt/stap/libexec/staprun',
    ]);
    expect(guest.starters.map(({ path }) => path)).toEqual(['/opt/stap/bin/staprun', '/opt/stap/bin/stapio']);
    expect(guest.argv).toEqual(['/opt/stap/bin/staprun']);
  });

  test('the memory of what was unpacked is not left behind', () => {
    expect(kept()).toEqual([portable.directory.split('/').at(-1)]);
  });
});

/** Runs a program of the folder and returns its lines. */
function run(shell: readonly string[], program: string, args: readonly string[], cwd = '/'): readonly string[] {
  const [first = '', ...rest] = [...shell, program, ...args];
  const result = spawnSync(first, rest, {
    cwd,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', TMPDIR: '/tmp', CDPATH: '/usr' },
  });
  expect(result.stderr).toBe('');
  expect(result.status).toBe(0);
  return result.stdout.trim().split('\n');
}

describe('the wrapper', () => {
  const SHELLS = [['dash'], ['busybox', 'sh'], ['bash', '--posix']];
  /** Each a place of its own, all of them awkward. */
  const PLACES = ['plain', 'with blank', "quote'd", 'Ünï \\ *'];
  beforeAll(async () => {
    const { directory } = await assemble();
    for (const place of PLACES) cpSync(directory, join(scratch, place, 'x'), { recursive: true });
  });

  test('shellcheck finds nothing', () => {
    expect(spawnSync('shellcheck', ['-s', 'sh', WRAPPER], { encoding: 'utf8' }).stdout).toBe('');
  });

  test.each(SHELLS.flatMap((shell) => PLACES.map((place) => ({ shell, place }))))(
    '$shell in a folder named $place',
    ({ shell, place }) => {
      const home = join(scratch, place, 'x');
      const [words, runtime = '', , staprun, stapio, ...args] = run(shell, join(home, 'bin/stap'), ['-e', 'a  b', '*']);
      expect(words).toBe('hello from the deep');
      // The path has blanks, which the shell that staprun removes its module by would split at.
      expect([staprun, stapio]).toEqual(['staprun=staprun', `stapio=${home}/bin/stapio`]);
      expect(args).toEqual(['argument=-e', 'argument=a  b', 'argument=*']);
      // The blank of the scratch directory is in every one of these paths.
      expect(runtime).toMatch(/^runtime=\/tmp\/tapprep-stap-\d+\/home\/share\/systemtap\/runtime$/);
      expect(readdirSync('/tmp').filter((name) => name === runtime.split('/')[2])).toEqual([]);
    },
  );

  test('a path without blanks is used as it is', () => {
    const plain = mkdtempSync(join(tmpdir(), 'tapprep-plain-'));
    cpSync(join(scratch, 'plain/x'), plain, { recursive: true });
    expect(run([], join(plain, 'bin/stap'), [])[1]).toBe(`runtime=${plain}/share/systemtap/runtime`);
    rmSync(plain, { recursive: true });
  });

  test('by a link in another directory, by a relative path, and by PATH', () => {
    const home = join(scratch, 'plain/x');
    const links = join(scratch, 'links');
    mkdirSync(links);
    symlinkSync(join(home, 'bin/staprun'), join(links, 'first'));
    symlinkSync('first', join(links, 'my-staprun'));
    expect(run([], join(links, 'my-staprun'), [])[3]).toBe('staprun=staprun');
    expect(run([], './bin/staprun', [], home)[3]).toBe('staprun=staprun');
    const byName = spawnSync('sh', ['-c', 'staprun x'], {
      encoding: 'utf8',
      env: { PATH: `${home}/bin:/usr/bin:/bin` },
    });
    expect(byName.stdout).toContain('staprun=staprun');
  });

  test('what it starts sees nothing of its loader and its libraries', () => {
    const home = join(scratch, 'plain/x');
    const [variables = '', maps] = run([], join(home, 'bin/staprun'), [
      'run',
      'env | grep -c ^LD_ || cat /proc/self/maps | grep -c plain/x || :',
    ]).slice(0);
    expect([variables, maps]).toEqual(['0', '0']);
  });

  test('the exit status is that of the program, whichever way it was started', () => {
    for (const name of ['stap', 'staprun']) {
      expect(spawnSync(join(scratch, 'with blank/x/bin', name), ['fail']).status).toBe(7);
    }
  });

  test('a path that the loader cannot take, and a folder that lost a file, are named', () => {
    const bad = join(scratch, 'a:b');
    cpSync(join(scratch, 'plain/x'), bad, { recursive: true });
    expect(spawnSync(join(bad, 'bin/stap'), [], { encoding: 'utf8' })).toMatchObject({
      status: 127,
      stderr: `stap: the folder ${bad} has a ':', ';' or '$' in its path, which the loader cannot take\n`,
    });
    const broken = join(scratch, 'broken');
    cpSync(join(scratch, 'plain/x'), broken, { recursive: true });
    rmSync(join(broken, 'libexec/stap'));
    expect(spawnSync(join(broken, 'bin/stap'), [], { encoding: 'utf8' })).toMatchObject({
      status: 127,
      stderr: `stap: the folder ${broken} is not complete\n`,
    });
  });
});

describe('what is not as it should be', () => {
  beforeEach(() => forget());

  test('an altered package is refused and nothing is kept', async () => {
    forget(true);
    const deb = 'pool/libdeep2_2-1_amd64.deb';
    const bytes = readFileSync(join(lab.debs.directory, 'whole', deb));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 20) ^ 1, bytes.length - 20);
    lab.server.override(`/whole/${deb}`, (_, response) => response.end(bytes));
    const error = await failureOf(assemble());
    lab.server.override(`/whole/${deb}`, null);
    expect(error.code).toBe('DIGEST_MISMATCH');
    expect(kept()).toEqual([]);
    // The next run has what it needs.
    expect((await assemble()).manifest.version).toBe('5.1');
  });

  test('a file that was altered in the cache: made anew, with a warning', async () => {
    const first = await assemble();
    appendFileSync(join(first.directory, 'lib/libdeep.so.2'), 'x');
    const second = await assemble();
    expect(second.directory).toBe(first.directory);
    expect(lab.events.filter((event) => event.type === 'note' && event.level === 'warning')).toEqual([
      { type: 'note', level: 'warning', text: expect.stringContaining('libdeep.so.2') },
    ]);
    expect(execFileSync(join(second.directory, 'bin/stapio'), { encoding: 'utf8' })).toContain('hello from the deep');
  });

  test('a folder with the wrapper of another version of tapprep is not taken', async () => {
    const first = await assemble();
    const manifest = JSON.parse(readFileSync(join(first.directory, 'manifest.json'), 'utf8')) as typeof first.manifest;
    const files = manifest.files.map((file) => (file.path === 'bin/stap' ? { ...file, sha256: 'f'.repeat(64) } : file));
    writeFileSync(join(first.directory, 'manifest.json'), JSON.stringify({ ...manifest, key: 'older', files }));
    renameSync(first.directory, `${first.directory}x`);
    expect((await assemble()).directory).toBe(first.directory);
    expect(kept()).toHaveLength(2);
  });

  test('a suite without SystemTap', async () => {
    const context = await lab.context();
    const error = await failureOf(
      assemblePortable({ ...context, findRepositories: () => Promise.resolve([]) }, REQUEST),
    );
    expect(error.code).toBe('NO_REPOSITORY');
  });

  test('a path that leads out of the package is passed over', async () => {
    const tree = join(scratch, 'hostile');
    mkdirSync(join(tree, 'usr/share/systemtap/tapset'), { recursive: true });
    writeFileSync(join(tree, 'usr/share/systemtap/tapset/good.stp'), 'good');
    const packed = join(scratch, 'data.tar');
    const rename = 's,good.stp$,../../../../../good.stp,';
    execFileSync('tar', ['-C', tree, '-cf', packed, 'usr/share/systemtap/tapset/good.stp']);
    execFileSync('tar', ['-C', tree, '-rPf', packed, `--transform=${rename}`, 'usr/share/systemtap/tapset/good.stp']);
    writeFileSync(join(scratch, 'debian-binary'), '2.0\n');
    execFileSync('tar', ['-C', scratch, '-cf', join(scratch, 'control.tar'), 'debian-binary']);
    execFileSync('ar', ['rc', 'hostile.deb', 'debian-binary', 'control.tar', 'data.tar'], { cwd: scratch });
    const { files } = await readDebFiles(join(scratch, 'hostile.deb'), () => true, scratch);
    expect([...files.keys()]).toEqual(['usr/share/systemtap/tapset/good.stp']);
  });
});

describe('other suites', () => {
  beforeEach(() => forget(true));

  test('a library that none of the dependencies has is named with who needs it', async () => {
    const error = await failureOf(assemblePortable(await lab.context('partial'), REQUEST));
    expect([error.code, error.message]).toEqual([
      'BAD_PACKAGE',
      'libgreet1 needs libdeep.so.2, which none of its dependencies has',
    ]);
  });

  test('an expired index is refused unless it is allowed', async () => {
    expect((await failureOf(assemblePortable(await lab.context('expired'), REQUEST))).code).toBe('EXPIRED_RELEASE');
    const allowed = await lab.context('expired', { allowExpiredRelease: true });
    expect((await assemblePortable(allowed, REQUEST)).manifest.version).toBe('5.1');
  });
});
