/** Directories that only one user can enter. Run as root, so that other users' directories can be made. */
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OLDER_CACHES, OTHERS, putName } from '../../helpers/cache-samples.ts';
import { requireCache } from '../../../src/files/cache-mark.ts';
import { findPrivateDirectory, openPrivateDirectory } from '../../../src/files/private-directory.ts';

const NOBODY = 65534;
const DIGEST = 'ab'.repeat(32);
let base = '';
let cache = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tapprep-files-'));
  cache = join(base, 'cache');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

/** A directory with exactly this mode, whatever the umask. */
function makeDirectory(path: string, mode: number): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  return path;
}

function plant(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'planted');
  return path;
}

describe('is made', () => {
  test('with everything on the way, 0700 under any umask', async () => {
    const before = process.umask(0);
    try {
      const path = await openPrivateDirectory(join(base, 'a/b/cache'), 'systemtap', 'verdicts');
      expect(path).toBe(join(base, 'a/b/cache/systemtap/verdicts'));
      for (const each of ['a', 'a/b', 'a/b/cache', 'a/b/cache/systemtap', 'a/b/cache/systemtap/verdicts'])
        expect(modeOf(join(base, each))).toBe('700');
    } finally {
      process.umask(before);
    }
  });

  test('but not by a look', async () => {
    expect(await findPrivateDirectory(cache, 'roots')).toBe(null);
    expect(existsSync(cache)).toBe(false);
    expect(await openPrivateDirectory(cache, 'roots')).toBe(await findPrivateDirectory(cache, 'roots'));
  });

  test('below a directory for everybody with the sticky bit', async () => {
    makeDirectory(join(base, 'tmp'), 0o1777);
    await openPrivateDirectory(join(base, 'tmp/cache'));
    expect(modeOf(join(base, 'tmp'))).toBe('1777');
  });
});

describe('one that was open is closed:', () => {
  test('readable by others, all in it stays', async () => {
    makeDirectory(cache, 0o755);
    makeDirectory(join(cache, 'roots'), 0o755);
    const kept = plant(join(cache, 'roots/base-debian-bookworm-amd64.tar'));
    await openPrivateDirectory(cache, 'roots');
    expect([modeOf(cache), modeOf(join(cache, 'roots')), existsSync(kept)]).toEqual(['700', '700', true]);
  });

  test('writable by others (umask 000), what does not prove itself goes', async () => {
    makeDirectory(cache, 0o777);
    const planted = [
      'systemtap/5.1-x86_64-0123456789ab/bin/stap',
      'roots/base-debian-bookworm-amd64.tar',
      `images/${DIGEST.slice(0, 16)}/boot/vmlinuz`,
      'tmp/verify-aB3dE6/x',
      `index/${DIGEST}.json`,
      `partial/url-${DIGEST}.part`,
      'guest/busybox-amd64-0123456789abcdef',
      'kernels/debian%3A12',
    ];
    for (const name of planted) plant(join(cache, name));
    const file = plant(join(cache, 'sha256/ab/abcd'));
    await openPrivateDirectory(cache);
    expect(readdirSync(cache)).toEqual(['CACHEDIR.TAG', 'sha256']);
    expect(existsSync(file)).toBe(true);
    expect(modeOf(cache)).toBe('700');
  });

  test('writable by others, but what has no name of tapprep’s is neither removed nor used: it stays open, whoever asks again', async () => {
    const record = plant(join(makeDirectory(cache, 0o777), `index/${DIGEST}.json`));
    for (const name of [
      'images/cat.png',
      'tmp/letters/l.txt',
      'index/terms.md',
      'roots/wheat/n.txt',
      'systemtap/mine/x',
    ]) {
      const file = plant(join(cache, name));
      for (const again of [1, 2])
        await expect(openPrivateDirectory(cache, 'tmp'), `${name} ${again}`).rejects.toMatchObject({
          code: 'CACHE_UNUSABLE',
          message: expect.stringMatching(/is not tapprep's, and lies in a cache that others could write to$/) as string,
        });
      expect([modeOf(cache), existsSync(file), existsSync(record)]).toEqual(['777', true, true]);
      rmSync(dirname(file), { recursive: true });
      plant(record);
    }
    chmodSync(cache, 0o755);
    const file = plant(join(makeDirectory(join(cache, 'images'), 0o777), 'cat.png'));
    await expect(openPrivateDirectory(cache, 'images')).rejects.toMatchObject({ code: 'CACHE_UNUSABLE' });
    expect([modeOf(dirname(file)), existsSync(file)]).toEqual(['777', true]);
  });

  test('writable by others below a root that others could enter', async () => {
    makeDirectory(cache, 0o755);
    makeDirectory(join(cache, 'roots'), 0o777);
    plant(join(cache, 'roots/base-debian-bookworm-amd64.tar'));
    await openPrivateDirectory(cache, 'roots');
    expect(readdirSync(join(cache, 'roots'))).toEqual([]);
  });

  test('writable by others below a root that was closed: nobody came that far, and it stays', async () => {
    makeDirectory(cache, 0o700);
    makeDirectory(join(cache, 'roots'), 0o777);
    plant(join(cache, 'roots/base-debian-bookworm-amd64.tar'));
    await openPrivateDirectory(cache, 'roots');
    expect(readdirSync(join(cache, 'roots'))).toEqual(['base-debian-bookworm-amd64.tar']);
    expect(modeOf(join(cache, 'roots'))).toBe('700');
  });

  test('but not one that holds other things, too: only what the cache makes in it is private', async () => {
    makeDirectory(cache, 0o755);
    const other = plant(join(cache, 'holiday.jpg'));
    await openPrivateDirectory(cache, 'tmp');
    expect([modeOf(cache), modeOf(join(cache, 'tmp')), existsSync(other)]).toEqual(['755', '700', true]);
    makeDirectory(cache, 0o777);
    await expect(openPrivateDirectory(cache, 'tmp')).rejects.toMatchObject({ code: 'CACHE_UNUSABLE' });
  });

  test('but not the directory for everybody itself', async () => {
    makeDirectory(cache, 0o1777);
    expect(modeOf(await openPrivateDirectory(cache, 'tmp'))).toBe('700');
    expect(modeOf(cache)).toBe('1777');
  });
});

describe('is refused', () => {
  const cases: readonly (readonly [string, () => void, RegExp])[] = [
    [
      'that is another user’s',
      () => chownSync(makeDirectory(cache, 0o700), NOBODY, NOBODY),
      /cache belongs to user 65534/,
    ],
    [
      'with another user’s directory in it',
      () => chownSync(makeDirectory(join(cache, 'roots'), 0o700), NOBODY, NOBODY),
      /roots belongs to user 65534 but this is user 0/,
    ],
    ['below another user’s', () => chownSync(base, NOBODY, NOBODY), /belongs to user 65534, who can replace/],
    ['below one that all may write', () => chmodSync(base, 0o777), /may be written by other users \(mode 0777\)/],
    [
      'below one that a group may write',
      () => {
        chmodSync(base, 0o775);
        chownSync(base, 0, 50);
      },
      /may be written by other users \(mode 0775\)/,
    ],
    [
      'behind another user’s link',
      () => {
        symlinkSync(makeDirectory(join(base, 'elsewhere'), 0o700), cache);
        lchownSync(cache, NOBODY, NOBODY);
      },
      /cache is a link of user 65534, who can let it lead elsewhere/,
    ],
    [
      'with a link in it',
      () => {
        makeDirectory(cache, 0o700);
        symlinkSync(makeDirectory(join(base, 'elsewhere'), 0o700), join(cache, 'roots'));
      },
      /roots cannot be used: a link or a file is where a directory should be/,
    ],
    ['where a file is', () => plant(cache), /cache cannot be used: a link or a file/],
    ['behind links that end nowhere', () => symlinkSync('cache', cache), /goes through more than 40 links/],
  ];

  test.each(cases)('one %s', async (_name, prepare, words) => {
    prepare();
    await expect(openPrivateDirectory(cache, 'roots')).rejects.toMatchObject({
      code: 'CACHE_UNUSABLE',
      message: expect.stringMatching(words) as string,
      hint: expect.stringContaining('--cache-dir') as string,
    });
  });
});

test('a link of one’s own is followed, and where it leads is checked', async () => {
  const elsewhere = makeDirectory(join(base, 'large-disk/cache'), 0o700);
  symlinkSync('large-disk/../large-disk/cache', cache);
  expect(await openPrivateDirectory(cache, 'tmp')).toBe(join(elsewhere, 'tmp'));
  chmodSync(join(base, 'large-disk'), 0o777);
  await expect(openPrivateDirectory(cache, 'tmp')).rejects.toMatchObject({ code: 'CACHE_UNUSABLE' });
});

test('a group that is its user’s alone counts as the user', async () => {
  chmodSync(base, 0o775);
  expect(await openPrivateDirectory(cache)).toBe(cache);
});

describe('a directory that somebody uses for other things is no cache', () => {
  test('it is refused, and nothing in it is closed or dropped', async () => {
    const disk = makeDirectory(join(base, 'disk'), 0o755);
    const file = plant(join(makeDirectory(join(disk, 'tmp'), 0o1777), 'users.txt'));
    chmodSync(join(disk, 'tmp'), 0o1777);
    await expect(requireCache(disk, null)).rejects.toMatchObject({
      code: 'USAGE',
      facts: { path: disk, again: { option: '--cache-dir', value: join(disk, 'tapprep') } },
    });
    expect(existsSync(file)).toBe(true);
    expect(modeOf(join(disk, 'tmp'))).toBe('1777');
    expect(await openPrivateDirectory(join(disk, 'tapprep'), 'tmp')).toBe(join(disk, 'tapprep/tmp'));
  });

  test('an empty one is taken and known by its mark ever after', async () => {
    const disk = makeDirectory(join(base, 'disk'), 0o755);
    await openPrivateDirectory(disk, 'tmp');
    expect(existsSync(join(disk, 'CACHEDIR.TAG'))).toBe(true);
    await openPrivateDirectory(disk, 'images');
    await requireCache(disk, null);
  });

  test('the mark of another user or of another program is none', async () => {
    const disk = makeDirectory(join(base, 'disk'), 0o755);
    await openPrivateDirectory(disk, 'tmp');
    chownSync(join(disk, 'CACHEDIR.TAG'), NOBODY, NOBODY);
    await expect(requireCache(disk, null)).rejects.toMatchObject({ code: 'USAGE' });
    chownSync(join(disk, 'CACHEDIR.TAG'), 0, 0);
    await requireCache(disk, null);
    writeFileSync(join(disk, 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n# ccache\n');
    await expect(requireCache(disk, null)).rejects.toMatchObject({ code: 'USAGE' });
  });

  test.each(OLDER_CACHES)('one of an older tapprep, of which there is %s, is one', async (_, names) => {
    for (const name of names) putName(cache, name);
    await expect(requireCache(cache, null)).resolves.toBeUndefined();
  });

  test.each(OTHERS)('one of others, with %s, is none', async (_, names) => {
    for (const name of names) putName(cache, name);
    await expect(requireCache(cache, null)).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('links to a directory are not taken for one of a cache', async () => {
    const disk = makeDirectory(join(base, 'disk'), 0o755);
    symlinkSync(makeDirectory(join(base, 'elsewhere'), 0o755), join(disk, 'images'));
    await expect(requireCache(disk, null)).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('the usual place is one, by its name and by that to which it is a link; what is only named for tapprep is none', async () => {
    const cache = join(base, 'tapprep');
    plant(join(cache, 'index/old'));
    await expect(requireCache(cache, null)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(requireCache(cache, join(base, 'elsewhere/tapprep'))).rejects.toMatchObject({ code: 'USAGE' });
    await requireCache(`${cache}/`, cache);
    symlinkSync('tapprep', join(base, 'link'));
    await requireCache(cache, join(base, 'link'));
    await requireCache(join(base, 'link'), cache);
    await openPrivateDirectory(cache, 'index');
    expect(existsSync(join(cache, 'CACHEDIR.TAG'))).toBe(true);
    await requireCache(cache, null);
  });
});
