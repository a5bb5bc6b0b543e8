import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { HERE } from '../../../src/diagnose/place.ts';
import { renderRemedy } from '../../../src/diagnose/render-remedy.ts';

const root = mkdtempSync(join(tmpdir(), 'zypper-root-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const REPOSITORIES = ['SLE-Debuginfo-Pool', 'SLE-Pool', 'SLE-Source-Pool', 'SLE-Debuginfo-Updates'];
const BY_ALIAS = 'SLE-Module-Debuginfo';
const fileOf = (name: string): string => join(root, 'etc/zypp/repos.d', `${name}.repo`);

test('what is printed for SUSE switches on every debug repository that zypper has, and no other', () => {
  mkdirSync(join(root, 'etc/zypp/repos.d'), { recursive: true });
  mkdirSync(join(root, 'var/lib/rpm'), { recursive: true });
  for (const name of REPOSITORIES)
    writeFileSync(fileOf(name), `[${name}]\nname=${name}\nenabled=0\nbaseurl=http://127.0.0.1:9/${name}\n`);
  writeFileSync(fileOf(BY_ALIAS), `[${BY_ALIAS}]\nname=A module\nenabled=0\nbaseurl=http://127.0.0.1:9/module\n`);
  const place = { reach: HERE, kernel: null, manager: 'zypper', sudo: false } as const;
  const [command = ''] = renderRemedy({ kind: 'enable-debug-repository', by: 'user', system: 'suse' }, place);
  expect(command).toMatch(/^zypper modifyrepo /);
  // The same command by the zypper of this machine, for that root alone.
  execFileSync('sh', ['-ec', command.replaceAll('zypper ', 'zypper --root "$0" '), root], { stdio: 'pipe' });
  const enabled = [...REPOSITORIES, BY_ALIAS].filter((name) => /^enabled=1$/m.test(readFileSync(fileOf(name), 'utf8')));
  expect(enabled).toEqual(['SLE-Debuginfo-Pool', 'SLE-Debuginfo-Updates', BY_ALIAS]);
});
