/** The same beside dnf: a fresh root with rpm in it, signed packages, dnf of this machine with --installroot. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeRpmRunRoot } from '../test/helpers/dpkg-root.ts';
import { kernelBuild, type LabBuild, openRpmLab } from '../test/helpers/rpm-lab.ts';
import { type Bench, runTapprep } from './bench.ts';
import { type Contestant, compare, type Row } from './compare.ts';
import { measure } from './measure.ts';

const [VERSION, BUILD] = ['4.18.0', '553.el8_10'];
const RELEASE = `${VERSION}-${BUILD}.x86_64`;
const VENDOR = 'AlmaLinux';
const HEADER_FILES = 2_000;
const DEBUG_BYTES = 150 << 20;
const NAMES = [`kernel-devel-${RELEASE}`, `kernel-debuginfo-${RELEASE}`, 'systemtap'];
/** With kernel-debuginfo-common. */
const INSTALLED = 4;

export const RPM_TEXT = `Four packages, ${HEADER_FILES.toLocaleString('en-US')} header files and ${DEBUG_BYTES >> 20} MiB of debug information among them, signed, into a fresh root with rpm: \`tapprep install --root\` beside \`dnf install --installroot\`.`;

/** One comparison. */
export function compareRpmInstall(bench: Bench): readonly Row[] {
  const base = makeRepository(bench);
  const rows = compare(
    'install into a root, rpm, 4 packages',
    tapprep(bench, base),
    [dnf(bench, base)],
    Math.min(bench.pairs, 3),
  );
  rmSync(join(bench.directory, 'install-rpm'), { recursive: true });
  return rows;
}

/** @returns packages that each root has before */
function makeRepository({ directory, gpg, key }: Bench): readonly string[] {
  const lab = openRpmLab();
  const headers = Object.fromEntries(
    Array.from({ length: HEADER_FILES }, (_, at) => [
      `/usr/src/kernels/${RELEASE}/include/d${at % 97}/f${at}.h`,
      `#define THING_${at} ${at}\n`.repeat(60),
    ]),
  );
  const kernel = kernelBuild(VERSION, BUILD, { vendor: VENDOR });
  const packages = kernel.packages.map((one) => ({
    ...one,
    ...(one.name === 'kernel-core' ? { files: { [`/boot/vmlinuz-${RELEASE}`]: 'never booted\n' } } : {}),
    ...(one.name === 'kernel-devel' ? { files: headers } : {}),
    ...(one.name === 'kernel-debuginfo' ? { bytes: DEBUG_BYTES } : {}),
  }));
  const tools: LabBuild = {
    source: 'tools',
    version: '5.0',
    release: '1.el8',
    vendor: VENDOR,
    packages: [{ name: 'systemtap' }],
  };
  const paths = [{ ...kernel, packages }, tools].flatMap((build) => Object.values(lab.build(build)));
  for (const path of paths) lab.sign(path, gpg, key);
  cpSync(lab.makeRepository('install', paths), join(directory, 'install-rpm'), { recursive: true });
  const base = lab.build({ source: 'base', version: '1', release: '1', packages: [{ name: 'gcc' }, { name: 'make' }] });
  const kept = join(directory, 'install-rpm-base');
  mkdirSync(kept, { recursive: true });
  for (const [name, path] of Object.entries(base)) cpSync(path, join(kept, `${name}.rpm`));
  lab.close();
  return Object.keys(base).map((name) => join(kept, `${name}.rpm`));
}

function freshRoot({ directory, server, key }: Bench, base: readonly string[]): () => void {
  return () => {
    const root = join(directory, 'root');
    for (const name of ['root', 'install-cache']) rmSync(join(directory, name), { recursive: true, force: true });
    mkdirSync(root);
    makeRpmRunRoot(root, `${server.url}install-rpm`, base);
    mkdirSync(join(root, 'etc/pki/rpm-gpg'), { recursive: true });
    cpSync(key.armored, join(root, 'etc/pki/rpm-gpg/KEY'));
    const file = join(root, 'etc/yum.repos.d/test.repo');
    writeFileSync(file, `${readFileSync(file, 'utf8')}gpgkey=file:///etc/pki/rpm-gpg/KEY\n`);
  };
}

function tapprep(bench: Bench, base: readonly string[]): Contestant {
  const options = ['--systemtap', 'distro', '--yes', '--json', '--cache-dir', join(bench.directory, 'install-cache')];
  const argv = ['install', '--root', join(bench.directory, 'root'), '--kernel', RELEASE, ...options];
  return {
    name: 'tapprep',
    prepare: freshRoot(bench, base),
    run: () => {
      // 1: installed, and the ladder ends at its first step.
      const run = runTapprep(argv, bench.directory, [1]);
      const report = JSON.parse(run.stdout) as { readonly install: { readonly installed: readonly unknown[] } | null };
      if (report.install?.installed.length !== INSTALLED)
        throw new Error(`tapprep installed ${run.stdout.slice(0, 500)}`);
      return run;
    },
  };
}

function dnf(bench: Bench, base: readonly string[]): Contestant {
  const root = join(bench.directory, 'root');
  const home = join(bench.directory, 'install-dnf');
  return {
    name: 'dnf install',
    prepare: () => {
      freshRoot(bench, base)();
      rmSync(home, { recursive: true, force: true });
      mkdirSync(join(home, 'repos'), { recursive: true });
      // Its log and its cache lie in the root.
      mkdirSync(join(root, 'var/log'));
      // Debian's rpm keeps its database elsewhere.
      writeFileSync(join(home, '.rpmmacros'), '%_dbpath /var/lib/rpm\n');
      writeFileSync(
        join(home, 'repos/test.repo'),
        `[test]\nname=test\nbaseurl=${bench.server.url}install-rpm\nenabled=1\ngpgcheck=1\ngpgkey=file://${bench.key.armored}\n`,
      );
    },
    run: () => {
      const settings = [`reposdir=${home}/repos`, 'install_weak_deps=0'];
      const run = measure(
        [
          'dnf',
          '--quiet',
          '--assumeyes',
          '--installroot',
          root,
          '--releasever',
          '8',
          '--disableplugin=*',
          ...settings.map((setting) => `--setopt=${setting}`),
          'install',
          ...NAMES,
        ],
        { env: { HOME: home } },
      );
      const listed = measure(['chroot', root, 'rpm', '-qa'], {}).stdout;
      if (!NAMES.every((name) => listed.includes(name))) throw new Error(`dnf installed ${listed}`);
      return run;
    },
  };
}
