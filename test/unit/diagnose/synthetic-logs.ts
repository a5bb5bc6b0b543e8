/** Logs made up for the tests from the messages that stap, staprun, the kernel and package managers print. */
import type { DiagnosisCode } from '../../../src/diagnose/codes.ts';

export interface SyntheticLog {
  readonly name: string;
  /** The code that must come first. */
  readonly code: DiagnosisCode;
  /** Codes that must also be named, in any place. */
  readonly also?: readonly DiagnosisCode[];
  /** Text that the first cause must hold. */
  readonly says?: string;
  readonly log: string;
}

const EL8 = '4.18.0-553.el8_10.x86_64';
const noConfig = (release: string): string =>
  `Checking "/lib/modules/${release}/build/.config" failed with error: No such file or directory`;
const noDebuginfo = (release: string): string =>
  `semantic error: missing x86_64 kernel/module debuginfo [man warning::debuginfo] under '/lib/modules/${release}/build'`;
const insert = (reason: string): string =>
  `ERROR: Couldn't insert module '/tmp/stapAbCdEf/stap_77aa_4711.ko': ${reason}\nWARNING: /usr/bin/staprun exited with status: 1\nPass 5: run failed.  [man error::pass5]`;
const runtimeError = (message: string): string =>
  `/usr/share/systemtap/runtime/linux/some_file.h:88:12: error: ${message}\nWARNING: kbuild exited with status: 2\nPass 4: compilation failed.  [man error::pass4]`;

/** One log for each code at least, and the traps: the same first line, another cause. */
export const SYNTHETIC_LOGS: readonly SyntheticLog[] = [
  // The same first line, five causes and more.
  { name: 'no build tree', code: 'DEVEL_MISSING', says: EL8, log: noConfig(EL8) },
  {
    name: 'no build tree, with the hint of a stap that knows rpm',
    code: 'DEVEL_MISSING',
    log: `${noConfig(EL8)}\nIncorrect version or missing kernel-devel package, use: dnf install kernel-devel-${EL8}`,
  },
  {
    name: 'no build tree, but that of a newer kernel is installed',
    code: 'DEVEL_VERSION_MISMATCH',
    says: '4.18.0-553.16.1.el8_10.x86_64',
    log: `$ uname -r\n${EL8}\n$ rpm -qa 'kernel-devel*'\nkernel-devel-4.18.0-553.16.1.el8_10.x86_64\n$ stap hello.stp\n${noConfig(EL8)}`,
  },
  {
    name: 'the build link leads to another release',
    code: 'DEVEL_VERSION_MISMATCH',
    log: `${noConfig(EL8)}\n# ls -l /lib/modules/${EL8}/\nlrwxrwxrwx 1 root root 46 Jan  3 09:00 build -> /usr/src/kernels/4.18.0-477.10.1.el8_8.x86_64`,
  },
  {
    name: 'only the debug variant of the development package is installed',
    code: 'WRONG_VARIANT',
    log: `${noConfig(EL8)}\n[root@lab ~]# rpm -qa | grep kernel\nkernel-core-${EL8}\nkernel-debug-devel-${EL8}`,
  },
  {
    name: 'a table of dnf shows that the debug variant was pulled in',
    code: 'WRONG_VARIANT',
    log: `Installing dependencies:\n kernel-debug-devel     x86_64   4.18.0-553.el8_10    baseos    22 M\n\nComplete!\n${noConfig(EL8)}`,
  },
  {
    name: 'a newer kernel with its packages waits for a reboot',
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    also: ['DEVEL_VERSION_MISMATCH'],
    log: `${noConfig(EL8)}\n# rpm -qa kernel-core kernel-devel\nkernel-core-${EL8}\nkernel-core-4.18.0-553.40.1.el8_10.x86_64\nkernel-devel-4.18.0-553.40.1.el8_10.x86_64`,
  },
  {
    name: 'in a container, by its prompt',
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    log: `[root@0a1b2c3d4e5f /]# stap -e 'probe begin { exit() }'\n${noConfig('5.14.0-427.el9.x86_64')}`,
  },
  {
    name: 'in a container, by the command that started it',
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    log: `$ docker run -it --rm rocky stap -e 'probe begin { exit() }'\n${noConfig('5.15.0-105-generic')}`,
  },
  {
    name: 'in a container, by the programs of another distribution',
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    log: `${noConfig('5.14.0-427.el9.x86_64')}\nTip: /usr/share/doc/systemtap/README.Debian should help you get started.`,
  },
  {
    name: 'in a pod',
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    log: `root@tracer-5d9c7f8b6d-k8x2p:/# stap -e 'probe begin { exit() }'\n${noConfig('5.14.0-427.el9.x86_64')}`,
  },
  { name: 'WSL2', code: 'CUSTOM_KERNEL_NO_PACKAGE', log: noConfig('5.15.153.1-microsoft-standard-WSL2') },
  {
    name: 'a kernel of nobody',
    code: 'DEVEL_MISSING',
    also: ['CUSTOM_KERNEL_NO_PACKAGE'],
    log: `${noConfig('6.9.3-acme-edge')}\nTip: /usr/share/doc/systemtap/README.Debian should help you get started.`,
  },
  {
    name: 'the reason in Chinese',
    code: 'DEVEL_MISSING',
    log: `Checking "/lib/modules/${EL8}/build/.config" failed with error: 没有那个文件或目录`,
  },
  {
    name: 'the whole message in another language',
    code: 'DEVEL_MISSING',
    log: `Prüfung von „/lib/modules/${EL8}/build/.config“ fehlgeschlagen: Datei oder Verzeichnis nicht gefunden`,
  },
  {
    name: 'the hint was followed in vain',
    code: 'REPO_NO_PACKAGE',
    log: `The hint says yum install kernel-devel-${EL8} but yum says there is no such version available.`,
  },

  {
    name: 'no symbol versions',
    code: 'DEVEL_INCOMPLETE',
    says: 'Module.symvers',
    log: `Checking "/lib/modules/${EL8}/build/Module.symvers" failed with error: No such file or directory\nEnsure kernel development headers & makefiles are installed`,
  },
  {
    name: 'no makefile, with the blanks that stap prints',
    code: 'DEVEL_INCOMPLETE',
    says: 'Makefile',
    log: `Checking " /lib/modules/${EL8}/build/Makefile " failed with error: No such file or directory\nEnsure kernel development headers & makefiles are installed.`,
  },
  {
    name: 'no scripts',
    code: 'DEVEL_INCOMPLETE',
    log: '/bin/sh: 1: scripts/basic/fixdep: not found\nmake[1]: *** [stap_1_src.o] Error 127',
  },
  {
    name: 'another vendor',
    code: 'DEVEL_VENDOR_MISMATCH',
    says: 'Tue Mar 5 11:00:00 CST 2019',
    log: 'Pass 5: starting run.\nERROR: module version mismatch (#1 SMP Tue Mar 5 11:00:00 CST 2019 vs #1 SMP Mon Mar 4 08:00:00 UTC 2019), release 3.10.0-1000.el7.x86_64',
  },
  {
    name: 'old stap, release compared',
    code: 'DEVEL_VERSION_MISMATCH',
    log: 'ERROR: module release mismatch (2.6.18-92.el5 vs 2.6.18-194.el5)',
  },
  {
    name: 'sources that were never configured',
    code: 'KERNEL_TREE_NOT_BUILT',
    log: "  ERROR: Kernel configuration is invalid.\n         include/generated/autoconf.h or include/config/auto.conf are missing.\n         Run 'make oldconfig && make prepare' on kernel src to fix it.",
  },

  {
    name: 'no debuginfo',
    code: 'DEBUGINFO_MISSING',
    says: EL8,
    log: `${noDebuginfo(EL8)}\nsemantic error: no match\nPass 2: analysis failed.  [man error::pass2]`,
  },
  {
    name: 'no debuginfo, as it was worded before 2.1',
    code: 'DEBUGINFO_MISSING',
    log: "semantic error: missing i686 kernel/module debuginfo under '/lib/modules/2.6.18-398.el5/build' while resolving probe point kernel.function(\"sys_open\")\nPass 2: analysis failed.  Try again with another '--vp 01' option.",
  },
  {
    name: 'no debuginfo, packages of others named in the hint',
    code: 'DEBUGINFO_MISSING',
    log: `${noDebuginfo(EL8)}\nMissing separate debuginfos, use: debuginfo-install kmod-acme-1.2-3.el8.x86_64`,
  },
  {
    name: 'a wrapper blames debuginfo for what is no build tree',
    code: 'DEVEL_MISSING',
    log: `test CANCEL: simple systemtap test failed,kernel debuginfo package may be missing\n${noConfig(EL8)}`,
  },
  {
    name: 'debuginfo of another build',
    code: 'DEBUGINFO_VERSION_MISMATCH',
    says: '4.18.0-553.40.1',
    log: `${noDebuginfo(EL8)}\n$ rpm -qa | grep debuginfo\nkernel-debuginfo-4.18.0-553.40.1.el8_10.x86_64\nkernel-debuginfo-common-x86_64-4.18.0-553.40.1.el8_10.x86_64`,
  },
  {
    name: 'build-id differs',
    code: 'DEBUGINFO_VERSION_MISMATCH',
    log: 'WARNING: Build-id mismatch [man warning::buildid]: "kernel" pid 0 address 0xffffffff81e00000, expected 0011aabb actual ccdd2233',
  },
  {
    name: 'a stripped vmlinux, whose symbols are found',
    code: 'DEBUGINFO_UNUSABLE',
    says: 'stripped',
    log: "WARNING: Kernel function symbol table missing [man warning::symbols]\nWARNING: cannot find module kernel debuginfo: No DWARF information found [man warning::debuginfo]\nsemantic error: debuginfo scope not found for module 'kernel', cannot resolve context variable [man error::dwarf]: identifier '$count' at <input>:1:50\nPass 2: analysis failed.  [man error::pass2]\nTip: /usr/share/doc/systemtap/README.Debian should help you get started.",
  },
  {
    name: 'build-id differs, vmlinux by its path',
    code: 'DEBUGINFO_VERSION_MISMATCH',
    says: '/usr/lib/modules/6.1.0-9-amd64/build/vmlinux',
    log: 'WARNING: Build-id mismatch [man warning::buildid]: "/usr/lib/modules/6.1.0-9-amd64/build/vmlinux" pid 0 address 0xffffffff819fab80, expected fa5984 actual 0bab01',
  },
  {
    name: 'build-id of a library differs',
    code: 'USERSPACE_DEBUGINFO_MISSING',
    says: '/usr/lib64/libc.so.6',
    log: 'WARNING: Build-id mismatch [man warning::buildid]: "/usr/lib64/libc.so.6" pid 4711 address 0x7f0000, expected fa5984 actual 0bab01',
  },
  {
    name: 'debuginfo of the debug variant',
    code: 'WRONG_VARIANT',
    log: `$ uname -r\n${EL8}\n$ rpm -qa | grep debuginfo\nkernel-debug-debuginfo-${EL8}\n${noDebuginfo(EL8)}`,
  },
  {
    name: 'packages of a newer kernel, not rebooted',
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    log: `WARNING: cannot find module kernel debuginfo: No DWARF information found [man warning::debuginfo]\n$ uname -r\n6.8.0-31-generic\n$ dpkg -l | grep 6.8\nii  linux-image-6.8.0-45-generic  6.8.0-45.45 amd64\nii  linux-image-6.8.0-45-generic-dbgsym  6.8.0-45.45 amd64`,
  },
  {
    // The image of the kernel itself is found and never has any: what is missing is the debug package.
    name: 'an image without DWARF',
    code: 'DEBUGINFO_MISSING',
    also: ['DEBUGINFO_UNUSABLE'],
    log: 'WARNING: cannot find module kernel debuginfo: No DWARF information found [man warning::debuginfo]\nsemantic error: no match',
  },
  {
    name: 'no debuginfo on a Debian whose System.map is a stub',
    code: 'DEBUGINFO_MISSING',
    also: ['SYSMAP_STUB'],
    log: 'WARNING: Kernel function symbol table missing [man warning::symbols]\nWARNING: cannot find module kernel debuginfo: No DWARF information found [man warning::debuginfo]\nTip: /usr/share/doc/systemtap/README.Debian should help you get started.',
  },
  {
    name: 'System.map of Debian',
    code: 'SYSMAP_STUB',
    log: 'WARNING: Kernel function symbol table missing [man warning::symbols]\nsemantic error: process return probes not available [man error::inode-uprobes]\nTip: /usr/share/doc/systemtap/README.Debian should help you get started.',
  },
  {
    name: 'System.map of an rpm system',
    code: 'SYSMAP_MISSING',
    log: `WARNING: Kernel function symbol table missing [man warning::symbols]\nkernel release: ${EL8}`,
  },
  {
    name: 'a library without debuginfo',
    code: 'USERSPACE_DEBUGINFO_MISSING',
    says: '/usr/lib64/libssl.so.1.1',
    log: 'WARNING: cannot find module /usr/lib64/libssl.so.1.1 debuginfo: No DWARF information found [man warning::debuginfo]\nMissing separate debuginfos, use: dnf debuginfo-install openssl-libs-1.1.1k-9.el8.x86_64',
  },
  {
    name: 'a type of a program',
    code: 'USERSPACE_DEBUGINFO_MISSING',
    log: "semantic error: type definition 'struct conn' not found in '/usr/sbin/acmed': operator '@cast' at <input>:3:9",
  },
  {
    name: 'a module from elsewhere',
    code: 'MODULE_NOT_IN_LIB_MODULES',
    says: 'acme_drv',
    log: `semantic error: while resolving probe point: identifier 'module' at t.stp:1:7\n        source: probe module("acme_drv").function("acme_open") {\n${noDebuginfo(EL8)}`,
  },
  {
    name: "a module of the kernel's own",
    code: 'DEBUGINFO_MISSING',
    log: `        source: probe module("ext4").function("ext4_sync_file") {\n${noDebuginfo(EL8)}`,
  },

  {
    name: 'yum has no such package',
    code: 'REPO_NO_PACKAGE',
    log: 'No package kernel-devel-3.10.0-327.el7.x86_64 available.\nError: Nothing to do',
  },
  {
    name: 'dnf has no such package',
    code: 'REPO_NO_PACKAGE',
    log: `Error: Unable to find a match: kernel-devel-${EL8}`,
  },
  {
    name: 'no debuginfo in the repositories',
    code: 'REPO_NO_PACKAGE',
    also: ['REPO_NOT_CONFIGURED'],
    log: 'Could not find debuginfo for main pkg: kernel-3.10.0-327.el7.x86_64\nNo debuginfo packages available to install',
  },
  {
    name: 'apt has no such package',
    code: 'REPO_NO_PACKAGE',
    also: ['REPO_NOT_CONFIGURED'],
    log: 'E: Unable to locate package linux-image-5.19.0-50-generic-dbgsym',
  },
  {
    name: 'apt has no such package, in French',
    code: 'REPO_NO_PACKAGE',
    log: 'E: Impossible de trouver le paquet linux-headers-5.19.0-50-generic',
  },
  {
    name: 'a source that cannot be read, in German',
    code: 'REPO_MISCONFIGURED',
    log: 'E: Missgestalteter Eintrag 1 in Listendatei /etc/apt/sources.list.d/debug.list (Suite)',
  },
  {
    name: 'zypper has no such package',
    code: 'REPO_NO_PACKAGE',
    log: "No provider of 'kernel-default-devel-5.3.18-57.3' found.",
  },
  {
    name: 'ddebs not set up',
    code: 'REPO_NOT_CONFIGURED',
    log: 'You need package linux-image-5.15.0-100-generic-dbgsym but it does not seem to be available\n Ubuntu -dbgsym packages are typically in a separate repository',
  },
  {
    name: 'a code name that was never expanded',
    code: 'REPO_MISCONFIGURED',
    says: 'never expanded',
    log: 'E: Failed to fetch http://ddebs.ubuntu.com/dists/$(lsb_release -cs)/main/binary-amd64/Packages  404  Not Found [IP: 192.0.2.7 80]\nE: Unable to locate package linux-image-5.4.0-26-generic-dbgsym',
  },
  {
    name: 'ddebs is set up after the package was not found',
    code: 'REPO_NOT_CONFIGURED',
    log: 'E: Unable to locate package linux-image-5.15.0-100-generic-dbgsym\n$ echo "deb http://ddebs.ubuntu.com jammy main" | sudo tee /etc/apt/sources.list.d/ddebs.list\n$ sudo apt update',
  },
  {
    name: 'ddebs is set up and has no such package',
    code: 'REPO_NO_PACKAGE',
    log: '$ echo "deb http://ddebs.ubuntu.com jammy main" | sudo tee /etc/apt/sources.list.d/ddebs.list\nHit:5 http://ddebs.ubuntu.com jammy InRelease\nE: Unable to locate package linux-image-5.15.0-100-generic-dbgsym',
  },
  {
    name: 'the debug variant of a newer version was pulled in',
    code: 'WRONG_VARIANT',
    log: `$ uname -r\n${EL8}\n$ rpm -qa | grep devel\nkernel-debug-devel-4.18.0-553.40.1.el8_10.x86_64\n${noConfig(EL8)}`,
  },
  {
    name: 'the key of ddebs is missing',
    code: 'REPO_MISCONFIGURED',
    log: "W: GPG error: http://ddebs.ubuntu.com jammy Release: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 0123456789ABCDEF\nE: The repository 'http://ddebs.ubuntu.com jammy Release' is not signed.",
  },
  {
    name: 'mirror list is gone',
    code: 'REPO_MISCONFIGURED',
    log: 'Could not retrieve mirrorlist http://mirrorlist.example.org/?release=7&arch=x86_64&repo=os error was\n14: curl#6 - "Could not resolve host: mirrorlist.example.org; Unknown error"\nCannot find a valid baseurl for repo: base/7/x86_64',
  },
  {
    name: 'upgraded and not rebooted, as stap-prep says it',
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    log: 'Package linux-headers-5.15.0-100-generic version 5.15.0-100.110 does not match version of currently running kernel: 5.15.0-97.107\n Consider apt-get upgrade && reboot',
  },

  {
    name: 'outside the tested range',
    code: 'STAP_TOO_OLD',
    says: '2.6.32 ... 6.1.0-rc3',
    log: 'Kernel version 6.12.1 is outside tested range 2.6.32 ... 6.1.0-rc3\nPass 4: compilation failed.  [man error::pass4]',
  },
  {
    name: 'the runtime does not compile',
    code: 'STAP_TOO_OLD',
    says: 'no member named',
    log: runtimeError("'struct task_struct' has no member named 'state'"),
  },
  {
    name: 'the runtime does not compile, in German',
    code: 'STAP_TOO_OLD',
    log: '/usr/share/systemtap/runtime/linux/some_file.h:88:12: Fehler: »struct task_struct« hat kein Element namens »state«\nPass 4: compilation failed.',
  },
  {
    name: "only the compiler's words",
    code: 'STAP_TOO_OLD',
    log: "In file included from /opt/systemtap/runtime.h:12:\nxyz.h:5:3: error: implicit declaration of function 'mmput'",
  },
  {
    name: 'modpost',
    code: 'STAP_TOO_OLD',
    says: 'module_mutex',
    log: 'ERROR: modpost: "module_mutex" [/tmp/stapXyz/stap_12_34.ko] undefined!\nPass 4: compilation failed.',
  },
  { name: 'a function that went away', code: 'STAP_TOO_OLD', log: "ERROR: Can't resolve uprobe_unregister!" },
  {
    name: 'no kprobes',
    code: 'KERNEL_CONFIG',
    says: 'CONFIG_KPROBES',
    log: '/usr/share/systemtap/runtime/linux/kprobes.c:16:2: error: #error "Need CONFIG_KPROBES!"\nWARNING: kbuild exited with status: 2\nPass 4: compilation failed.',
  },
  {
    name: 'no kprobes, as a SystemTap that knows the kernel stumbles over it',
    code: 'KERNEL_CONFIG',
    says: 'CONFIG_KPROBES',
    log: "/usr/share/systemtap/runtime/compatdefs.h:118:16: error: 'struct kretprobe_instance' has no member named 'rp'; did you mean 'rph'?\nWARNING: kbuild exited with status: 2\nPass 4: compilation failed.  [man error::pass4]\nKernel version 6.1.192 is within tested range 2.6.32 ... 6.9-rc0",
  },
  {
    name: 'kretprobes that changed behind the back of an old SystemTap',
    code: 'STAP_TOO_OLD',
    log: "/usr/share/systemtap/runtime/transport/../kprobes.c:88:20: error: 'struct kretprobe_instance' has no member named 'rp'\nWARNING: kbuild exited with status: 2\nPass 4: compilation failed.  [man error::pass4]",
  },
  {
    name: 'no debugfs',
    code: 'KERNEL_CONFIG',
    log: runtimeError('#error "DebugFS is required and was not found in the kernel."'),
  },
  {
    name: 'no uprobes',
    code: 'KERNEL_CONFIG',
    says: 'CONFIG_UPROBES',
    log: 'semantic error: process probes not available without kernel CONFIG_UPROBES',
  },
  {
    name: 'no perf events',
    code: 'KERNEL_CONFIG',
    log: 'semantic error: CONFIG_PERF_EVENTS not available on this kernel',
  },
  {
    name: 'old compiler',
    code: 'GCC_OR_BUILD_MISMATCH',
    log: 'arch/x86/Makefile:166: *** CONFIG_RETPOLINE=y, but not supported by the compiler. Toolchain update recommended..  Stop.\nWARNING: kbuild exited with status: 2',
  },
  {
    name: 'no compiler',
    code: 'GCC_OR_BUILD_MISMATCH',
    says: 'not installed',
    log: '/bin/sh: 1: gcc-12: not found\nmake[2]: *** [scripts/Makefile.build:250: stap_1_src.o] Error 127\nPass 4: compilation failed.',
  },
  {
    name: 'no make',
    code: 'GCC_OR_BUILD_MISMATCH',
    log: 'sh: make: command not found\nWARNING: make exited with status: 127',
  },

  {
    name: 'guru on a kernel with symbol versions',
    code: 'GURU_MODVERSIONS',
    log: `$ sudo stap -vg poke.stp\n${insert('Invalid module format')}`,
  },
  {
    name: 'invalid format and no other hint',
    code: 'GURU_MODVERSIONS',
    also: ['DEVEL_VERSION_MISMATCH'],
    log: insert('Invalid module format'),
  },
  {
    name: 'guru, as dmesg tells it',
    code: 'GURU_MODVERSIONS',
    log: `${insert('Invalid module format')}\n[ 4711.123456] stap_77aa_4711: version magic '6.1.0-9-amd64 SMP preempt mod_unload ' should be '6.1.0-9-amd64 SMP preempt mod_unload modversions '`,
  },
  {
    name: 'a module of another kernel',
    code: 'DEVEL_VERSION_MISMATCH',
    says: '6.1.0-8-amd64',
    log: `${insert('Invalid module format')}\n[ 4711.123456] stap_77aa_4711: version magic '6.1.0-8-amd64 SMP preempt mod_unload modversions ' should be '6.1.0-9-amd64 SMP preempt mod_unload modversions '`,
  },
  {
    name: 'symbol versions of another build',
    code: 'GCC_OR_BUILD_MISMATCH',
    says: 'printk',
    log: `${insert('Invalid module format')}\nstap_77aa_4711: disagrees about version of symbol printk`,
  },
  {
    name: 'a module of another kernel, where symbol versions are compared first',
    code: 'DEVEL_VERSION_MISMATCH',
    also: ['GCC_OR_BUILD_MISMATCH'],
    says: 'struct module',
    log: `${insert('Invalid module format')}\nstap_77aa_4711: disagrees about version of symbol module_layout`,
  },
  {
    name: 'two builds by Debian',
    code: 'DEVEL_VENDOR_MISMATCH',
    says: '(2024-08-10)',
    log: 'ERROR: module version mismatch (#1 SMP Debian 5.10.223-1 (2024-08-11) vs #1 SMP Debian 5.10.223-1 (2024-08-10)), release 5.10.0-32-cloud-amd64',
  },
  {
    name: 'headers without the common half of Debian',
    code: 'DEVEL_INCOMPLETE',
    log: "Makefile:1: /usr/src/linux-headers-5.10.0-32-common/Makefile: No such file or directory\nmake: *** No rule to make target '/usr/src/linux-headers-5.10.0-32-common/Makefile'.  Stop.\nWARNING: kbuild exited with status: 2\nPass 4: compilation failed.  [man error::pass4]",
  },
  {
    name: 'staprun of another era, as it tells itself',
    code: 'STAPRUN_VERSION_MISMATCH',
    log: 'Pass 5: starting run.\nUnable to send relocation: Invalid argument\nWARNING: /usr/bin/staprun exited with status: 1\nPass 5: run failed.  [man error::pass5]',
  },
  {
    name: 'unknown symbol',
    code: 'GCC_OR_BUILD_MISMATCH',
    log: `${insert('Unknown symbol in module')}\n[  99.000001] stap_77aa: Unknown symbol register_kprobe (err -22)`,
  },
  { name: 'no key', code: 'SECUREBOOT_SIGNATURE', log: insert('Required key not available') },
  { name: 'key rejected', code: 'SECUREBOOT_SIGNATURE', log: insert('Key was rejected by service') },
  { name: 'no key, in Russian', code: 'SECUREBOOT_SIGNATURE', log: insert('Требуемый ключ недоступен') },
  { name: 'not permitted, in Spanish', code: 'SECUREBOOT_SIGNATURE', log: insert('Operación no permitida') },
  {
    name: 'lockdown, only dmesg',
    code: 'SECUREBOOT_SIGNATURE',
    log: `${insert('Operation not permitted')}\n[  312.555555] Lockdown: staprun: unsigned module loading is restricted; see man kernel_lockdown.7`,
  },
  { name: 'not permitted and no more', code: 'SECUREBOOT_SIGNATURE', log: insert('Operation not permitted') },
  {
    name: 'not permitted in a container',
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    log: `root@9f8e7d6c5b4a:/# stap hello.stp\n${insert('Operation not permitted')}`,
  },
  {
    name: 'FIPS',
    code: 'SECUREBOOT_SIGNATURE',
    says: 'FIPS',
    log: "ERROR: Couldn't insert module in FIPS mode '/tmp/stapAb/stap_1.ko': Operation not permitted",
  },
  {
    name: 'stap wants a server',
    code: 'SECUREBOOT_SIGNATURE',
    log: 'The kernel on your system requires modules to be signed for loading.',
  },
  {
    name: 'control channel',
    code: 'PERM_CONTROL_CHANNEL',
    log: "ERROR: Cannot attach to module stap_77aa_4711 control channel; not running?\nERROR: 'stap_77aa_4711' is not a zombie systemtap module.",
  },
  {
    name: 'debugfs',
    code: 'PERM_CONTROL_CHANNEL',
    log: "ERROR: Couldn't mount /sys/kernel/debug: Operation not permitted",
  },
  {
    name: 'old staprun',
    code: 'STAPRUN_VERSION_MISMATCH',
    log: 'ERROR: Unable to verify that you have the required privilege credentials to run this module (stapdev required). You must use staprun version 1.7 or higher.',
  },
  {
    name: 'stap and staprun of two eras',
    code: 'STAPRUN_VERSION_MISMATCH',
    log: 'Systemtap translator/driver (version 5.1/0.191, Debian version 5.1-5)\nSystemtap module loader/runner (version 4.8/0.188, Debian version 4.8-2)',
  },

  {
    name: 'a normal user',
    code: 'PERM_GROUPS',
    log: 'You are trying to run systemtap as a normal user.\nYou should either be root, or be part of the group "stapusr" and possibly one of the groups "stapsys" or "stapdev".',
  },
  {
    name: 'credentials',
    code: 'PERM_GROUPS',
    log: 'ERROR: Your privilege credentials (stapusr) are insufficient to load the module /tmp/x.ko (stapdev required).',
  },
  {
    name: 'no temporary directory',
    code: 'NO_SPACE',
    log: 'ERROR: cannot create temporary directory ("/scratch/stapXXXXXX"): No such file or directory',
  },
  {
    name: 'disk full while compiling',
    code: 'NO_SPACE',
    log: 'fatal error: error writing to /tmp/ccAbC.s: No space left on device\nPass 4: compilation failed.',
  },
  {
    name: 'disk full, as dash tells it',
    code: 'NO_SPACE',
    log: '/bin/sh: 1: printf: printf: I/O error\nmake[1]: *** [Makefile.build:448: /scratch/stapAbCdEf/modules.order] Error 1\nPass 4: compilation failed.',
  },
  {
    name: 'no debugfs in the kernel, as staprun tells it',
    code: 'KERNEL_CONFIG',
    log: "ERROR: Couldn't mount /mnt/relay: No such device",
  },
  {
    name: 'a warning of every run is not the cause of a failed compilation',
    code: 'GCC_OR_BUILD_MISMATCH',
    log: "WARNING: Kernel function symbol table missing [man warning::symbols]\nenv: 'make': No such file or directory\nWARNING: kbuild exited with status: 127\nPass 4: compilation failed.",
  },
  {
    name: 'a tapset that rests on debug information',
    code: 'SYSMAP_STUB',
    also: ['DEBUGINFO_MISSING'],
    log: "WARNING: Kernel function symbol table missing [man warning::symbols]\nsemantic error: while resolving probe point: identifier 'syscall' at <input>:1:7\nsemantic error: no match\nTip: /usr/share/doc/systemtap/README.Debian should help you get started.",
  },
  {
    name: 'a named tree without configuration',
    code: 'KERNEL_TREE_NOT_BUILT',
    says: '/srv/linux',
    log: 'Checking "/srv/linux/.config" failed with error: No such file or directory',
  },
  {
    name: 'a named module that does not compile',
    code: 'STAP_TOO_OLD',
    log: "/tmp/stapAbCdEf/hello_src.c:120:9: error: too few arguments to function 'acme'\nWARNING: kbuild exited with status: 2",
  },
  { name: 'disk full, in Japanese', code: 'NO_SPACE', log: 'cc1: /tmp/ccAbC.s: デバイスに空き領域がありません' },
  {
    name: 'disk full while installing',
    code: 'NO_SPACE',
    log: `installing package kernel-debuginfo-${EL8} needs 2048MB on the / filesystem`,
  },
  {
    name: 'TMPDIR with a blank',
    code: 'NO_SPACE',
    log: "ERROR: Safety pattern mismatch for TMPDIR ('/home/a b/tmp' vs. '^[-/._0-9a-z]+$') rc=1",
  },
  {
    name: 'no tapset',
    code: 'STAP_INSTALL_BROKEN',
    log: "Pass 1: parsed user script and 0 library scripts using 1virt/1res/1shr/1data kb, in 0usr/0sys/0real ms.\nsemantic error: unresolved function: identifier 'exit' at <input>:1:15",
  },
  {
    name: 'damaged tapset',
    code: 'STAP_INSTALL_BROKEN',
    log: 'parse error: expected statement\n\tsaw: /usr/share/systemtap/tapset/linux/acme.stp EOF\nWARNING: tapset "/usr/share/systemtap/tapset/linux/acme.stp" has errors, and will be skipped',
  },
  {
    name: 'a library of stap',
    code: 'STAP_INSTALL_BROKEN',
    says: 'libdw.so.1',
    log: 'stap: error while loading shared libraries: libdw.so.1: cannot open shared object file: No such file or directory',
  },
  {
    name: 'a tapset that this stap cannot parse',
    code: 'STAP_INSTALL_BROKEN',
    says: 'acme.stp',
    log: 'parse error: expected identifier\n\tsaw: keyword at /opt/tap/share/systemtap/tapset/linux/acme.stp:12:1\n1 parse error.',
  },
  {
    name: 'a tapset from elsewhere',
    code: 'STAP_INSTALL_BROKEN',
    log: "semantic error: unresolved function (similar: user_long): identifier 'user_acme' at /usr/share/systemtap/tapset/linux/acme.stp:105:19",
  },
  {
    name: 'no stapio',
    code: 'STAP_INSTALL_BROKEN',
    log: 'ERROR: execvp failed: /usr/libexec/systemtap/stapio: No such file or directory',
  },
  { name: 'no stap', code: 'STAP_INSTALL_BROKEN', log: 'bash: stap: command not found' },
  {
    name: 'staprun without set-uid',
    code: 'STAP_INSTALL_BROKEN',
    log: 'ERROR: The effective user ID of staprun must be set to the root user.\n  Check permissions on staprun and ensure it is a setuid root program.',
  },
  {
    name: '-r of nothing',
    code: 'BAD_RELEASE_OPTION',
    says: '/srv/nothing',
    log: `WARNING: kernel release/architecture mismatch with host forces last-pass 4.\nERROR: kernel release isn't found in "/srv/nothing"`,
  },
];

/** Logs in which nothing of ours is wrong. */
export const HARMLESS_LOGS: readonly (readonly [string, string])[] = [
  [
    'a good run',
    'Pass 1: parsed user script and 480 library scripts using 1virt/1res/1shr/1data kb, in 0usr/0sys/0real ms.\nPass 5: starting run.\nhello\nPass 5: run completed in 0usr/10sys/400real ms.',
  ],
  [
    'a success in dmesg',
    '[   12.345678] stap_1 (hello.stp): systemtap: 4.8/0.188, base: 0, memory: 1data/1text/1ctx/1net/1alloc kb, probes: 1',
  ],
  [
    'informational taint',
    'stap_1: module verification failed: signature and/or required key missing - tainting kernel',
  ],
  [
    'a slip in the script',
    "parse error: expected literal string or number\n        saw: operator '}' at <input>:1:14\nPass 1: parse failed.  [man error::pass1]",
  ],
  [
    'a false alarm of old stap-prep',
    'Package linux-headers-6.1.0-18-amd64 version 6.1.76-1 does not match version of currently running kernel: Debian',
  ],
  ['only a follow-up line', 'semantic error: no match\nPass 2: analysis failed.  [man error::pass2]'],
  ['nothing', ''],
];
