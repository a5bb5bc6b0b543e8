/** Small roots of installed systems: made-up files in a real package database, written by the real dpkg or rpm. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { xzSync } from './xz.ts';

/** Path in the root -> text, bytes, a link ("-> target"), or a program ("#!…"). */
type Files = Readonly<Record<string, string | Uint8Array>>;

export const DEB_RELEASE = '6.1.0-50-cloud-amd64';
export const RPM_RELEASE = '4.18.0-553.el8_10.x86_64';

function writeFiles(root: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof content === 'string' && content.startsWith('-> ')) symlinkSync(content.slice(3), path);
    else writeFileSync(path, content);
    if (typeof content === 'string' && content.startsWith('#!')) chmodSync(path, 0o755);
  }
}

/** busybox's own make and rpm are not the programs that a system has under these names. */
const NOT_INSTALLED = ['busybox', 'make', 'rpm'];

/** busybox as the whole userland, so that programs can run inside by chroot. */
function installBusybox(root: string): void {
  mkdirSync(join(root, 'bin'), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) if (!NOT_INSTALLED.includes(applet)) symlinkSync('busybox', join(root, 'bin', applet));
}

function says(text: string): string {
  return `#!/bin/sh\ncat >&2 <<'END'\n${text}END\n`;
}

function kernelFiles(release: string, tree: string, utsVersion: string): Files {
  return {
    [`${tree}/.config`]: 'CONFIG_MODULES=y\nCONFIG_KPROBES=y\n# CONFIG_UPROBES is not set\n',
    [`${tree}/Module.symvers`]: '0x00000000\tprintk\tvmlinux\tEXPORT_SYMBOL\n',
    [`${tree}/Makefile`]: 'all:\n',
    [`${tree}/include/generated/utsrelease.h`]: `#define UTS_RELEASE "${release}"\n`,
    [`${tree}/include/generated/compile.h`]: `#define UTS_VERSION "${utsVersion}"\n#define LINUX_COMPILE_HOST\t"builder.example.org"\n`,
  };
}

function imageFiles(release: string, modules: string, tree: string): Files {
  return {
    [`/boot/config-${release}`]:
      'CONFIG_CC_VERSION_TEXT="gcc-12 (Debian 12.2.0-14) 12.2.0"\nCONFIG_MODULES=y\nCONFIG_KPROBES=y\n',
    [`/boot/System.map-${release}`]: 'ffffffffffffffff B The real System.map is in the debug package\n',
    [`${modules}/${release}/build`]: `-> ${tree}`,
    [`${modules}/${release}/kernel/fs/a.ko.xz`]: xzSync(
      `\u007fELF\0license=GPL\0vermagic=${release} SMP mod_unload \0`,
    ),
  };
}

const SYSTEMTAP: Files = {
  '/usr/bin/stap': says(
    'Systemtap translator/driver (version 4.8/0.188, Debian version 4.8-2)\nCopyright\ntested kernel versions: 2.6.32 ... 6.1.0-rc3\n',
  ),
  '/usr/bin/staprun': says('Systemtap module loader/runner (version 4.8, Debian version 4.8-2)\n'),
  '/usr/share/systemtap/tapset/linux/tcp.stp': '',
  '/usr/share/systemtap/tapset/uconversions.stp': '',
};
const TOOLCHAIN: Files = { '/usr/bin/gcc': '#!/bin/sh\necho "gcc (Debian 12.2.0-14+deb12u1) 12.2.0"\n' };

/** A Debian 12 with kernel image, headers, debug package, SystemTap and gcc; programs run in it. */
export function makeDpkgRoot(root: string): void {
  installBusybox(root);
  writeFiles(root, {
    '/var/lib/dpkg/status': '',
    '/var/lib/dpkg/updates/.keep': '',
    '/var/lib/dpkg/triggers/.keep': '',
    '/var/lib/dpkg/info/.keep': '',
    '/etc/apt/sources.list': 'deb http://ftp.debian.org/debian bookworm main\n',
    [`/lib/modules/${DEB_RELEASE}/systemtap/.keep`]: '',
    '/root/.systemtap/cache/ab/module.ko': '',
    '/tmp/stapAbC123/x.c': '',
  });
  const tree = `/usr/src/linux-headers-${DEB_RELEASE}`;
  const uts = '#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)';
  const packages: readonly (readonly [string, string, Files])[] = [
    [
      'base-files',
      '12.4+deb12u11',
      {
        '/usr/lib/os-release':
          'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
        // Absolute on purpose: it must be read as the root means it.
        '/etc/os-release': '-> /usr/lib/os-release',
        '/etc/debian_version': '12.11\n',
      },
    ],
    ['dpkg', '1.21.22', { '/usr/bin/apt-get': '#!/bin/sh\n' }],
    [`linux-image-${DEB_RELEASE}`, '6.1.176-1', imageFiles(DEB_RELEASE, '/lib/modules', tree)],
    [`linux-headers-${DEB_RELEASE}`, '6.1.176-1', kernelFiles(DEB_RELEASE, tree, uts)],
    ['systemtap', '4.8-2', SYSTEMTAP],
    ['gcc', '4:12.2.0-3', TOOLCHAIN],
  ];
  const debs = packages.map(([name, version, files]) => {
    const staging = `${root}.deb-${name}`;
    writeFiles(staging, files);
    writeFiles(staging, {
      'DEBIAN/control': `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nMaintainer: test <test@example.org>\nDescription: test\n`,
    });
    chmodSync(join(staging, 'DEBIAN'), 0o755);
    execFileSync('dpkg-deb', ['--build', '-Znone', staging, `${staging}.deb`], { stdio: 'pipe' });
    return `${staging}.deb`;
  });
  execFileSync('dpkg', [`--root=${root}`, '--force-not-root', '--force-depends', '--install', ...debs], {
    stdio: 'pipe',
  });
  chmodSync(join(root, 'usr/bin/staprun'), 0o4754);
  const debug = `/usr/lib/debug/lib/modules/${DEB_RELEASE}/vmlinux`;
  mkdirSync(join(root, dirname(debug)), { recursive: true });
  // A real ELF file with a build-id and without DWARF.
  copyFileSync('/bin/dash', join(root, debug));
}

/** An EL8 with kernel, kernel-devel and SystemTap; a shell and rpm run in it when `withRpm`. */
export function makeRpmRoot(root: string, { withRpm }: { readonly withRpm: boolean }): void {
  installBusybox(root);
  writeFiles(root, {
    '/etc/os-release':
      'ID="almalinux"\nVERSION_ID="8.10"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="AlmaLinux 8.10"\n',
    '/etc/yum.repos.d/almalinux.repo':
      '[baseos]\nname=BaseOS\nbaseurl=https://user:secret@example.org/$releasever/\npassword = secret2\nmirrorlist=https://example.org/list?release=$releasever&token=secret3\n',
  });
  const top = `${root}.rpm`;
  const tree = `/usr/src/kernels/${RPM_RELEASE}`;
  const uts = '#1 SMP Tue May 21 09:04:37 EDT 2024';
  const packages: Readonly<Record<string, Files>> = {
    kernel: imageFiles(RPM_RELEASE, '/lib/modules', tree),
    'kernel-devel': kernelFiles(RPM_RELEASE, tree, uts),
    systemtap: SYSTEMTAP,
    gcc: TOOLCHAIN,
  };
  for (const files of Object.values(packages)) writeFiles(join(top, 'files'), files);
  const lists = Object.entries(packages).map(([name, files]) => {
    const header = name === 'kernel' ? '' : `%package -n ${name}\nSummary: test\n%description -n ${name}\ntest\n`;
    return [header, `%files ${name === 'kernel' ? '' : `-n ${name}`}\n${Object.keys(files).join('\n')}\n`] as const;
  });
  writeFiles(top, {
    'kernel.spec': [
      'Name: kernel\nVersion: 4.18.0\nRelease: 553.el8_10\nSummary: test\nLicense: GPL\nVendor: AlmaLinux\n%description\ntest\n',
      ...lists.map(([header]) => header),
      `%install\ncp -a ${top}/files/. %{buildroot}/\n`,
      ...lists.map(([, list]) => list),
    ].join(''),
  });
  const defines = [
    'debug_package %{nil}',
    '__os_install_post %{nil}',
    '_build_id_links none',
    'AutoReqProv no',
    `_topdir ${top}`,
  ];
  execFileSync(
    'rpmbuild',
    ['-bb', '--target', 'x86_64', ...defines.flatMap((text) => ['--define', text]), `${top}/kernel.spec`],
    { stdio: 'pipe' },
  );
  const built = readdirSync(`${top}/RPMS/x86_64`).map((name) => `${top}/RPMS/x86_64/${name}`);
  execFileSync('rpm', ['--root', root, '--dbpath', '/var/lib/rpm', '--install', '--nodeps', ...built], {
    stdio: 'pipe',
  });
  if (!withRpm) return;
  writeFiles(root, { '/usr/lib/rpm/macros': '%_dbpath /var/lib/rpm\n%_db_backend sqlite\n', '/usr/lib/rpm/rpmrc': '' });
  for (const line of execFileSync('ldd', ['/usr/bin/rpm'], { encoding: 'utf8' }).split('\n')) {
    const library = line.split(/\s+/).find((word) => word.startsWith('/'));
    if (library !== undefined) copyInto(root, library);
  }
  copyInto(root, '/usr/bin/rpm');
}

function copyInto(root: string, path: string): void {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  copyFileSync(path, join(root, path));
}
