/** What the lab's rpm distribution is made of: Debian packages under the names that EL gives the same programs. */

/** Asked of apt by name; what they depend on comes along. */
export const WANTED: readonly string[] = [
  'bash',
  'coreutils',
  'sed',
  'grep',
  'gawk',
  'tar',
  'gzip',
  'xz-utils',
  'bzip2',
  'zstd',
  'findutils',
  'diffutils',
  'util-linux',
  'procps',
  'rpm',
  'rpm2cpio',
  'cpio',
  'gcc',
  'cpp',
  'binutils',
  'make',
  'elfutils',
  'libdw1',
  'kmod',
  'perl-base',
  'systemtap',
  'systemtap-client',
  'systemtap-runtime',
  'systemtap-sdt-dev',
  'libelf-dev',
  'file',
  'ncurses-base',
  'ncurses-bin',
  'patch',
];

/** Only what Debian's own package management and services need. */
export const LEFT_OUT: RegExp =
  /^(?:adduser|avahi-.*|base-files|bind9-.*|dbus.*|debconf|debianutils|dnsutils|dpkg|gcc-12-base|init-system-helpers|libavahi-core7|libdaemon0|libfile-find-rule-perl|libnumber-compare-perl|libpam-.*|libperl.*|libtext-glob-perl|lsb-release|passwd|perl|perl-modules.*|usrmerge)$/;

/** Name of EL by names of Debian; what is not here keeps its own. */
export const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^libc6$/, 'glibc'],
  [/^libc6-dev$|^libc-dev-bin$/, 'glibc-devel'],
  [/^linux-libc-dev$/, 'kernel-headers'],
  [/^libgcc-s1$/, 'libgcc'],
  [/^libgomp1$/, 'libgomp'],
  [/^libstdc\+\+6$/, 'libstdc++'],
  [/^libcrypt1$/, 'libxcrypt'],
  [/^libcrypt-dev$/, 'libxcrypt-devel'],
  [/^libdw1$|^libasm1$/, 'elfutils-libs'],
  [/^libelf1$/, 'elfutils-libelf'],
  [/^libelf-dev$/, 'elfutils-libelf-devel'],
  [/^gcc(?:-12)?$|^libgcc-12-dev$|^libcc1-0$/, 'gcc'],
  [/^cpp(?:-12)?$/, 'cpp'],
  [/^binutils.*$|^libbinutils$|^libctf.*$|^libgprofng0$/, 'binutils'],
  [/^perl-base$/, 'perl-interpreter'],
  [/^python3.*$|^libpython3.*$|^media-types$/, 'python3'],
  [/^rpm(?:-common|2cpio)?$/, 'rpm'],
  [/^librpm.*$/, 'rpm-libs'],
  [/^xz-utils$/, 'xz'],
  [/^mount$|^util-linux.*$/, 'util-linux'],
  [/^procps$/, 'procps-ng'],
  [/^ncurses-.*$/, 'ncurses-base'],
  [/^libncursesw6$|^libtinfo6$/, 'ncurses-libs'],
  [/^zlib1g$/, 'zlib'],
  [/^zlib1g-dev$/, 'zlib-devel'],
];

/** SystemTap as Fedora cuts it: the first pattern that fits a path says whose it is. */
export const SYSTEMTAP: readonly (readonly [RegExp, string])[] = [
  [/^\/usr\/bin\/stap$|^\/usr\/share\/systemtap\/runtime\//, 'systemtap-devel'],
  [
    /^\/usr\/bin\/(?:staprun|stapbpf|stap-merge|stapsh)$|^\/usr\/lib.*\/systemtap\/|^\/usr\/libexec\//,
    'systemtap-runtime',
  ],
  [/^\/usr\/include\//, 'systemtap-sdt-devel'],
  [/./, 'systemtap-client'],
];

/** What no generator of dependencies can find. Keys are names; V stands for the package's own version and release. */
export const BY_HAND: Readonly<Record<string, readonly string[]>> = {
  glibc: ['Provides: rtld(GNU_HASH)', 'Requires: filesystem', 'Requires: setup'],
  bash: ['Provides: /bin/sh', 'Provides: /bin/bash', 'Requires: filesystem'],
  gcc: ['Requires: cpp = V', 'Requires: binutils >= 2.24', 'Requires: glibc-devel >= 2.2.90', 'Requires: libgomp'],
  'glibc-devel': ['Requires: kernel-headers', 'Requires: libxcrypt-devel', 'Requires: glibc = V'],
  'elfutils-libelf-devel': ['Requires: elfutils-libelf = V', 'Requires: zlib-devel'],
  rpm: ['Requires: coreutils'],
  systemtap: ['Requires: systemtap-client = V', 'Requires: systemtap-devel = V'],
  'systemtap-client': ['Requires: systemtap-runtime = V', 'Requires: coreutils, grep, sed'],
  'systemtap-devel': ['Requires: systemtap-client = V', 'Requires: kernel-devel-uname-r', 'Requires: gcc, make'],
  setup: ['Requires: system-release'],
  'rocky-release': ['Provides: system-release = 9.4', 'Provides: system-release(releasever) = 9'],
};

/** Files that a distribution writes itself, by package. */
export const OWN_FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  setup: {
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:Kernel Overflow User:/:/sbin/nologin\n',
    '/etc/group': 'root:x:0:\ntty:x:5:\nstapusr:x:156:\nstapsys:x:157:\nstapdev:x:158:\nnobody:x:65534:\n',
    '/etc/shells': '/bin/sh\n/bin/bash\n',
  },
  'rocky-release': {
    '/etc/os-release':
      'NAME="Rocky Linux"\nVERSION="9.4 (lab)"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4 (lab)"\n',
    '/etc/redhat-release': 'Rocky Linux release 9.4 (lab)\n',
  },
};

/** Links that Debian makes when a package is configured, or that EL has. */
export const OWN_LINKS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bash: { '/usr/bin/sh': 'bash' },
  gawk: { '/usr/bin/awk': 'gawk' },
  gcc: { '/usr/bin/cc': 'gcc' },
};
