import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configDirectory, defaultCacheDir } from '../../../src/cli/user-directories.ts';
import { putName } from '../../helpers/cache-samples.ts';
import { Cli } from '../../helpers/cli.ts';

/** As Node does where the user database does not know this user. */
function throwUnknown(): never {
  throw new Error('ENOENT: uv_os_get_passwd');
}

const findHome = (): string => '/home/of-passwd';

test.each([
  [{ TAPPREP_CACHE_DIR: '/own', XDG_CACHE_HOME: '/xdg', HOME: '/home/a' }, '/own'],
  [{ TAPPREP_CACHE_DIR: '', XDG_CACHE_HOME: '/xdg', HOME: '/home/a' }, '/xdg/tapprep'],
  [{ XDG_CACHE_HOME: '', HOME: '/home/a' }, '/home/a/.cache/tapprep'],
  [{ XDG_CACHE_HOME: 'cache', HOME: '/home/a' }, '/home/a/.cache/tapprep'],
  [{ XDG_CACHE_HOME: './', HOME: '' }, '/home/of-passwd/.cache/tapprep'],
  [{ HOME: 'here' }, '/home/of-passwd/.cache/tapprep'],
  [{}, '/home/of-passwd/.cache/tapprep'],
])('the cache is never in the current directory: %j is %s', (env, expected) => {
  expect(defaultCacheDir(env, findHome)).toBe(expected);
});

test('a relative TAPPREP_CACHE_DIR is refused, with what was meant', () => {
  expect(() => defaultCacheDir({ TAPPREP_CACHE_DIR: 'cache', HOME: '/home/a' }, findHome)).toThrow(
    expect.objectContaining({ code: 'USAGE', hint: 'export TAPPREP_CACHE_DIR="$PWD"/cache' }),
  );
});

test('a user without a home has to name a place', () => {
  for (const find of [throwUnknown, () => '']) {
    expect(() => defaultCacheDir({ HOME: '' }, find)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  }
});

test.each([
  [{ XDG_CONFIG_HOME: '/xdg', HOME: '/home/a' }, '/xdg'],
  [{ XDG_CONFIG_HOME: 'config', HOME: '/home/a' }, '/home/a/.config'],
  [{ XDG_CONFIG_HOME: '', HOME: 'here' }, null],
  [{}, null],
])('mirror lists are never taken from the current directory: %j is %s', (env, expected) => {
  expect(configDirectory(env)).toBe(expected);
});

test('the usual cache is one, whatever else lies in it, though it is named or a link leads to it', async () => {
  const cli = new Cli();
  const disk = join(cli.home, 'disk');
  putName(disk, 'notes.txt');
  mkdirSync(join(cli.home, '.cache'));
  symlinkSync(disk, join(cli.home, '.cache/tapprep'));
  try {
    expect(await cli.run(['cache', 'clean'])).toMatchObject({ code: 0 });
    expect(existsSync(join(disk, 'notes.txt'))).toBe(true);
    for (const name of [join(cli.home, '.cache/tapprep'), disk])
      expect(await cli.run(['cache', 'list', '--cache-dir', name])).toMatchObject({ code: 0 });
    const other = await cli.run(['cache', 'list', '--cache-dir', disk], { HOME: '/nowhere' });
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('USAGE')]);
  } finally {
    cli.close();
  }
});
