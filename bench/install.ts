/**
 * A complete install into a root, beside apt-get of the same packages from the same archive: index, signature, download,
 * digests, dpkg. tapprep's part holds its checks after the installation too; as the packages are no real SystemTap, they
 * end at their first step.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { DebLab } from '../test/helpers/deb-lab.ts';
import { makeDpkgRunRoot } from '../test/helpers/dpkg-root.ts';
import { type Bench, type CaseReport, runTapprep } from './bench.ts';
import { type Contestant, compare } from './compare.ts';
import { compareRpmInstall, RPM_TEXT } from './install-rpm.ts';
import { measure } from './measure.ts';

const RELEASE = '5.10.0-99-cloud-amd64';
const SUITE = 'bullseye';
const HEADER_FILES = 6_000;
const DEBUG_BYTES = 150 << 20;
const APT_DIRECTORIES = [
  'var/lib/apt/lists/partial',
  'var/cache/apt/archives/partial',
  'var/log/apt',
  'etc/apt/preferences.d',
  'etc/apt/apt.conf.d',
];
const NAMES = [`linux-headers-${RELEASE}`, `linux-image-${RELEASE}-dbg`, 'systemtap', 'gcc', 'make'];

/** One comparison. */
export function benchInstall(bench: Bench): Promise<CaseReport> {
  makeArchive(bench);
  const rows = compare('install into a root, 7 packages', tapprep(bench), [apt(bench)], Math.min(bench.pairs, 3));
  rmSync(join(bench.directory, 'install'), { recursive: true });
  return Promise.resolve({
    title: 'Install',
    text: `Seven packages, ${HEADER_FILES.toLocaleString('en-US')} header files and ${DEBUG_BYTES >> 20} MiB of debug information among them, from a signed archive into a fresh Debian root. \`tapprep install --root\` beside \`apt-get update\` and \`apt-get install\` with the same root. ${RPM_TEXT}`,
    rows: [...rows, ...compareRpmInstall(bench)].map((row) => ({ ...row, wanted: { time: 1 } })),
    plots: {},
  });
}

function makeArchive(bench: Bench): void {
  const lab = new DebLab(bench.gpg);
  const tree = (name: string): string => join(lab.directory, `content-${name}`);
  const headers = join(tree('headers'), `usr/src/linux-headers-${RELEASE}/include`);
  for (let at = 0; at < HEADER_FILES; at += 1) {
    const directory = join(headers, `d${at % 97}`);
    if (at < 97) mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `f${at}.h`), `#define THING_${at} ${at}\n`.repeat(60));
  }
  const debug = join(tree('debug'), `usr/lib/debug/lib/modules/${RELEASE}`);
  mkdirSync(debug, { recursive: true });
  writeFileSync(join(debug, 'vmlinux'), randomBytes(DEBUG_BYTES));
  const source = { Source: 'linux' };
  const packages = [
    lab.build(`linux-headers-${RELEASE}`, '5.10.299-1', { ...source, Depends: 'linux-kbuild-5.10' }, 'xz', {
      tree: tree('headers'),
    }),
    lab.build('linux-kbuild-5.10', '5.10.299-1', source),
    lab.build(`linux-image-${RELEASE}-dbg`, '5.10.299-1', source, 'none', { tree: tree('debug') }),
    lab.build(`linux-image-${RELEASE}`, '5.10.299-1', source, 'gzip', { [`boot/vmlinuz-${RELEASE}`]: 'never booted' }),
    lab.build('systemtap', '4.4-2', { Depends: 'systemtap-runtime' }),
    lab.build('systemtap-runtime', '4.4-2'),
    lab.build('gcc', '4:10.2.1-1'),
    lab.build('make', '4.3-4'),
  ];
  const release = { Codename: SUITE, Date: new Date().toUTCString() };
  lab.writeArchive('archive', { suite: SUITE, packages, key: bench.key, release });
  renameSync(join(lab.directory, 'archive'), join(bench.directory, 'install'));
  lab.close();
}

function freshRoot(bench: Bench): () => void {
  return () => {
    rmSync(join(bench.directory, 'root'), { recursive: true, force: true });
    rmSync(join(bench.directory, 'install-cache'), { recursive: true, force: true });
    mkdirSync(join(bench.directory, 'root'));
    const url = `${bench.server.url}install/`;
    makeDpkgRunRoot(join(bench.directory, 'root'), { url, suite: SUITE, keyring: bench.key.keyring });
  };
}

function tapprep(bench: Bench): Contestant {
  const options = ['--systemtap', 'distro', '--yes', '--json', '--cache-dir', join(bench.directory, 'install-cache')];
  const argv = ['install', '--root', join(bench.directory, 'root'), '--kernel', RELEASE, ...options];
  return {
    name: 'tapprep',
    prepare: freshRoot(bench),
    run: () => {
      // 1: installed, and the ladder ends at its first step.
      const run = runTapprep(argv, bench.directory, [1]);
      const report = JSON.parse(run.stdout) as { readonly install: { readonly installed: readonly unknown[] } | null };
      if (report.install?.installed.length !== 7) throw new Error(`tapprep installed ${run.stdout.slice(0, 500)}`);
      return run;
    },
  };
}

function apt(bench: Bench): Contestant {
  const root = join(bench.directory, 'root');
  const config = join(bench.directory, 'install-apt.conf');
  return {
    name: 'apt-get install',
    prepare: () => {
      freshRoot(bench)();
      for (const part of APT_DIRECTORIES) {
        mkdirSync(join(root, part), { recursive: true });
      }
      // Of the root everything, of this machine nothing but apt itself.
      writeFileSync(
        join(root, 'etc/apt/sources.list'),
        `deb [signed-by=${bench.key.armored}] ${bench.server.url}install/ ${SUITE} main\n`,
      );
      rmSync(join(root, 'etc/apt/sources.list.d'), { recursive: true });
      const settings = [
        `Dir "${root}/";`,
        `Dir::State::status "${root}/var/lib/dpkg/status";`,
        `DPkg::Options { "--root=${root}"; };`,
        'APT::Sandbox::User "root";',
        'Acquire::Languages "none";',
      ];
      writeFileSync(config, `${settings.join('\n')}\n`);
    },
    run: () =>
      measure(
        ['sh', '-c', 'apt-get -qq update && apt-get -qq --yes --no-install-recommends install "$@"', 'sh', ...NAMES],
        { env: { APT_CONFIG: config, DEBIAN_FRONTEND: 'noninteractive' } },
      ),
  };
}
