import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PackagePlan } from '../../src/types.ts';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { type Nginx, serveNginx } from '../helpers/nginx.ts';
import { kernelBuild, openRpmLab } from '../helpers/rpm-lab.ts';

// CentOS 6.8, kernel 2.6.32-642.el6.x86_64: kernel-devel out of a vault whose checksums are SHA-1, debuginfo out of flat
// directories that have an index page and no metadata, or that only answer for a file's own address.
const RELEASE = '2.6.32-642.el6.x86_64';
const FILES = ['kernel-debuginfo', 'kernel-debuginfo-common-x86_64', 'kernel-devel'].map(
  (name) => `${name}-${RELEASE}.rpm`,
);
const SOURCES = ['first', 'second', 'template'] as const;

const work = mkdtempSync(join(tmpdir(), 'e2e-centos6-'));
const served = join(work, 'served');
const lab = openRpmLab();
const gpg = new GpgHome();
let packages: Readonly<Record<string, string>> = {};
let server: Nginx;
let pinned: string;
let cli: Cli;

beforeAll(async () => {
  const key = gpg.makeKey('CentOS 6 of the lab', 'rsa2048');
  packages = lab.build(kernelBuild('2.6.32', '642.el6'));
  for (const path of Object.values(packages)) lab.sign(path, gpg, key);
  const newer = lab.build(kernelBuild('2.6.32', '754.el6'));
  mkdirSync(served);
  const devel = [packages['kernel-devel'] ?? '', newer['kernel-devel'] ?? ''];
  symlinkSync(lab.makeRepository('vault', devel, ['--checksum=sha']), join(served, 'vault'));
  server = await serveNginx(served);
  writeMirrors(key.fingerprint, key.armored);
  pinned = key.fingerprint;
  mkdirSync(join(work, 'keyed/keys'), { recursive: true });
  writeMirrors(pinned, null, 'keyed');
  cpSync(key.armored, join(work, 'keyed/keys', `${pinned}.asc`));
  mkdirSync(join(work, 'mixed/keys'), { recursive: true });
  writeMirrors(pinned, null, 'mixed', server.url, 'absent-key');
  cpSync(key.armored, join(work, 'mixed/keys', `${pinned}.asc`));
  // Nobody listens there: to ask would be another error.
  mkdirSync(join(work, 'keyless'));
  writeMirrors(pinned, null, 'keyless', 'http://127.0.0.1:9/');
});
afterAll(async () => {
  await server.close();
  lab.close();
  gpg.close();
  rmSync(work, { recursive: true });
});
beforeEach(() => {
  cli = new Cli();
  for (const name of SOURCES) {
    rmSync(join(served, name), { recursive: true, force: true });
    mkdirSync(join(served, name));
    for (const part of ['kernel-debuginfo', 'kernel-debuginfo-common-x86_64']) {
      const path = packages[part] ?? '';
      writeFileSync(join(served, name, path.split('/').at(-1) ?? ''), readFileSync(path));
    }
  }
  return () => cli.close();
});

function entry(base: string, id: string, kind: string, content: readonly string[]): object {
  return {
    id: `lab-${id}`,
    versions: ['6.*'],
    kind,
    urls: [`${base}${id}/`],
    content,
    state: { status: 'archive', since: null },
    verified: null,
    reason: 'a replica for a test',
  };
}

/** @param folder whose keys/ may hold the key  @param first the key that the first place is signed by */
function writeMirrors(
  fingerprint: string,
  keyring: string | null,
  folder = '.',
  base = server.url,
  first = 'lab-key',
): void {
  const keyrings = keyring === null ? {} : { keyrings: [keyring] };
  const trust = { metadata: 'unsigned', packages: 'signed', keys: ['lab-key'], ...keyrings };
  const entries = [
    entry(base, 'vault', 'rpm-md', ['devel']),
    { ...entry(base, 'first', 'listing', ['debuginfo']), trust: { ...trust, keys: [first] } },
    entry(base, 'second', 'listing', ['debuginfo']),
    entry(base, 'template', 'template', ['debuginfo']),
  ];
  const lab = { name: 'lab', expires: null, verified: null };
  const keys = { 'lab-key': { fingerprint, ...lab }, 'absent-key': { fingerprint: 'A'.repeat(40), ...lab } };
  const groups = [{ title: 'Replica', distros: ['centos'], vendor: 'CentOS', trust, entries }];
  writeFileSync(join(work, folder, 'mirrors.json'), JSON.stringify({ format: 'tapprep-mirrors/1', keys, groups }));
}

function run(command: string, ...more: readonly string[]): Promise<CliResult> {
  const target = ['--distro', 'centos:6.8', '--kernel', RELEASE];
  return cli.run([command, ...target, '--mirrors', join(work, 'mirrors.json'), '--json', ...more]);
}

/** With the list of a folder, and none but it: the built-in places are not asked. */
function runWith(folder: string, command: string, ...more: readonly string[]): Promise<CliResult> {
  const target = ['--distro', 'centos:6.8', '--kernel', RELEASE];
  return cli.run([command, ...target, '--mirrors', join(work, folder, 'mirrors.json'), '--json', ...more]);
}

async function plan(): Promise<PackagePlan> {
  const { code, stdout, stderr } = await run('plan');
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as PackagePlan;
}

describe('the three packages of one CentOS 6 kernel', () => {
  test.each([
    ['the first place', 0, 'first'],
    ['the second where the first is gone', 1, 'second'],
    ['the one that has no index page where both are gone', 2, 'template'],
  ])('come from %s', async (_, gone, expected) => {
    for (const name of SOURCES.slice(0, gone)) renameSync(join(served, name), join(work, `${name}-${Math.random()}`));
    const found = await plan();
    expect(found.items.map((item) => item.urls[0] ?? '').toSorted()).toEqual([
      `${server.url}${expected}/${FILES[0]}`,
      `${server.url}${expected}/${FILES[1]}`,
      `${server.url}vault/Packages/${FILES[2]}`,
    ]);
  });

  test('pass their checks for the signature in each, and carry the evidence', async () => {
    const dest = join(work, 'fetched');
    const { code, stderr } = await run('fetch', '--dest', dest);
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    expect(
      readdirSync(dest)
        .filter((name) => name.endsWith('.rpm'))
        .toSorted(),
    ).toEqual(FILES);
  });

  test('are verified where the machine has no keyring and the key lies beside the list that pins it', async () => {
    const dest = join(work, 'keyed-fetched');
    const { code, stdout, stderr } = await runWith('keyed', 'fetch', '--dest', dest);
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    expect(readdirSync(dest)).toEqual(expect.arrayContaining(FILES));
    expect(stdout).toContain(pinned);
  });

  test('are not asked for where no key here could check them: exit 4, and how to take the key', async () => {
    const { code, stdout } = await runWith('keyless', 'plan');
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string; hint: string } };
    expect([code, error.code]).toEqual([4, 'UNKNOWN_KEY']);
    expect(error.message).toContain(`the public key ${pinned} is not on this machine`);
    expect(error.hint).toContain(`~/.config/tapprep/keys/${pinned}.asc`);
  });

  test('come from the next place where the keys of the first are not here, and that is told', async () => {
    const { code, stdout, stderr } = await runWith('mixed', 'plan');
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    expect((JSON.parse(stdout) as PackagePlan).items.map((item) => item.urls[0] ?? '')).toContain(
      `${server.url}second/${FILES[0]}`,
    );
    expect(stderr).toContain(`what lab-first signs cannot be checked here: the public key ${'A'.repeat(40)} is not`);
  });

  test('with one other byte in one of them nothing is kept: exit 4', async () => {
    const path = join(served, 'first', FILES[0] ?? '');
    const bytes = readFileSync(path);
    bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const dest = join(work, 'spoiled');
    const { code, stdout } = await run('fetch', '--dest', dest);
    expect([code, JSON.parse(stdout)]).toEqual([
      4,
      { error: expect.objectContaining({ code: 'BAD_PACKAGE' }) as unknown },
    ]);
  });
});
