/** install.sh --check asks the real rpm and dpkg whether they would take the packages, and changes nothing. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BundleRoot, removeTemplate } from '../../helpers/bundle-root.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { makeRpmRunRoot } from '../../helpers/dpkg-root.ts';
import { GpgHome } from '../../helpers/gpg.ts';
import { openRpmLab } from '../../helpers/rpm-lab.ts';
import { writeRealBundle } from '../../helpers/sample-bundle.ts';
import type { RpmTarget } from '../../../src/types.ts';

const work = mkdtempSync(join(tmpdir(), 'bundle-check-'));
const gpg = new GpgHome();
const debs = new DebLab(gpg);
const rpms = openRpmLab();

afterAll(() => {
  removeTemplate();
  debs.close();
  rpms.close();
  gpg.close();
  rmSync(work, { recursive: true, force: true });
});

const TARGET: RpmTarget = {
  family: 'rpm',
  kernelFamily: 'el',
  distro: 'almalinux',
  version: '8.10',
  codename: null,
  arch: 'x86_64',
  release: '4.18.0-553.el8_10.x86_64',
  unameV: null,
  buildId: null,
  packageArch: 'x86_64',
  stem: 'kernel',
  variant: null,
  versionRelease: '553.el8_10',
};

test('rpm: a bundle that lacks what its packages need is not for this target; with it, it is', async () => {
  const build = { source: 'tools', version: '5.0', release: '1.el8' };
  const built = rpms.build({
    ...build,
    packages: [{ name: 'systemtap', requires: ['libneeded'] }, { name: 'libneeded' }],
  });
  const root = join(work, 'rpm');
  mkdirSync(root);
  makeRpmRunRoot(
    root,
    'http://127.0.0.1:9/',
    Object.values(rpms.build({ ...build, source: 'base-source', packages: [{ name: 'base' }] })),
  );
  const check = async (names: readonly string[]): Promise<string> => {
    const tar = join(work, `${names.join('-')}.tar`);
    const list = names.map((name) => ({ file: built[name] ?? '', name, version: '5.0-1.el8', arch: 'x86_64' }));
    await writeRealBundle(tar, list, { target: TARGET });
    rmSync(join(root, 'carried'), { recursive: true, force: true });
    mkdirSync(join(root, 'carried'));
    execFileSync('tar', ['-C', join(root, 'carried'), '-xf', tar]);
    const script = `/carried/${readdirSync(join(root, 'carried'))[0]}/install.sh`;
    const options = ['--check', '--not-running', '--allow-unsigned-packages'];
    const { status, stderr } = spawnSync('chroot', [root, 'sh', script, ...options], { encoding: 'utf8' });
    return `${status} ${stderr}`;
  };
  expect(await check(['systemtap'])).toMatch(
    /^1 [^]*cannot be installed here: libneeded is needed by systemtap-5\.0-1\.el8\.x86_64\n {2}try: /,
  );
  expect(await check(['systemtap', 'libneeded'])).toMatch(/^0 [^]*2 packages would be installed/);
  expect(execFileSync('chroot', [root, 'rpm', '-qa'], { encoding: 'utf8' })).toBe('base-5.0-1.el8.x86_64\n');
});

async function checkDebs(name: string, packages: Parameters<typeof writeRealBundle>[1]): Promise<string> {
  const tar = join(work, `${name}.tar`);
  await writeRealBundle(tar, packages);
  const root = new BundleRoot();
  try {
    root.unpack(tar);
    for (const folder of ['var/log', 'etc/dpkg']) mkdirSync(join(root.directory, folder), { recursive: true });
    writeFileSync(join(root.directory, 'etc/dpkg/dpkg.cfg'), 'log /var/log/dpkg.log\n');
    const { code, stderr } = await root.run('install.sh', ['--check', '--not-running']);
    expect(root.packages()).toBe('');
    expect(existsSync(join(root.directory, 'var/lib/tapprep'))).toBe(false);
    // dpkg would write into its log what it only tries, too.
    expect(existsSync(join(root.directory, 'var/log/dpkg.log'))).toBe(false);
    return `${code} ${stderr}`;
  } finally {
    root.close();
  }
}

test('dpkg: the same, with the versions that are asked for', async () => {
  const version = '4.4-2';
  const systemtap = {
    file: debs.build('systemtap', version, { Depends: 'libneeded (>= 2)' }),
    name: 'systemtap',
    version,
  };
  const old = { file: debs.build('libneeded', '1.0-1'), name: 'libneeded', version: '1.0-1' };
  const young = { file: debs.build('libneeded', '2.0-1'), name: 'libneeded', version: '2.0-1' };
  expect(await checkDebs('alone', [systemtap])).toMatch(
    /^1 [^]*cannot be installed here: systemtap depends on libneeded \(>= 2\)\n/,
  );
  expect(await checkDebs('old', [systemtap, old])).toMatch(/^1 [^]*systemtap depends on libneeded \(>= 2\)/);
  expect(await checkDebs('young', [systemtap, young])).toMatch(/^0 [^]*2 packages would be installed/);
});
