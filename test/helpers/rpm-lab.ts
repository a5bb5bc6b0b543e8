/** Real packages and repositories: rpmbuild, rpmsign and createrepo_c in a directory of their own. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import type { GpgHome, TestKey } from './gpg.ts';

/** One binary package of a spec; its content is one small file, and random bytes where a size is given. */
export interface LabPackage {
  readonly name: string;
  readonly bytes?: number;
  /** More files by path; programs. */
  readonly files?: Readonly<Record<string, string>>;
  /** A directory whose files and links it carries as they are. */
  readonly tree?: string;
  readonly arch?: 'x86_64' | 'noarch';
  readonly provides?: readonly string[];
  readonly requires?: readonly string[];
  /** Its %post, in rpm's own Lua. */
  readonly post?: string;
  /** [epoch:]version-release, where it is not the build's. */
  readonly version?: string;
}

export interface LabBuild {
  /** Name of the source package. */
  readonly source: string;
  readonly version: string;
  readonly release: string;
  readonly epoch?: number;
  readonly vendor?: string;
  readonly buildHost?: string;
  /** Seconds since the epoch. */
  readonly buildTime?: number;
  readonly packages: readonly LabPackage[];
}

interface SignOptions {
  readonly digest?: string;
  readonly legacy?: boolean;
}

export interface RpmLab {
  readonly directory: string;
  /** Builds all packages of a spec; paths by package name. */
  build(build: LabBuild): Readonly<Record<string, string>>;
  /** Signs in place. */
  sign(path: string, home: GpgHome, key: TestKey, options?: SignOptions): void;
  /** Many at once. */
  signAll(paths: readonly string[], home: GpgHome, key: TestKey): void;
  /** Copies packages into DIRECTORY/repos/NAME/Packages and runs createrepo_c; returns the repository's directory. */
  makeRepository(name: string, packages: readonly string[], options?: readonly string[]): string;
  close(): void;
}

/** The packages of one kernel as EL8 and later cut them, with their provides and requires. */
export function kernelBuild(version: string, release: string, extra: Partial<LabBuild> = {}): LabBuild {
  const uname = `${version}-${release}.x86_64`;
  const vr = `${version}-${release}`;
  return {
    source: 'kernel',
    version,
    release,
    packages: [
      { name: 'kernel-core', provides: [`kernel-uname-r = ${uname}`] },
      { name: 'kernel-devel', provides: [`kernel-devel-uname-r = ${uname}`], requires: ['gcc', 'make'] },
      { name: 'kernel-debuginfo', requires: [`kernel-debuginfo-common-x86_64 = ${vr}`] },
      { name: 'kernel-debuginfo-common-x86_64' },
    ],
    ...extra,
  };
}

/** Makes an empty lab. */
export function openRpmLab(): RpmLab {
  const directory = mkdtempSync(join(tmpdir(), 'rpm-lab-'));
  let builds = 0;
  return {
    directory,
    build(build) {
      builds += 1;
      const top = join(directory, `build${builds}`);
      mkdirSync(top);
      const spec = join(top, `${build.source}.spec`);
      writeFileSync(spec, formatSpec(build));
      execFileSync('rpmbuild', ['--quiet', '-bb', '--target', 'x86_64', ...defines(top, build), spec], {
        env: { ...process.env, SOURCE_DATE_EPOCH: String(build.buildTime ?? 1_700_000_000), HOME: top },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const out = join(top, 'RPMS');
      const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.rpm'));
      return Object.fromEntries(
        build.packages.flatMap(({ name, version = `${build.version}-${build.release}` }) => {
          const file = files.find((path) => basename(path).startsWith(`${name}-${version.replace(/^\d+:/, '')}.`));
          return file === undefined ? [] : [[name, join(out, file)]];
        }),
      );
    },
    sign: (path, home, key, options = {}) => sign([path], home, key, options),
    signAll: (paths, home, key) => sign(paths, home, key, {}),
    makeRepository(name, packages, options = []) {
      const root = join(directory, 'repos', name);
      mkdirSync(join(root, 'Packages'), { recursive: true });
      for (const path of packages) cpSync(path, join(root, 'Packages', path.split('/').at(-1) ?? ''));
      execFileSync('createrepo_c', ['--quiet', '--no-database', ...options, root], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      return root;
    },
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function sign(paths: readonly string[], home: GpgHome, key: TestKey, options: SignOptions): void {
  const args = ['--addsign', ...(options.legacy === true ? ['--rpmv3'] : [])];
  const macros = {
    _gpg_name: key.fingerprint,
    _gpg_path: home.directory,
    _gpg_digest_algo: options.digest ?? 'sha256',
    _gpg_sign_cmd_extra_args: '--batch --pinentry-mode loopback',
    __gpg: '/usr/bin/gpg',
  };
  const list = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  execFileSync('rpmsign', [...list, ...args, ...paths], { stdio: ['ignore', 'ignore', 'pipe'] });
}

function defines(top: string, build: LabBuild): string[] {
  const macros: Readonly<Record<string, string>> = {
    _topdir: top,
    _buildhost: build.buildHost ?? 'build-1.example.org',
    use_source_date_epoch_as_buildtime: '1',
    debug_package: '%{nil}',
    __os_install_post: '%{nil}',
    _build_id_links: 'none',
    _vendor: build.vendor ?? 'CentOS',
    // Random bytes only become larger by packing.
    ...(build.packages.some(({ bytes }) => bytes !== undefined) ? { _binary_payload: 'w.ufdio' } : {}),
  };
  return Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
}

function formatSpec(build: LabBuild): string {
  const sub = build.packages.map((item) => {
    const lines = [
      `%package -n ${item.name}`,
      'Summary: test',
      'AutoReqProv: no',
      ...versionLines(item.version),
      ...(item.arch === 'noarch' ? ['BuildArch: noarch'] : []),
      ...(item.provides ?? []).map((value) => `Provides: ${value}`),
      ...(item.requires ?? []).map((value) => `Requires: ${value}`),
      `%description -n ${item.name}`,
      'test',
      ...(item.post === undefined ? [] : [`%post -n ${item.name} -p <lua>`, item.post]),
      `%files -n ${item.name}`,
      `/usr/share/lab/${item.name}`,
      ...Object.keys(item.files ?? {}),
      ...(item.tree === undefined ? [] : pathsOf(item.tree)),
    ];
    return lines.join('\n');
  });
  return `Name: ${build.source}
Version: ${build.version}
Release: ${build.release}
${build.epoch === undefined ? '' : `Epoch: ${build.epoch}\n`}Summary: test
License: GPLv2
Vendor: ${build.vendor ?? 'CentOS'}
AutoReqProv: no
%description
test
%install
mkdir -p %{buildroot}/usr/share/lab
${build.packages.map(formatContent).join('\n')}
${sub.join('\n')}
`;
}

function versionLines(text: string | undefined): readonly string[] {
  const [, epoch, version = '', release = ''] = /^(?:(\d+):)?(.+)-(.+)$/.exec(text ?? '') ?? [];
  if (text === undefined) return [];
  return [`Version: ${version}`, `Release: ${release}`, ...(epoch === undefined ? [] : [`Epoch: ${epoch}`])];
}

function pathsOf(tree: string): readonly string[] {
  const found = readdirSync(tree, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join('/', relative(tree, entry.parentPath), entry.name));
}

function formatContent({ name, bytes = 0, files = {}, tree }: LabPackage): string {
  const more = Object.entries(files).map(
    ([path, text]) =>
      `install -D /dev/stdin %{buildroot}${path} <<'END'\n${text.replaceAll('%', '%%').replace(/\n$/, '')}\nEND`,
  );
  const own = `{ echo "content of ${name}"; head -c ${bytes} /dev/urandom; } > %{buildroot}/usr/share/lab/${name}`;
  return [own, ...more, ...(tree === undefined ? [] : [`cp -a ${tree}/. %{buildroot}/`])].join('\n');
}
