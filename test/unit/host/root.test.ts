import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveInRoot } from '../../../src/host/root-path.ts';
import { createRootHost } from '../../../src/host/root.ts';

let dir = '';
let root = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tapprep-root-'));
  root = join(dir, 'root');
  mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true });
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'var/lib/dpkg/status'), '');
  // Static, so that it is the whole userland of a root.
  cpSync('/bin/busybox', join(root, 'bin/busybox'));
  symlinkSync('busybox', join(root, 'bin/sh'));
  symlinkSync('/bin/busybox', join(root, 'bin/cat'));
  writeFileSync(join(dir, 'secret'), 'outside');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('which directories are a root', () => {
  test.each([
    ['an empty directory', 'empty'],
    ['a file', 'secret'],
    ['a missing path', 'absent'],
  ])('%s is NOT_A_ROOT', (_, name) => {
    mkdirSync(join(dir, 'empty'));
    expect(() => createRootHost(join(dir, name))).toThrow(expect.objectContaining({ code: 'NOT_A_ROOT' }));
  });

  test('the root of this host is NOT_A_ROOT, by whatever name', () => {
    symlinkSync('/', join(dir, 'slash'));
    for (const path of ['/', '//', join(dir, 'slash')]) {
      expect(() => createRootHost(path)).toThrow(expect.objectContaining({ code: 'NOT_A_ROOT' }));
    }
  });

  test('a package database that is only a link to the one outside does not count', () => {
    const fake = join(dir, 'fake');
    mkdirSync(join(fake, 'var/lib'), { recursive: true });
    symlinkSync(join(root, 'var/lib/dpkg'), join(fake, 'var/lib/dpkg'));
    expect(() => createRootHost(fake)).toThrow(expect.objectContaining({ code: 'NOT_A_ROOT' }));
  });

  test.each(['var/lib/rpm/Packages', 'usr/lib/sysimage/rpm/rpmdb.sqlite'])('%s makes a root', (database) => {
    const other = join(dir, 'other');
    mkdirSync(join(other, database, '..'), { recursive: true });
    writeFileSync(join(other, database), '');
    expect(createRootHost(other).name).toBe(other);
  });
});

function escapes(): readonly string[] {
  const secret = join(dir, 'secret');
  return [secret, `../../../../../../../../${secret}`, `/etc/../../${secret}`];
}

describe('a hostile root', () => {
  test('nothing outside is read', async () => {
    const host = createRootHost(root);
    for (const [i, target] of escapes().entries()) {
      symlinkSync(target, join(root, `etc/link${i}`));
      expect(await host.readText(`/etc/link${i}`)).toBeNull();
      expect(host.localPath(`/etc/link${i}`)).toBe(join(root, dir, 'secret'));
    }
    expect(await host.readText('../secret')).toBeNull();
    expect(await host.readText('/../../secret')).toBeNull();
  });

  test('nothing outside is written or removed', async () => {
    const host = createRootHost(root);
    symlinkSync(dir, join(root, 'etc/out'));
    symlinkSync('../../..', join(root, 'etc/up'));
    symlinkSync(join(dir, 'secret'), join(root, 'etc/secret'));
    await host.writeFile('/etc/out/secret', 'new', 0o644);
    await host.writeFile('/etc/up/secret', 'new', 0o644);
    await host.writeFile('/etc/secret', 'new', 0o644);
    await host.removeFile('/etc/out/secret');
    await host.removeFile('/etc/up/secret');
    expect(readFileSync(join(dir, 'secret'), 'utf8')).toBe('outside');
    expect(existsSync(join(root, 'secret'))).toBe(false);
    expect(readFileSync(join(root, 'etc/secret'), 'utf8')).toBe('new');
  });

  test('removing takes the link, not what it names', async () => {
    const host = createRootHost(root);
    writeFileSync(join(root, 'etc/file'), 'keep');
    symlinkSync('file', join(root, 'etc/alias'));
    await host.removeFile('/etc/alias');
    expect(await host.readText('/etc/file')).toBe('keep');
    expect(await host.readText('/etc/alias')).toBeNull();
  });

  test('a loop of links is an error, not a hang', () => {
    symlinkSync('b', join(root, 'etc/a'));
    symlinkSync('a', join(root, 'etc/b'));
    expect(() => resolveInRoot(root, '/etc/a')).toThrow(expect.objectContaining({ code: 'NOT_A_ROOT' }));
  });

  test('no path leaves the root, whatever it is made of', () => {
    symlinkSync('/', join(root, 'slash'));
    symlinkSync('../..', join(root, 'etc/up'));
    symlinkSync('/etc/up/..', join(root, 'etc/more'));
    const part = fc.constantFrom('..', '.', '', 'etc', 'up', 'more', 'slash', 'bin', 'absent');
    fc.assert(
      fc.property(fc.array(part), fc.boolean(), (parts, follow) => {
        const path = resolveInRoot(root, parts.join('/'), follow);
        expect(path === root || path.startsWith(`${root}/`)).toBe(true);
      }),
    );
  });
});

describe('programs of the root', () => {
  test('are found through absolute links', async () => {
    const host = createRootHost(root);
    expect(await host.which('cat')).toBe('/bin/cat');
    expect(await host.which('/bin/sh')).toBe('/bin/sh');
    expect(await host.which('mount')).toBeNull();
  });

  test('a missing one is TOOL_MISSING though this host has it', async () => {
    await expect(createRootHost(root).run(['ls'])).rejects.toMatchObject({ code: 'TOOL_MISSING' });
  });

  test('run inside, in the directory asked for', async () => {
    const host = createRootHost(root);
    const run = host.run(['cat', 'name'], { cwd: '/etc' });
    writeFileSync(join(root, 'etc/name'), 'inside');
    const outcome = process.getuid?.() === 0 ? await run : await run.catch((error: unknown) => error);
    expect(outcome).toMatchObject(
      process.getuid?.() === 0 ? { argv: ['cat', 'name'], exitCode: 0, stdout: 'inside' } : { code: 'NOT_ROOT' },
    );
  });
});
