import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { serveNginx, type Nginx } from '../helpers/nginx.ts';
import { listRpms, makeRpmRoot, prepareRpmLab, RPM_LAB } from '../helpers/rpm-root.ts';

// The RPM lab: a kernel built as an RPM distribution builds its own, packed, signed, served, installed, booted.
const cli = new Cli();
let nginx: Nginx;
let release: string;
let repository: string;
let work: string;

/** A fresh root whose one repository is served here. */
function makeRoot(name: string): string {
  const root = join(work, name);
  makeRpmRoot(root, nginx.url);
  return root;
}

beforeAll(async () => {
  ({ release, repository } = prepareRpmLab());
  work = mkdtempSync(join(RPM_LAB, 'work-'));
  nginx = await serveNginx(repository);
}, 1_800_000);

afterAll(async () => {
  await nginx.close();
  rmSync(work, { recursive: true, force: true });
  cli.close();
});

test('from signed RPMs to Hello, World inside their kernel, and back', async () => {
  const root = makeRoot('good');
  const before = listRpms(root);
  const result = await cli.run(['install', '--root', root, '--kernel', release, '--yes', '--json']);
  expect(result.stderr).not.toMatch(/tapprep: [A-Z_]+:/);
  const report = JSON.parse(result.stdout) as {
    plan: { items: { name: string; role: string; match: string }[] };
    install: { installed: { name: string }[] };
    verify: { ready: boolean; ranIn: string; steps: { step: string; status: string; output: string }[] };
  };
  expect(report.plan.items.find(({ role }) => role === 'devel')).toMatchObject({
    name: 'kernel-devel',
    match: 'uname-provide',
  });
  expect(report.install.installed.map(({ name }) => name).toSorted()).toEqual([
    'kernel-debuginfo',
    'kernel-debuginfo-common-x86_64',
    'kernel-devel',
  ]);
  expect(report.verify.steps.map(({ step, status }) => `${step} ${status}`)).toEqual(
    expect.arrayContaining(['build-tree pass', 'build-id pass', 'hello pass']),
  );
  expect(report.verify.steps.find(({ step }) => step === 'hello')?.output).toContain('Hello, World');
  expect(report.verify).toMatchObject({ ready: true, ranIn: 'vm' });
  expect(result.code).toBe(0);

  expect((await cli.run(['remove', '--root', root, '--yes'])).code).toBe(0);
  expect(listRpms(root)).toEqual(before);
}, 600_000);

test('with one byte of one package changed: exit 4 and nothing installed', async () => {
  const root = makeRoot('altered');
  const before = listRpms(root);
  const name = `kernel-devel-${release}.rpm`;
  const bytes = readFileSync(join(repository, name));
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  const altered = join(work, 'altered-repo');
  execFileSync('cp', ['-a', repository, altered]);
  writeFileSync(join(altered, name), bytes);
  const other = await serveNginx(altered);
  const repo = join(root, 'etc/yum.repos.d/lab.repo');
  writeFileSync(repo, readFileSync(repo, 'utf8').replace(nginx.url, other.url));
  try {
    const result = await new Cli().run(['install', '--root', root, '--kernel', release, '--yes']);
    expect(result.stderr).toMatch(/tapprep: (DIGEST_MISMATCH|BAD_SIGNATURE|BAD_PACKAGE):/);
    expect(result.code).toBe(4);
    expect(listRpms(root)).toEqual(before);
  } finally {
    await other.close();
  }
}, 300_000);
