import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { proxyVariables, requireAllowed, withDefaults } from '../../../src/cli/apply-configuration.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { CONFIG_KEYS } from '../../../src/cli/configuration-keys.ts';
import { type Configuration, readConfiguration, variableOf } from '../../../src/cli/configuration.ts';
import { Cli } from '../../helpers/cli.ts';
import { runInProcess } from '../../helpers/in-process.ts';

const directory = mkdtempSync(join(tmpdir(), 'configuration-'));
const system = join(directory, 'etc/tapprep.toml');
const own = join(directory, 'home/.config/tapprep/config.toml');
const HOME = join(directory, 'home');
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  for (const path of [system, own]) {
    rmSync(path, { force: true, recursive: true });
    mkdirSync(join(path, '..'), { recursive: true });
  }
});

const read = (env: Readonly<Record<string, string>> = {}): Promise<Configuration> =>
  readConfiguration({ HOME, ...env }, system);
const PLAN = COMMANDS.find(({ name }) => name === 'plan')?.options ?? [];
const EVERY = COMMANDS.flatMap(({ options }) => options);

test('no file is no configuration', async () => {
  expect(await read()).toEqual({
    files: [
      { path: system, isThere: false },
      { path: own, isThere: false },
    ],
    settings: [],
    never: [],
  });
});

test('the nearer source comes first, lists and prohibitions add up, and each value names its source', async () => {
  writeFileSync(
    system,
    'timeout = "10m"\noffline = true\nmirror = ["deb=https://a/ bookworm main"]\nnever = ["allow-expired-release"]\n',
  );
  writeFileSync(own, 'format = "tapprep-config/1"\ntimeout = "5m"\nmirror = ["deb=https://b/"]\nnever = ["mirror"]\n');
  const { settings, never } = await read({ TAPPREP_TIMEOUT: '90s', TAPPREP_COLOR: '0' });
  expect(settings).toEqual([
    { key: 'mirror', value: ['deb=https://b/'], source: own },
    { key: 'mirror', value: ['deb=https://a/ bookworm main'], source: system },
    { key: 'offline', value: true, source: system },
    { key: 'timeout', value: '90s', source: 'TAPPREP_TIMEOUT' },
    { key: 'color', value: false, source: 'TAPPREP_COLOR' },
  ]);
  expect(never).toEqual([
    { option: 'mirror', source: own },
    { option: 'allow-expired-release', source: system },
  ]);
});

test('every key is a variable, too', async () => {
  const words: Readonly<Record<string, string>> = {
    timeout: '5m',
    mirror: 'deb=https://a/',
    systemtap: '5.1',
    proxy: 'http://p:1/',
  };
  for (const key of CONFIG_KEYS) {
    const value = key.kind === 'flag' ? 'true' : (words[key.name] ?? (key.name.includes('never') ? 'offline' : '/a'));
    const { settings, never } = await read({ [variableOf(key)]: value });
    expect([...settings, ...never].map(({ source }) => source)).toEqual([variableOf(key)]);
  }
});

test('defaults go to the options that a command takes, behind what was given', async () => {
  writeFileSync(
    system,
    'cache-dir = "/srv/c"\nmirror = ["deb=https://b/"]\nsystemtap = "portable"\ncolor = false\nssh-config = "/etc/s"\n',
  );
  const configuration = await read();
  const raw = { mirror: ['deb=https://a/'], systemtap: 'distro', color: true };
  expect(withDefaults(raw, PLAN, configuration)).toEqual({
    mirror: ['deb=https://a/', 'deb=https://b/'],
    systemtap: 'distro',
    color: false,
    cacheDir: '/srv/c',
    sshConfig: '/etc/s',
  });
  const explain = COMMANDS.find(({ name }) => name === 'explain')?.options ?? [];
  expect(withDefaults({}, explain, configuration)).toEqual({});
});

test('what is forbidden is refused where it is given, and only there', async () => {
  writeFileSync(system, 'never = ["allow-unsigned-packages", "no-debuginfo", "debuginfo"]\n');
  const configuration = await read();
  const allow = (raw: Readonly<Record<string, unknown>>): void => requireAllowed(raw, PLAN, configuration, EVERY);
  expect(() => allow({ color: true, debuginfo: true })).not.toThrow();
  expect(() => allow({ allowUnsignedPackages: true })).toThrow(
    /--allow-unsigned-packages was given, but .*tapprep\.toml says/,
  );
  expect(() => allow({ debuginfo: false })).toThrow(/--no-debuginfo/);
  expect(() => allow({ debuginfo: 'debuginfod' })).toThrow(/--debuginfo was/);
  writeFileSync(system, 'never = ["allow-nothing"]\n');
  const wrong = await read();
  expect(() => requireAllowed({}, PLAN, wrong, EVERY)).toThrow(/no command has an option --allow-nothing/);
});

test('what is forbidden is refused where a variable or another file sets it; the file that forbids it may set it', async () => {
  writeFileSync(system, 'never = ["mirror"]\nmirror = ["deb=https://ours/"]\n');
  const ours = await read();
  expect(() => requireAllowed({}, PLAN, ours, EVERY)).not.toThrow();
  const byVariable = await read({ TAPPREP_MIRROR: 'deb=http://127.0.0.1/' });
  expect(() => requireAllowed({}, PLAN, byVariable, EVERY)).toThrow(
    /TAPPREP_MIRROR sets mirror, but .*tapprep\.toml says that --mirror is never to be used here/,
  );
  writeFileSync(system, 'never = ["offline"]\n');
  const isOff = await read({ TAPPREP_OFFLINE: 'false' });
  expect(() => requireAllowed({}, PLAN, isOff, EVERY)).not.toThrow();
});

test('a proxy is set where the environment has none', async () => {
  const configuration = await read({ TAPPREP_PROXY: 'http://proxy:3128/', TAPPREP_NO_PROXY: 'intern' });
  const both = { http_proxy: 'http://proxy:3128/', https_proxy: 'http://proxy:3128/', no_proxy: 'intern' };
  expect(proxyVariables(configuration, {})).toEqual(both);
  expect(proxyVariables(configuration, { HTTPS_PROXY: '' })).toEqual({});
});

test('a misspelt variable is told once, with the one that was meant, and changes nothing else', async () => {
  const env = { HOME, TAPPREP_OFLINE: '1', TAPPREP_NO_COLOR: '1', TAPPREP_VERSION: '2', TAPPREP_RUNTIME: '/x' };
  const told = await runInProcess(['config', 'show', '--json'], { env: { ...env }, cwd: directory });
  expect(told.stderr.trimEnd().split('\n')).toEqual([
    'warning: the variable TAPPREP_OFLINE is unknown to tapprep and does nothing: did you mean TAPPREP_OFFLINE?',
    'warning: the variable TAPPREP_NO_COLOR is unknown to tapprep and does nothing: did you mean TAPPREP_COLOR?',
  ]);
  const plain = await runInProcess(['config', 'show', '--json'], { env: { HOME }, cwd: directory });
  expect(told).toMatchObject({ code: 0, stdout: plain.stdout });
  expect(plain.stderr).toBe('');
});

describe('is refused with its source and the reason', () => {
  test.each([
    [
      'an unknown key',
      'cashe-dir = "/a"',
      /has "cashe-dir" \(did you mean cache-dir\?\), but the keys are cache-dir, /,
    ],
    ['an unknown key that is like none', 'colour-scheme = "/a"', /has "colour-scheme", but the keys are cache-dir, /],
    ['an override of verification', 'allow-unsigned-packages = true', /only the command line takes/],
    ['another version', 'format = "tapprep-config/2"', /says format = "tapprep-config\/2"/],
    ['no TOML', 'a = = 1\n', /is no TOML: line 1, column/],
    ['a relative path', 'cache-dir = "cache"', /but an absolute path is needed/],
    ['a word for a list', 'mirrors = "/a"', /but a list of absolute paths is needed/],
    ['a number', 'timeout = 10', /but a time as 90s/],
    ['a flag in words', 'offline = "yes"', /but true or false is needed/],
    ['a table', '[cache-dir]\nx = 1', /but an absolute path is needed/],
    ['a key of JavaScript', '__proto__ = 1', /has "__proto__"|is no TOML/],
  ])('%s', async (_name, text, why) => {
    writeFileSync(system, text);
    await expect(read()).rejects.toMatchObject({ code: 'BAD_CONFIG', message: expect.stringMatching(why) });
    await expect(read()).rejects.toThrow(system);
  });

  test('a variable', async () => {
    await expect(read({ TAPPREP_OFFLINE: 'yes' })).rejects.toThrow('the variable TAPPREP_OFFLINE has offline = "yes"');
    await expect(read({ TAPPREP_CACHE_DIR: 'cache' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('a file that others may write, that is too large, a directory, and one that leads nowhere is none', async () => {
    writeFileSync(own, '');
    chmodSync(own, 0o646);
    await expect(read()).rejects.toThrow(/may be written by others than its owner \(mode 646\)/);
    chmodSync(own, 0o600);
    writeFileSync(own, `#${'x'.repeat(70_000)}`);
    await expect(read()).rejects.toThrow(/has 70001 bytes/);
    rmSync(own);
    mkdirSync(own);
    await expect(read()).rejects.toThrow('is no file');
    rmSync(own, { recursive: true });
    symlinkSync('/nowhere', own);
    expect((await read()).files[1]).toEqual({ path: own, isThere: false });
  });
});

test('the command line: shown with its sources, obeyed, and told when it forbids', async () => {
  const cli = new Cli();
  try {
    const path = join(cli.home, '.config/tapprep/config.toml');
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(
      path,
      `mirror = ["deb=https://mine.example/debian"]\nproxy = "http://me:secret@proxy:1/"\nnever = ["allow-expired-release"]\n`,
    );
    const [shown, json, asked, refused] = await Promise.all([
      cli.run(['config', 'show'], { TAPPREP_OFFLINE: '1' }),
      cli.run(['config', 'show', '--json']),
      cli.run(['mirrors', 'list', '--distro', 'debian:12', '--kernel', '6.1.0-18-amd64']),
      cli.run(['plan', '--allow-expired-release', '--json']),
    ]);
    expect(shown.stdout).toMatch(/offline +true +TAPPREP_OFFLINE/);
    expect(shown.stdout).not.toContain('secret');
    expect(JSON.parse(json.stdout)).toMatchObject({ never: [{ option: 'allow-expired-release', source: path }] });
    expect(asked.stdout).toContain('https://mine.example/debian');
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'FORBIDDEN' } });
  } finally {
    cli.close();
  }
});
