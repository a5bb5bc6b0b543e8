/** The examples of images, as far as small packages show them: dnf --installroot. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { copyWithLibraries, makeProgramRoot } from '../helpers/dpkg-root.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { serveNginx } from '../helpers/nginx.ts';
import { kernelBuild, openRpmLab } from '../helpers/rpm-lab.ts';
import { runLocally } from '../helpers/run.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const RELEASE = '4.18.0-553.el8_10.x86_64';
const work = mkdtempSync(join(tmpdir(), 'images-'));
const gpg = new GpgHome();
const lab = openRpmLab();

afterAll(() => {
  lab.close();
  gpg.close();
  rmSync(work, { recursive: true, force: true });
});

/** A whole small system in one package: shell, programs, rpm, os-release. */
function buildSystem(): string {
  const tree = join(work, 'tree');
  mkdirSync(tree);
  makeProgramRoot(tree);
  rmSync(join(tree, 'proc'), { recursive: true });
  copyWithLibraries('/usr/bin/rpm', tree);
  mkdirSync(join(tree, 'usr/lib/rpm'), { recursive: true });
  writeFileSync(join(tree, 'usr/lib/rpm/macros'), MACROS);
  cpSync('/usr/lib/rpm/rpmrc', join(tree, 'usr/lib/rpm/rpmrc'));
  writeFileSync(
    join(tree, 'etc/os-release'),
    'ID="almalinux"\nVERSION_ID="8.10"\nPRETTY_NAME="AlmaLinux of the lab"\n',
  );
  for (const name of ['gcc', 'make']) writeFileSync(join(tree, 'usr/bin', name), '#!/bin/sh\n', { mode: 0o755 });
  const top = join(work, 'build');
  mkdirSync(top);
  writeFileSync(
    join(top, 'system.spec'),
    `Name: system\nVersion: 8\nRelease: 1\nSummary: test\nLicense: MIT\nAutoReqProv: no\nProvides: gcc make\n%description\ntest\n%install\ncp -a ${tree}/. %{buildroot}/\n%files\n/*\n`,
  );
  const defines = ['debug_package %{nil}', '__os_install_post %{nil}', '_build_id_links none', `_topdir ${top}`];
  const words = defines.flatMap((text) => ['--define', text]);
  execFileSync('rpmbuild', ['--quiet', '-bb', '--target', 'x86_64', ...words, join(top, 'system.spec')], {
    stdio: 'pipe',
  });
  return join(top, 'RPMS/x86_64/system-8-1.x86_64.rpm');
}

// Debian's rpm has its database elsewhere.
const MACROS =
  '%_dbpath /var/lib/rpm\n%_db_backend sqlite\n%_rpmlock_path /var/lib/rpm/.rpm.lock\n%_pkgverify_level digest\n';

test('examples/installroot.sh: dnf makes the system, tapprep adds the packages of its kernel', async () => {
  const key = gpg.makeKey('distribution', 'rsa2048');
  const { packages: parts, ...build } = kernelBuild('4.18.0', '553.el8_10', { vendor: 'AlmaLinux' });
  const files = { [`/lib/modules/${RELEASE}/vmlinuz`]: 'no kernel, and never booted: the ladder ends before' };
  const kernel = Object.values(
    lab.build({ ...build, packages: parts.map((one) => (one.name === 'kernel-core' ? { ...one, files } : one)) }),
  );
  const tools = Object.values(
    lab.build({ source: 'tools', version: '5.0', release: '1.el8', packages: [{ name: 'systemtap' }] }),
  );
  const packages = [buildSystem(), ...kernel, ...tools];
  for (const path of packages) lab.sign(path, gpg, key);
  const nginx = await serveNginx(lab.makeRepository('all', packages));
  try {
    const [root, bin, home] = [join(work, 'root'), join(work, 'bin'), join(work, 'home')];
    mkdirSync(join(root, 'etc/yum.repos.d'), { recursive: true });
    mkdirSync(join(root, 'etc/pki'));
    cpSync(key.armored, join(root, 'etc/pki/KEY'));
    writeFileSync(
      join(root, 'etc/yum.repos.d/all.repo'),
      `[all]\nname=all\nbaseurl=${nginx.url}\nenabled=1\ngpgcheck=1\ngpgkey=file:///etc/pki/KEY\n`,
    );
    mkdirSync(bin);
    mkdirSync(home);
    writeFileSync(join(home, '.rpmmacros'), MACROS);
    writeFileSync(join(bin, 'dnf'), `#!/bin/sh\nexec /usr/bin/dnf --releasever=8 --nogpgcheck "$@"\n`, { mode: 0o755 });
    writeFileSync(
      join(bin, 'tapprep'),
      `#!/bin/sh\nexec ${process.execPath} ${join(REPOSITORY, 'bin/tapprep.js')} "$@" --systemtap distro\n`,
      { mode: 0o755 },
    );
    const { exitCode, stdout, stderr } = await runLocally(
      ['sh', join(REPOSITORY, 'examples/installroot.sh'), root, RELEASE, 'system'],
      { env: { HOME: home, PATH: `${bin}:${process.env['PATH'] ?? ''}` } },
    );
    // Empty packages prove nothing: installed, not ready.
    expect(`${exitCode} ${stdout}${stderr}`).toMatch(/^1 /);
    const list = execFileSync('chroot', [root, 'rpm', '-qa'], { encoding: 'utf8' });
    expect(list.trim().split('\n').toSorted()).toEqual(
      ['kernel-debuginfo', 'kernel-debuginfo-common-x86_64', 'kernel-devel']
        .map((name) => `${name}-${RELEASE}`)
        .concat('system-8-1.x86_64', 'systemtap-5.0-1.el8.x86_64'),
    );
  } finally {
    await nginx.close();
  }
});
