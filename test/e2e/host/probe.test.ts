import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { vmlinuxPlaces } from '../../../src/detect/debug-places.ts';
import { parseProbeOutput } from '../../../src/detect/probe-output.ts';
import { isLayering } from '../../../src/package-system/layering.ts';
import { DEB_RELEASE, makeDpkgRoot } from '../../helpers/fake-root.ts';

const PROBE = 'src/host/probe.sh';
const SHELLS: Readonly<Record<string, readonly string[]>> = {
  dash: ['dash'],
  'busybox ash': ['busybox', 'sh'],
  'bash --posix': ['bash', '--posix'],
};

let dir = '';
let root = '';
let applets = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tapprep-probe-'));
  root = join(dir, 'deb');
  makeDpkgRoot(root);
  applets = join(dir, 'applets');
  mkdirSync(applets);
  for (const name of execFileSync('busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (name !== 'rpm') symlinkSync('/bin/busybox', join(applets, name));
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Run {
  readonly shell?: readonly string[];
  readonly args?: readonly string[];
  /** Give the script on standard input, as over ssh. */
  readonly piped?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

function runProbe({ shell = ['dash'], args = [], piped = false, env = {} }: Run = {}): string {
  const [program = '', ...options] = shell;
  const path = shell.includes('busybox') ? `${applets}:/usr/bin:/bin` : '/usr/bin:/bin';
  const result = spawnSync(program, [...options, ...(piped ? ['-s', '--'] : [PROBE]), ...args], {
    encoding: 'utf8',
    env: { PATH: path, HOME: '/root', ...env },
    timeout: 120_000,
    ...(piped ? { input: readFileSync(PROBE, 'utf8') } : {}),
  });
  expect(result.error).toBeUndefined();
  expect(result.status).toBe(0);
  return result.stdout;
}

/** Free space changes from one moment to the next. */
function settled(output: string): string {
  return output.replaceAll(/^(space\t[^\t]*)\t\d+\t(\d+|-)/gm, '$1');
}

function values(output: string, key: string): readonly string[] {
  return output.split('\n').flatMap((line) => (line.startsWith(`${key}\t`) ? [line.slice(key.length + 1)] : []));
}

test('shellcheck finds nothing', () => {
  const result = spawnSync('shellcheck', ['-s', 'sh', PROBE], { encoding: 'utf8' });
  expect(result.stdout + result.stderr).toBe('');
});

describe.each(Object.entries(SHELLS))('under %s', (_, shell) => {
  test('this host gives what it gives under dash', () => {
    const output = runProbe({ shell });
    expect(settled(output)).toBe(settled(runProbe()));
    expect(output.startsWith('tapprep-probe\t1\nsource\thost\n')).toBe(true);
    expect(output.endsWith('\nend\t1\n')).toBe(true);
  });

  test('programs are found in the directories of PATH, but for those with names that break a word', () => {
    const place = mkdtempSync(join(dir, 'path-'));
    for (const name of ['with blank', 'with*star', 'with=sign+1']) {
      mkdirSync(join(place, name));
      writeFileSync(join(place, name, 'gcc'), '#!/bin/sh\n', { mode: 0o755 });
    }
    const found = (...names: readonly string[]): readonly string[] => {
      const path = [`${shell[0] === 'busybox' ? `${applets}:` : ''}/usr/bin:/bin`];
      const own = ['relative', '', ...names.map((name) => join(place, name))];
      return values(runProbe({ shell, env: { PATH: [...own, ...path].join(':') } }), 'cc');
    };
    expect(found('with blank', 'with*star', 'with=sign+1')).toEqual([join(place, 'with=sign+1/gcc')]);
    expect(found('with blank', 'with*')).toEqual(['/usr/bin/gcc']);
  });

  test('a root gives what it gives under dash', () => {
    expect(settled(runProbe({ shell, args: [root] }))).toBe(settled(runProbe({ args: [root] })));
  });

  test('the script may come through a pipe', () => {
    expect(settled(runProbe({ shell, args: [root], piped: true }))).toBe(settled(runProbe({ args: [root] })));
  });
});

/** Of a root in which a file system was mounted, as each shell sees it. */
const mounted = (shell: readonly string[], mount: string): readonly string[] => {
  const wrapper = ['unshare', '-m', 'sh', '-c', `${mount} && exec "$@"`, 'sh', ...shell];
  return values(runProbe({ shell: wrapper, args: [root] }), 'space');
};
const place = (): string => join(root, 'var/cache/apt/archives');

describe('what is free', () => {
  test.each(Object.entries(SHELLS))('of a file system that counts no inodes, none are told: %s', (_name, shell) => {
    mkdirSync(place(), { recursive: true });
    const row = mounted(shell, `mount -t tmpfs -o nr_inodes=0,size=8m none ${place()}`)[0];
    expect(row).toBe('/var/cache/apt/archives\t8192\t-\tyes');
  });

  test.each(Object.entries(SHELLS))('on a read-only mount nothing is writable: %s', (_name, shell) => {
    mkdirSync(place(), { recursive: true });
    const rows = mounted(shell, `mount -t tmpfs -o ro,nr_inodes=99,size=8m none ${place()}`);
    expect(rows[0]).toBe('/var/cache/apt/archives\t8192\t98\tno');
    expect(rows.slice(1).every((row) => row.endsWith('\tyes'))).toBe(true);
  });
});

test('debug information is found wherever verify looks for it', () => {
  const places = vmlinuxPlaces(DEB_RELEASE);
  expect(places.length).toBeGreaterThan(5);
  for (const path of places) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'x');
    const found = values(runProbe({ args: [root] }), 'debuginfo').map((row) => row.split('\t')[0]);
    expect(found).toContain(path);
    rmSync(file);
  }
});

test('every option of a configuration that the probe sends is read', () => {
  const names = /^CONFIG_NAMES='([^']*)'/m.exec(readFileSync(PROBE, 'utf8'))?.[1]?.split(/\s+/) ?? [];
  writeFileSync(join(root, `boot/config-${DEB_RELEASE}`), names.map((name) => `CONFIG_${name}=sent\n`).join(''));
  const { config } = parseProbeOutput(runProbe({ args: [root] }));
  const read = Object.keys(config).filter((name) => config[name] === 'sent');
  // The compiler's is a fact of its own.
  expect(read.sort()).toEqual(
    names
      .filter((name) => name !== 'CC_VERSION_TEXT')
      .map((name) => `CONFIG_${name}`)
      .sort(),
  );
});

describe('a root', () => {
  test('is described from its own files', () => {
    const output = runProbe({ args: [root] });
    expect(values(output, 'root')).toEqual([root]);
    expect(values(output, 'release')).toEqual([DEB_RELEASE]);
    expect(values(output, 'pkg')).toContain(`linux-image-${DEB_RELEASE}\t6.1.176-1\tamd64`);
    expect(values(output, 'vermagic')).toEqual([`${DEB_RELEASE} SMP mod_unload `]);
    expect(values(output, 'build-owner')).toEqual([`linux-headers-${DEB_RELEASE}`]);
    expect(values(output, 'stap-owner')).toEqual(['systemtap']);
  });

  test('holds nothing of the kernel, the user and the environment of the machine that looks', () => {
    const output = runProbe({ args: [root], env: { TMPDIR: dir, HOME: dir } });
    for (const key of [
      'uname-r',
      'uname-v',
      'proc-version',
      'cmdline',
      'notes',
      'lockdown',
      'fips',
      'container',
      'group',
    ]) {
      expect(values(output, key)).toEqual([]);
    }
    expect(output.replaceAll(root, '')).not.toContain(dir);
  });

  test('gives the same when its own shell looks, but for what its programs say', () => {
    const said = /^(space|debuginfo|root|cc-v|make-v|stap-v|staprun-v)\t.*\n/gm;
    const inside = spawnSync('chroot', [root, '/bin/sh', '-s', '--', '/'], {
      input: readFileSync(PROBE, 'utf8'),
      encoding: 'utf8',
    }).stdout;
    expect(inside.replaceAll(said, '')).toBe(runProbe({ args: [root] }).replaceAll(said, ''));
    expect(values(inside, 'stap-v')[2]).toBe('tested kernel versions: 2.6.32 ... 6.1.0-rc3');
  });

  test('is not changed, not even by a /dev/null', () => {
    const list = () =>
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .toSorted()
        .map((name) => `${name} ${statSync(join(root, name), { throwIfNoEntry: false })?.mtimeMs}`);
    const before = list();
    runProbe({ args: [root] });
    spawnSync('chroot', [root, '/bin/sh', '-s', '--', '/'], { input: readFileSync(PROBE, 'utf8') });
    expect(list()).toEqual(before);
  });

  test('with several kernels has no kernel in question until one is named', () => {
    const other = join(dir, 'two');
    for (const name of ['6.1.0-1-amd64', '6.1.0-2-amd64'])
      mkdirSync(join(other, 'lib/modules', name), { recursive: true });
    expect(values(runProbe({ args: [other] }), 'release')).toEqual([]);
    expect(values(runProbe({ args: [other, '6.1.0-2-amd64'] }), 'release')).toEqual(['6.1.0-2-amd64']);
  });

  test('may have a name with blanks', () => {
    const other = join(dir, 'a root');
    mkdirSync(join(other, 'etc'), { recursive: true });
    writeFileSync(join(other, 'etc/debian_version'), '12.11\n');
    expect(values(runProbe({ args: [other] }), 'file')).toEqual(['/etc/debian_version\t12.11']);
  });
});

/** In a namespace of mounts: /usr/local/bin has the programs, "/" is read-only where that is asked for. */
const inImage = (prepare: string): string =>
  spawnSync('unshare', ['-m', 'sh', '-ec', `${prepare}\nexec sh -s`], {
    input: readFileSync(PROBE, 'utf8'),
    encoding: 'utf8',
    env: { PATH: '/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
  }).stdout;

const layering = (output: string): readonly string[] => values(output, 'frontend').filter(isLayering);

describe('a system that is an image names what lays packages over it', () => {
  const PROGRAMS = `mount -t tmpfs none /usr/local/bin
for name in rpm-ostree transactional-update; do
  printf '#!/bin/sh\\n' >/usr/local/bin/$name
  chmod 755 /usr/local/bin/$name
done`;
  test('ostree by its mark', () => {
    expect(layering(inImage(`${PROGRAMS}\nmount -t tmpfs none /run\n: >/run/ostree-booted`))).toEqual(['rpm-ostree']);
  });

  test('SUSE’s by a root that is read-only', () => {
    const output = inImage(`${PROGRAMS}\nmount -o remount,ro,bind /`);
    expect(layering(output)).toEqual(['transactional-update']);
    expect(output).toMatch(/^space\t\/usr\t.*\tno$/m);
  });

  test('a system that has the programs and is none names neither', () => {
    expect(layering(inImage(PROGRAMS))).toEqual([]);
  });
});

describe('a hostile root', () => {
  let hostile = '';
  beforeAll(() => {
    hostile = join(dir, 'hostile');
    const outside = join(dir, 'outside');
    mkdirSync(join(outside, 'generated'), { recursive: true });
    writeFileSync(join(outside, 'secret'), 'SECRET\n');
    writeFileSync(join(outside, 'Makefile'), 'SECRET\n');
    writeFileSync(join(outside, 'secret.list'), 'deb SECRET\n');
    for (const name of ['etc/apt/sources.list.d', 'lib/modules/6.1.0-1-amd64', 'boot', 'usr/bin']) {
      mkdirSync(join(hostile, name), { recursive: true });
    }
    const links: readonly (readonly [string, string])[] = [
      ['etc/os-release', join(outside, 'secret')],
      ['etc/debian_version', `../../outside/secret`],
      ['etc/redhat-release', '/../../../../../../../../etc/os-release'],
      ['etc/centos-release', 'centos-release'],
      ['etc/apt/sources.list', join(outside, 'secret.list')],
      ['etc/apt/sources.list.d/x.list', '../../../../outside/secret.list'],
      ['lib/modules/6.1.0-1-amd64/build', outside],
      ['lib/modules/6.1.0-1-amd64/kernel', '/'],
      ['boot/config-6.1.0-1-amd64', join(outside, 'secret')],
      ['usr/lib', '../../outside'],
      ['var', outside],
      ['usr/bin/stap', '/bin/sh'],
    ];
    for (const [name, target] of links) symlinkSync(target, join(hostile, name));
  });

  test('shows nothing that lies outside', () => {
    const output = runProbe({ args: [hostile] });
    expect(output).not.toContain('SECRET');
    expect(values(output, 'file')).toEqual([]);
    expect(values(output, 'build-exists')).toEqual([]);
    expect(values(output, 'build-linksto')).toEqual([join(dir, 'outside')]);
    expect(values(output, 'stap')).toEqual([]);
  });

  test('cannot stop the probe with a FIFO or drown it in a file', () => {
    execFileSync('mkfifo', [join(hostile, 'etc/system-release')]);
    writeFileSync(join(hostile, 'etc/SuSE-release'), 'openSUSE 13.1\n');
    truncateSync(join(hostile, 'etc/SuSE-release'), 20_000_000_000);
    expect(values(runProbe({ args: [hostile] }), 'file')[0]).toBe('/etc/SuSE-release\topenSUSE 13.1');
  });

  test('cannot forge lines by names or control characters', () => {
    writeFileSync(join(hostile, 'etc/apt/sources.list.d/a\nwsl\tyes.list'), 'deb x y z\n');
    mkdirSync(join(hostile, 'lib/modules/6.1.0\nwsl\tyes'));
    writeFileSync(join(hostile, 'etc/oracle-release'), 'Oracle\rwsl\tyes\u001b[31m\n');
    const output = runProbe({ args: [hostile] });
    expect(values(output, 'wsl')).toEqual([]);
    expect(values(output, 'file')).toContain('/etc/oracle-release\tOraclewsl\tyes[31m');
    expect(output).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/u);
  });
});

test('passwords and tokens in source files stay where they are', () => {
  const other = join(dir, 'sources');
  const files: Readonly<Record<string, string>> = {
    'etc/apt/sources.list': 'deb [arch=amd64 signed-by=/k.gpg] https://user:SECRET@example.org/debian bookworm main\n',
    'etc/apt/sources.list.d/x.sources':
      'Types: deb\nURIs: https://u:SECRET@a.example/ https://v:SECRET@b.example/\n\nSuites: x\n',
    'etc/yum.repos.d/x.repo':
      '[x]\n\tbaseurl=https://a.example/$releasever/?SECRETSECRETSECRETSECRET&repo=os-debug-with-a-long-name\npassword = SECRET\nproxy_password=SECRET\nusername=SECRET\nsslclientkey=/etc/pki/key.pem\nmirrorlist=https://a.example/?release=$releasever&auth_token=SECRET\n',
    'etc/apt/auth.conf': 'machine a.example login u password SECRET\n',
    'etc/yum.repos.d/x.repo.save': 'SECRET\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(other, name, '..'), { recursive: true });
    writeFileSync(join(other, name), text);
  }
  for (const shell of Object.values(SHELLS)) {
    const output = runProbe({ shell, args: [other] });
    expect(output).not.toContain('SECRET');
    expect(values(output, 'repo')).toEqual([
      '/etc/apt/sources.list\tdeb [arch=amd64 signed-by=/k.gpg] https://***@example.org/debian bookworm main',
      '/etc/apt/sources.list.d/x.sources\tTypes: deb',
      '/etc/apt/sources.list.d/x.sources\tURIs: https://***@a.example/ https://***@b.example/',
      '/etc/apt/sources.list.d/x.sources\t',
      '/etc/apt/sources.list.d/x.sources\tSuites: x',
      '/etc/yum.repos.d/x.repo\t[x]',
      '/etc/yum.repos.d/x.repo\t\tbaseurl=https://a.example/$releasever/?***&repo=os-debug-with-a-long-name',
      '/etc/yum.repos.d/x.repo\tpassword = ***',
      '/etc/yum.repos.d/x.repo\tproxy_password= ***',
      '/etc/yum.repos.d/x.repo\tusername= ***',
      '/etc/yum.repos.d/x.repo\tsslclientkey=/etc/pki/key.pem',
      '/etc/yum.repos.d/x.repo\tmirrorlist=https://a.example/?release=$releasever&auth_token=***',
    ]);
  }
});
