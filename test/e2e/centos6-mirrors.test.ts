import {
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

function entry(id: string, kind: string, content: readonly string[]): object {
  return {
    id: `lab-${id}`,
    versions: ['6.*'],
    kind,
    urls: [`${server.url}${id}/`],
    content,
    state: { status: 'archive', since: null },
    verified: null,
    reason: 'a replica for a test',
  };
}

function writeMirrors(fingerprint: string, keyring: string): void {
  const trust = { metadata: 'unsigned', packages: 'signed', keys: ['lab-key'], keyrings: [keyring] };
  const entries = [
    entry('vault', 'rpm-md', ['devel']),
    entry('first', 'listing', ['debuginfo']),
    entry('second', 'listing', ['debuginfo']),
    entry('template', 'template', ['debuginfo']),
  ];
  const keys = { 'lab-key': { fingerprint, name: 'lab', expires: null, verified: null } };
  const groups = [{ title: 'Replica', distros: ['centos'], vendor: 'CentOS', trust, entries }];
  writeFileSync(join(work, 'mirrors.json'), JSON.stringify({ format: 'tapprep-mirrors/1', keys, groups }));
}

function run(command: string, ...more: readonly string[]): Promise<CliResult> {
  const target = ['--distro', 'centos:6.8', '--kernel', RELEASE];
  return cli.run([command, ...target, '--mirrors', join(work, 'mirrors.json'), '--json', ...more]);
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
