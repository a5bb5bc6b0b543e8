/** What is printed for the sources of a CentOS that has ended, run by a shell on files as its release packages bring them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diagnose } from '../../../src/diagnose/diagnose.ts';

test.each([
  ['3.10.0-1160.el7.x86_64', 'centos/$releasever/os/$basearch/', '7.9.2009/os/$basearch/'],
  ['2.6.32-754.el6.x86_64', 'centos/$releasever/updates/$basearch/', '6.10/updates/$basearch/'],
  ['4.18.0-348.el8.x86_64', '$contentdir/$releasever/BaseOS/$basearch/os/', '8.5.2111/BaseOS/$basearch/os/'],
  ['4.18.0-552.el8.x86_64', '$contentdir/$stream/BaseOS/$basearch/os/', '$contentdir/$stream/BaseOS/$basearch/os/'],
])('%s: %s is %s of the vault', (release, before, after) => {
  const gone = 'Could not retrieve mirrorlist http://mirrorlist.centos.org/?repo=os error was';
  const log = `# yum install kernel-devel-${release}\n${gone}\nCannot find a valid baseurl for repo: base`;
  const [command = ''] = diagnose({ log })[0]?.fix ?? [];
  const directory = mkdtempSync(join(tmpdir(), 'vault-'));
  const file = join(directory, 'CentOS-Base.repo');
  writeFileSync(
    file,
    `mirrorlist=http://mirrorlist.centos.org/?repo=os\n#baseurl=http://mirror.centos.org/${before}\n`,
  );
  const here = command.replace(/^sudo /u, '').replace('/etc/yum.repos.d', directory);
  expect(spawnSync('sh', ['-c', here], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  expect(readFileSync(file, 'utf8')).toBe(
    `#mirrorlist=http://mirrorlist.centos.org/?repo=os\nbaseurl=http://vault.centos.org/${after}\n`,
  );
  rmSync(directory, { recursive: true });
});
