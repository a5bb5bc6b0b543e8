/** The one file for hosts without Node: what it does before its Node runs, and that its commands are those of tapprep. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chownSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireCache } from '../../src/files/cache-mark.ts';
import { OLDER_CACHES, OTHERS, putName } from '../helpers/cache-samples.ts';
import { copyWithLibraries, makeProgramRoot } from '../helpers/dpkg-root.ts';
import { faultsOf } from '../helpers/schema.ts';

const repository = join(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'e2e-single-'));
const single = join(work, 'tapprep');
/** The same without what is packed behind the script. */
const cut = join(work, 'cut');
const MARK = ['Signature: 8a477f597d28d172789f06886806bc55', '# a cache of tapprep'];
let count = 0;

beforeAll(() => {
  // Packed fast, not small.
  execFileSync(process.execPath, ['scripts/build-single.js', '1'], { cwd: repository, stdio: 'ignore' });
  copyFileSync(join(repository, 'dist-single/tapprep'), single);
  const [script = ''] = readFileSync(single, 'latin1').split('\n\n\n\n', 1);
  writeFileSync(cut, `${script}\n`, 'latin1');
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

function freshCache(): string {
  count += 1;
  return join(work, `cache-${count}`);
}

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(argv: readonly string[], cache: string, path = '/usr/sbin:/usr/bin:/sbin:/bin'): Outcome {
  const [program = '', ...args] = argv;
  return spawnSync(program, args, { encoding: 'utf8', env: { PATH: path, TAPPREP_CACHE_DIR: cache, HOME: work } });
}

/** What was unpacked, whole or not. */
function unpacked(cache: string): readonly string[] {
  const directory = join(cache, 'program');
  return existsSync(directory) ? readdirSync(directory) : [];
}

test.each([['dash'], ['busybox', 'sh'], ['bash', '--posix']])('runs by %s %s, and unpacks once', (...shell) => {
  const words = shell.filter((word) => word !== undefined);
  const cache = freshCache();
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
  expect(run([...words, single, '--version'], cache)).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  const [name = ''] = unpacked(cache);
  // What is left in its place is used, not made again.
  writeFileSync(join(cache, 'program', name, 'seen'), '');
  expect(run([...words, single, '--version'], cache)).toMatchObject({ status: 0, stdout: `${version}\n` });
  expect(unpacked(cache)).toEqual([name]);
  expect(existsSync(join(cache, 'program', name, 'seen'))).toBe(true);
});

test('cache clean removes the other versions of the file, and not the one that runs', () => {
  const cache = freshCache();
  expect(run([single, '--version'], cache).status).toBe(0);
  const own = unpacked(cache);
  for (const name of ['0.0.9-0123456789abcdef/bin/', '0.0.9-0123456789abcdef.4711/node', 'mycode/a.c'])
    putName(join(cache, 'program'), name);
  // By a link, too: the program is started by the path without links.
  symlinkSync(cache, `${cache}-link`);
  expect(run([single, 'cache', 'clean'], `${cache}-link`).status).toBe(0);
  expect(unpacked(cache).toSorted()).toEqual([...own, 'mycode'].toSorted());
  expect(existsSync(join(cache, 'program/mycode/a.c'))).toBe(true);
});

test('commands, data and scripts are those of tapprep, without any Node in PATH', () => {
  const cache = freshCache();
  const installed = [process.execPath, join(repository, 'bin/tapprep.js')];
  for (const args of [
    ['names', '--distro', 'centos:6.8', '--kernel', '2.6.32-642.el6.x86_64'],
    ['scripts', 'list'],
    ['mirrors', 'list'],
    ['explain', 'DEVEL_VENDOR_MISMATCH'],
    ['frobnicate'],
  ]) {
    const [one, other] = [run([single, ...args], cache), run([...installed, ...args], cache)];
    expect([one.status, one.stdout]).toEqual([other.status, other.stdout]);
  }
  expect(JSON.parse(run([single, 'detect', '--json'], cache).stdout)).toHaveProperty('facts');
});

describe('the first line tells why it cannot run, and nothing is left:', () => {
  const ELSEWHERE = /use "tapprep bundle", which makes one tar with an install\.sh, or "tapprep install --host"/;

  test.each([
    ['getconf', '#!/bin/sh\necho glibc 2.12\n', '2.12'],
    ['getconf', '#!/bin/sh\necho glibc 2.17\n', '2.17'],
    ['ldd', '#!/bin/sh\necho "ldd (GNU libc) 2.5"\necho Copyright\n', '2.5'],
  ])('an older glibc, as %s tells it', (tool, text, version) => {
    const path = join(work, `old-${version}`);
    mkdirSync(path);
    writeFileSync(join(path, 'getconf'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    writeFileSync(join(path, tool), text, { mode: 0o755 });
    const cache = freshCache();
    const result = run([single, 'doctor'], cache, `${path}:/usr/bin:/bin`);
    const [first = ''] = result.stderr.split('\n');
    expect(first).toContain(`this file needs glibc 2.28 or newer, but this host has glibc ${version}: `);
    expect(first).toMatch(ELSEWHERE);
    expect(result.status).toBe(6);
    expect(unpacked(cache)).toEqual([]);
  });

  test('no glibc at all', () => {
    const root = join(work, 'busybox-root');
    for (const directory of ['bin', 'dev']) mkdirSync(join(root, directory), { recursive: true });
    execFileSync('mknod', ['-m', '666', join(root, 'dev/null'), 'c', '1', '3']);
    copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
    execFileSync('chroot', [root, '/bin/busybox', '--install', '-s', '/bin']);
    copyFileSync(single, join(root, 'tapprep'));
    const result = run(['/usr/sbin/chroot', root, '/bin/sh', '/tapprep', 'doctor'], '/cache', '/bin');
    expect(result.stderr.split('\n')[0]).toContain('this host has none that starts its Node');
    expect(result.stderr.split('\n')[0]).toMatch(ELSEWHERE);
    expect(result.status).toBe(6);
    expect(unpacked(join(root, 'cache'))).toEqual([]);
  });

  test('a library that its Node needs', () => {
    const root = join(work, 'no-libstdc++');
    mkdirSync(root);
    makeProgramRoot(root);
    for (const program of ['gzip', 'getconf']) copyWithLibraries(`/usr/bin/${program}`, root);
    // All of Node's libraries but those of C++.
    const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
    for (const [, library = ''] of libraries) if (!/libstdc|libgcc/.test(library)) copyWithLibraries(library, root);
    for (const library of globSync('usr/lib/**/lib{stdc,gcc}*', { cwd: root })) rmSync(join(root, library));
    copyFileSync(single, join(root, 'tapprep'));
    const result = run(['/usr/sbin/chroot', root, '/bin/sh', '/tapprep', 'doctor'], '/cache', '/usr/bin');
    expect(result.stderr.split('\n')).toEqual([
      expect.stringMatching(
        /^tapprep: TOOL_MISSING: this file needs lib(?:stdc\+\+|gcc_s)\.so\.\d, but this host has no such library$/,
      ),
      '  install libstdc++ and libgcc; Debian calls them libstdc++6 and libgcc-s1',
      '',
    ]);
    expect(result.status).toBe(6);
    expect(unpacked(join(root, 'cache'))).toEqual([]);
  });

  test.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1000)],
    ['altered in its Node', (bytes: Buffer) => flip(bytes, 1e6)],
    ['altered in its program', (bytes: Buffer) => flip(bytes, bytes.length - 5000)],
  ])('a file that is %s', (name, spoil) => {
    const path = join(work, name);
    writeFileSync(path, spoil(readFileSync(single)), { mode: 0o755 });
    const cache = freshCache();
    const result = run([path, '--version'], cache);
    expect(result.stderr).toMatch(/^tapprep: DIGEST_MISMATCH: .* is damaged/);
    expect(result.status).toBe(4);
    expect(unpacked(cache)).toEqual([]);
  });

  test.each([
    ['noexec', 'CACHE_UNUSABLE: nothing may be executed in ', 6],
    ['size=40m', 'NO_SPACE: ', 5],
    ['ro', 'CACHE_UNUSABLE: ', 6],
  ])('a cache directory that is mounted %s', (option, words, status) => {
    const cache = freshCache();
    mkdirSync(cache);
    // The mount ends with the command; what is left in it is listed by the command.
    const script =
      'mount -t tmpfs -o "$1" tmpfs "$2" && "$3" --version; code=$?; ls "$2/program" 2>/dev/null; exit "$code"';
    const result = run(['unshare', '--mount', 'sh', '-c', script, 'sh', option, cache, single], cache);
    expect(result.stderr).toContain(words);
    expect(result).toMatchObject({ status, stdout: '' });
  });
});

test('a program that another user planted is not started, and a relative cache directory is none', () => {
  const cache = freshCache();
  expect(run([single, '--version'], cache).status).toBe(0);
  const node = join(cache, 'program', unpacked(cache)[0] ?? '', 'node');
  writeFileSync(node, '#!/bin/sh\necho planted\n', { mode: 0o755 });
  chownSync(node, 65534, 65534);
  const planted = run([single, '--version'], cache);
  expect(planted).toMatchObject({ status: 6, stdout: '' });
  expect(planted.stderr).toMatch(/^tapprep: CACHE_UNUSABLE: .*\/node belongs to user 65534, so that another user/);
  expect(run([single, '--version'], 'cache')).toMatchObject({ status: 2, stdout: '' });
});

test.each([['dash'], ['busybox', 'sh'], ['bash', '--posix']])(
  'by %s %s, what it says before its Node runs is an error in JSON, too',
  (...shell) => {
    const words = shell.filter((word) => word !== undefined);
    const { status, stdout, stderr } = run([...words, single, 'plan', '--json'], 'a "cache\\ö');
    const { error } = JSON.parse(stdout) as { error: { message: string; hint: string } };
    expect(faultsOf('error', { error })).toEqual([]);
    expect([status, error]).toEqual([2, expect.objectContaining({ code: 'USAGE', exit: 2 })]);
    expect(stderr.replaceAll('ö', '??')).toBe(`tapprep: USAGE: ${error.message}\n  ${error.hint}\n`);
  },
);

describe.each([['dash'], ['busybox', 'sh'], ['bash', '--posix']])(
  'by %s %s, a cache is what is one to tapprep:',
  (...shell) => {
    const words = shell.filter((word) => word !== undefined);
    const ask = (cache: string, home = work): Outcome =>
      spawnSync(words[0] ?? '', [...words.slice(1), cut, '--version'], {
        encoding: 'utf8',
        env: { PATH: '/usr/bin:/bin', TAPPREP_CACHE_DIR: cache, HOME: home },
      });

    test.each([...OLDER_CACHES, ...OTHERS])('%s', async (_, names) => {
      const cache = freshCache();
      mkdirSync(cache);
      for (const name of names) putName(cache, name);
      expect(ask(cache).stderr).toMatch(answerTo(await isOne(cache)));
    });

    const lines = `${MARK.join('\n')}\n`;
    test.each([
      ['whole', lines, true, 0],
      ['cut off', lines.slice(0, -3), false, 0],
      ['without its last line break', lines.slice(0, -1), false, 0],
      ['longer', `${lines}\n`, false, 0],
      ['of another program', `${MARK[0]}\n# ccache\n`, false, 0],
      ['of another user', lines, false, 65534],
    ])('a mark that is %s', async (_, text, isMark, owner) => {
      for (const [names, isCache] of [
        [['notes.txt'], isMark],
        [['tmp/'], isMark || (lines.startsWith(text) && owner === 0)],
      ] as const) {
        const cache = freshCache();
        for (const name of names) putName(cache, name);
        writeFileSync(join(cache, 'CACHEDIR.TAG'), text);
        chownSync(join(cache, 'CACHEDIR.TAG'), owner, owner);
        expect(await isOne(cache)).toBe(isCache);
        expect(ask(cache).stderr).toMatch(answerTo(isCache));
      }
    });

    test('the usual place, though it is named, and by the name to which it is a link', () => {
      const home = freshCache();
      const usual = join(home, '.cache/tapprep');
      const real = `${home}-disk`;
      putName(real, 'notes.txt');
      mkdirSync(join(home, '.cache'), { recursive: true });
      symlinkSync(real, usual);
      for (const name of [usual, `${usual}/`, real])
        expect(ask(name, home).stderr).toMatch(/^tapprep: DIGEST_MISMATCH: /);
      rmSync(join(real, 'CACHEDIR.TAG'));
      expect(ask(real).stderr).toMatch(/^tapprep: USAGE: /);
    });

    test('one that is refused is named so that the commands of the hint work as they stand', () => {
      const cache = join(freshCache(), "o'neil's 'cache'");
      putName(cache, 'notes.txt');
      const [, hint = ''] = ask(cache).stderr.split('\n');
      const [another = '', taken = ''] = hint.split('    # or, where an older tapprep made it: ');
      const shown = spawnSync('sh', ['-c', `${another}; printf %s "$TAPPREP_CACHE_DIR"`], { encoding: 'utf8' });
      expect(shown).toMatchObject({ stdout: join(cache, 'tapprep'), stderr: '' });
      expect(spawnSync('sh', ['-c', taken]).status).toBe(0);
      expect(ask(cache).stderr).toMatch(/^tapprep: DIGEST_MISMATCH: /);
    });
  },
);

function isOne(cache: string): Promise<boolean> {
  return requireCache(cache, null).then(
    () => true,
    () => false,
  );
}

/** What the script takes for a cache it begins to unpack into, and there it finds itself cut off. */
function answerTo(isCache: boolean): RegExp {
  return isCache ? /^tapprep: DIGEST_MISMATCH: / : /^tapprep: USAGE: /;
}

function flip(bytes: Buffer, at: number): Buffer {
  const out = Buffer.from(bytes);
  out.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return out;
}

test('shellcheck finds nothing', () => {
  expect(spawnSync('shellcheck', [join(repository, 'scripts/single.sh')]).stdout.toString()).toBe('');
});
