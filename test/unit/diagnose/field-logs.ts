/** Logs made up as users post them: with prompts, prose, other tools' output and half of what matters. */
import type { DiagnosisCode } from '../../../src/diagnose/codes.ts';

export interface FieldLog {
  readonly name: string;
  /** The code that must come first. */
  readonly code: DiagnosisCode;
  readonly log: string;
}

export const FIELD_LOGS: readonly FieldLog[] = [
  {
    name: 'the link dangles since an update, told in prose',
    code: 'DEVEL_VERSION_MISMATCH',
    log: `# stap -ve 'probe begin { log("hello world") exit() }'
Checking "/lib/modules/3.10.0-957.el7.x86_64/build/.config" failed with error: No such file or directory
Incorrect version or missing kernel-devel package, use: yum install kernel-devel-3.10.0-957.el7.x86_64
# ll /lib/modules/3.10.0-957.el7.x86_64/build
lrwxrwxrwx. 1 root root 38 Nov 30 2018 /lib/modules/3.10.0-957.el7.x86_64/build -> /usr/src/kernels/3.10.0-957.el7.x86_64
# ls /usr/src/kernels/
3.10.0-1160.118.1.el7.x86_64`,
  },
  {
    name: 'yum list shows the installed devel',
    code: 'DEVEL_VERSION_MISMATCH',
    log: `uname -a
Linux db3 3.10.0-514.el7.x86_64 #1 SMP Tue Nov 22 16:42:41 UTC 2016 x86_64 x86_64 x86_64 GNU/Linux
Checking "/lib/modules/3.10.0-514.el7.x86_64/build/.config" failed with error: No such file or directory
Incorrect version or missing kernel-devel package, use: yum install kernel-devel-3.10.0-514.el7.x86_64
[root@db3 ~]# yum list installed | grep kernel
kernel.x86_64                        3.10.0-514.el7                    @anaconda
kernel-devel.x86_64                  3.10.0-693.21.1.el7               @updates
kernel-headers.x86_64                3.10.0-693.21.1.el7               @updates`,
  },
  {
    name: 'stap of a source build without its tapset',
    code: 'STAP_INSTALL_BROKEN',
    log: `$ /usr/local/src/systemtap-4.6/stap -v hello.stp
Pass 1: parsed user script and 0 library scripts using 79664virt/41020res/3276shr/37804data kb, in 0usr/0sys/1real ms.
semantic error: unresolved function (similar: ): identifier 'printf_str' at hello.stp:2:3
semantic error: unresolved function: identifier 'execname' at hello.stp:3:20
Pass 2: analysis failed.  [man error::pass2]`,
  },
  {
    name: 'two tapsets',
    code: 'STAP_INSTALL_BROKEN',
    log: `semantic error: unresolved function _stp_syscall_nr: identifier '_stp_syscall_nr' at /usr/local/share/systemtap/tapset/linux/sysc_accept.stp:38:6
Pass 2: analysis failed.  [man error::pass2]`,
  },
  {
    name: 'probing stap from an old path after an upgrade',
    code: 'STAP_INSTALL_BROKEN',
    log: `/usr/local/bin/stap: /lib64/libstdc++.so.6: version \`GLIBCXX_3.4.26' not found (required by /usr/local/bin/stap)`,
  },
  {
    name: 'strerror in Portuguese',
    code: 'DEVEL_MISSING',
    log: `Checking "/lib/modules/5.4.0-42-generic/build/.config" failed with error: Arquivo ou diretório inexistente\nTip: /usr/share/doc/systemtap/README.Debian should help you get started.`,
  },
  {
    name: 'translated sentence in Chinese',
    code: 'DEVEL_MISSING',
    log: `检查 "/lib/modules/3.10.0-1127.el7.x86_64/build/.config" 失败, 错误为: 没有那个文件或目录\n内核开发包版本不正确或缺失，使用: yum install kernel-devel-3.10.0-1127.el7.x86_64`,
  },
  {
    name: 'kmods of others in the hint',
    code: 'DEBUGINFO_MISSING',
    log: `semantic error: while resolving probe point: identifier 'kernel' at <input>:1:7
        source: probe kernel.function("tcp_v4_connect") {}
semantic error: missing x86_64 kernel/module debuginfo [man warning::debuginfo] under '/lib/modules/3.10.0-1160.el7.x86_64/build'
Pass 2: analyzed script: 0 probes, 0 functions, 0 embeds, 0 globals using 1virt/1res/1shr/1data kb, in 1usr/2sys/3real ms.
Missing separate debuginfos, use: debuginfo-install kmod-nvidia-3.x86_64 kernel-3.10.0-1160.el7.x86_64
Pass 2: analysis failed.  [man error::pass2]`,
  },
  {
    name: 'UTS mismatch, CDT, with the cache in between',
    code: 'DEVEL_VENDOR_MISMATCH',
    log: `Pass 4: compiled C into "stap_5b_1101.ko" in 6990usr/820sys/8130real ms.
Pass 5: starting run.
ERROR: module version mismatch (#1 SMP Fri Oct 20 15:21:33 CDT 2017 vs #1 SMP Fri Oct 20 20:32:50 UTC 2017), release 3.10.0-693.5.2.el7.x86_64
WARNING: /usr/bin/staprun exited with status: 1
Pass 5: run completed in 20usr/30sys/400real ms.
Pass 5: run failed.  [man error::pass5]`,
  },
  {
    name: 'a cloud image knows no debuginfo',
    code: 'REPO_NO_PACKAGE',
    log: `[ec2-user@ip-10-0-0-4 ~]$ sudo debuginfo-install kernel
Loaded plugins: extras_suggestions, langpacks, priorities, update-motd
enabling amzn2-core-debuginfo
Could not find debuginfo for main pkg: kernel-4.14.177-139.253.amzn2.x86_64
No debuginfo packages available to install`,
  },
  {
    name: 'noble',
    code: 'STAP_TOO_OLD',
    log: `In file included from /usr/share/systemtap/runtime/linux/access_process_vm.h:12,
/usr/share/systemtap/runtime/linux/access_process_vm.h: In function ‘__access_process_vm_’:
/usr/share/systemtap/runtime/linux/access_process_vm.h:30:29: error: ‘struct mm_struct’ has no member named ‘mmap_sem’; did you mean ‘mmap_base’?
WARNING: kbuild exited with status: 2
Pass 4: compilation failed.  [man error::pass4]
Kernel version 6.8.0 is outside tested range 2.6.32 ... 6.6-rc1`,
  },
  {
    name: 'guru with an embedded C script, without the command line',
    code: 'GURU_MODVERSIONS',
    log: `%{ #include <linux/sched.h> %}
function f:long() %{ STAP_RETURN(1); %}
$ sudo stap -g -v embedded.stp
Pass 5: starting run.
ERROR: Couldn't insert module '/tmp/stapxyz123/stap_f1_99.ko': Invalid module format
WARNING: /usr/bin/staprun exited with status: 1`,
  },
  {
    name: 'dbgsym was deleted after a new build',
    code: 'REPO_NO_PACKAGE',
    log: `$ cat /etc/apt/sources.list.d/ddebs.list
deb http://ddebs.ubuntu.com focal main restricted universe multiverse
deb http://ddebs.ubuntu.com focal-updates main restricted universe multiverse
$ sudo apt-get install linux-image-$(uname -r)-dbgsym
Reading package lists... Done
E: Unable to locate package linux-image-5.4.0-90-generic-dbgsym
E: Couldn't find any package by glob 'linux-image-5.4.0-90-generic-dbgsym'`,
  },
  {
    name: 'backport kernel, image only',
    code: 'DEBUGINFO_UNUSABLE',
    log: `# uname -r
6.12.12+bpo-amd64
# dpkg -l | grep dbg
ii  linux-image-6.12.12+bpo-amd64-dbg  6.12.12-1~bpo12+1  amd64  Debug symbols for linux-image-6.12.12+bpo-amd64
# stap -e 'probe kernel.function("do_sys_open") { exit() }'
WARNING: cannot find module kernel debuginfo: No DWARF information found [man warning::debuginfo]
semantic error: while resolving probe point: identifier 'kernel' at <input>:1:7
semantic error: no match`,
  },
  {
    name: 'symbols are missing on Ubuntu',
    code: 'DEBUGINFO_MISSING',
    log: `WARNING: Kernel function symbol table missing [man warning::symbols]
WARNING: cannot find module kernel debuginfo: No DWARF information found [man warning::debuginfo]
semantic error: while resolving probe point: identifier 'kernel' at probe.stp:1:7
        source: probe kernel.function("sys_open") {
semantic error: no match
Pass 2: analysis failed.  [man error::pass2]
Linux dev 5.15.0-76-generic #83-Ubuntu SMP x86_64`,
  },
  {
    name: 'an ordinary user in stapdev, debugfs 0700',
    code: 'PERM_CONTROL_CHANNEL',
    log: `$ id
uid=1000(joe) gid=1000(joe) groups=1000(joe),156(stapusr),158(stapdev)
$ stap -e 'probe begin{println("x") exit()}'
ERROR: Cannot attach to module stap_0f_12345 control channel; not running?
ERROR: Cannot attach to module stap_0f_12345 control channel; not running?
ERROR: 'stap_0f_12345' is not a zombie systemtap module.
WARNING: /usr/bin/staprun exited with status: 1`,
  },
  {
    name: 'get_user_pages in an old toolkit',
    code: 'STAP_TOO_OLD',
    log: `/usr/share/systemtap/runtime/linux/access_process_vm.h:50:15: error: too few arguments to function ‘get_user_pages_remote’
make[1]: *** [Makefile:1552: _module_/tmp/stapMmO2qa] Error 2
WARNING: kbuild exited with status: 2
Pass 4: compilation failed.  [man error::pass4]`,
  },
  {
    name: '__GFP_WAIT',
    code: 'STAP_TOO_OLD',
    log: `/usr/share/systemtap/runtime/linux/alloc.c:17:45: error: ‘__GFP_WAIT’ undeclared (first use in this function)\nPass 4: compilation failed.  Try again with another '--vp 0001' option.`,
  },
  {
    name: 'only the compiler in a CI log',
    code: 'STAP_TOO_OLD',
    log: `2024-02-01T10:00:01.123Z /usr/share/systemtap/runtime/linux/access_process_vm.h:15:8: error: implicit declaration of function 'get_task_mm' [-Werror=implicit-function-declaration]\n2024-02-01T10:00:01.223Z cc1: some warnings being treated as errors`,
  },
  {
    name: 'docker desktop',
    code: 'CUSTOM_KERNEL_NO_PACKAGE',
    log: `Checking "/lib/modules/5.15.49-linuxkit/build/.config" failed with error: No such file or directory\nTip: /usr/share/doc/systemtap/README.Debian should help you get started.`,
  },
  {
    name: 'wsl, installing headers',
    code: 'CUSTOM_KERNEL_NO_PACKAGE',
    log: `$ sudo apt install linux-headers-$(uname -r)\nE: Unable to locate package linux-headers-5.15.90.1-microsoft-standard-WSL2\n$ stap -e 'probe begin {exit()}'\nChecking "/lib/modules/5.15.90.1-microsoft-standard-WSL2/build/.config" failed with error: No such file or directory`,
  },
  {
    name: 'kubernetes node image',
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    log: `root@debug-7c9d8f6b5-x2v4q:/# stap -V\nroot@debug-7c9d8f6b5-x2v4q:/# stap hello.stp\nChecking "/lib/modules/4.18.0-305.19.1.el8_4.x86_64/build/.config" failed with error: No such file or directory`,
  },
  {
    name: 'test suite says debuginfo, log says build tree',
    code: 'DEVEL_MISSING',
    log: `Command '/usr/bin/stap -ve "probe begin {exit()}"' failed.\nstdout: b''\nstderr: b'Checking "/lib/modules/5.14.21-150400.22-default/build/.config" failed with error: No such file or directory\\n'\nCANCEL: simple systemtap test failed,kernel debuginfo package may be missing`,
  },
  {
    name: 'dependency pulled in the debug kernel',
    code: 'WRONG_VARIANT',
    log: `$ sudo yum install systemtap\nInstalled:\n  systemtap.x86_64 0:3.3-3.el7\n\nDependency Installed:\n  kernel-debug-devel.x86_64 0:3.10.0-957.5.1.el7      systemtap-devel.x86_64 0:3.3-3.el7\n\nComplete!\n$ stap -v -e 'probe begin {exit()}'\nChecking "/lib/modules/3.10.0-957.5.1.el7.x86_64/build/.config" failed with error: No such file or directory\nIncorrect version or missing kernel-devel package, use: yum install kernel-devel-3.10.0-957.5.1.el7.x86_64`,
  },
  {
    name: 'Makefile, stap 4.8',
    code: 'DEVEL_INCOMPLETE',
    log: `Pass 3: translated to C into "/tmp/stapWm9cPn/stap_1.c" using 1virt/1res/1shr/1data kb, in 0usr/0sys/0real ms.\nChecking " /lib/modules/6.1.0-18-amd64/build/Makefile " failed with error: No such file or directory\nEnsure kernel development headers & makefiles are installed.\nPass 4: compilation failed.  [man error::pass4]`,
  },
  {
    name: 'source with an unexpanded variable',
    code: 'REPO_MISCONFIGURED',
    log: `Err:7 http://ddebs.ubuntu.com $(lsb_release Release\n  404  Not Found [IP: 185.125.190.18 80]\nE: The repository 'http://ddebs.ubuntu.com $(lsb_release Release' does not have a Release file.\nN: Updating from such a repository can't be done securely, and is therefore disabled by default.`,
  },
  {
    name: 'ddebs without key',
    code: 'REPO_MISCONFIGURED',
    log: `W: GPG error: http://ddebs.ubuntu.com focal InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY C8CAB6595FDFF622\nE: The repository 'http://ddebs.ubuntu.com focal InRelease' is not signed.`,
  },
  {
    name: 'dbgsym asked before ddebs is there',
    code: 'REPO_NOT_CONFIGURED',
    log: `$ sudo stap-prep\nConfiguring for kernel release 5.15.0-25-generic\nYou need package linux-image-5.15.0-25-generic-dbgsym but it does not seem to be available\n Ubuntu -dbgsym packages are typically in a separate repository\n Follow https://wiki.ubuntu.com/DebuggingProgramCrash to add this repository`,
  },
  {
    name: 'Ubuntu upgraded',
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    log: `$ uname -r\n5.15.0-46-generic\n$ dpkg -l 'linux-image*dbgsym' | grep ^ii\nii  linux-image-5.15.0-48-generic-dbgsym 5.15.0-48.54 amd64\n$ dpkg -l 'linux-image-5*' | grep ^ii\nii  linux-image-5.15.0-46-generic 5.15.0-46.49 amd64\nii  linux-image-5.15.0-48-generic 5.15.0-48.54 amd64\nWARNING: cannot find module kernel debuginfo: No DWARF information found [man warning::debuginfo]\nsemantic error: no match`,
  },
  {
    name: 'CentOS 6, two packages asked',
    code: 'DEBUGINFO_MISSING',
    log: `semantic error: missing x86_64 kernel/module debuginfo under '/lib/modules/2.6.32-431.el6.x86_64/build' while resolving probe point kernel.function("sys_write")\nMissing separate debuginfos, use: debuginfo-install kernel-2.6.32-431.el6.x86_64 \nPass 2: analysis failed.  Try again with another '--vp 01' option.`,
  },
  {
    name: 'openssl needs its own',
    code: 'USERSPACE_DEBUGINFO_MISSING',
    log: `semantic error: while resolving probe point: identifier 'process' at ssl.stp:1:7\nWARNING: cannot find module /usr/lib64/libssl.so.10 debuginfo: No DWARF information found [man warning::debuginfo]\nsemantic error: no match\nMissing separate debuginfos, use: debuginfo-install openssl-libs-1.0.2k-16.el7.x86_64`,
  },
  {
    name: 'the disk is full, told by the compiler',
    code: 'NO_SPACE',
    log: `/tmp/stapZZ1/stap_1_src.c: fatal error: opening dependency file /tmp/stapZZ1/.stap_1_src.o.d: No space left on device\ncompilation terminated.\nmake[1]: *** [/tmp/stapZZ1/stap_1_src.o] Error 1\nWARNING: kbuild exited with status: 2\nPass 4: compilation failed.`,
  },
  {
    name: 'SUSE, signed only',
    code: 'SECUREBOOT_SIGNATURE',
    log: `ERROR: Couldn't insert module '/tmp/stapABC/stap_9.ko': Operation not permitted\n# dmesg | tail -1\n[ 99.11] Lockdown: staprun: unsigned module loading is restricted; see https://www.suse.com/support/kb`,
  },
  {
    name: 'modules off by sysctl',
    code: 'SECUREBOOT_SIGNATURE',
    log: `ERROR: Couldn't insert module '/tmp/stapABC/stap_9.ko': Operation not permitted\n$ sysctl kernel.modules_disabled\nkernel.modules_disabled = 1`,
  },
  {
    name: 'gcc too new',
    code: 'GCC_OR_BUILD_MISMATCH',
    log: `warning: the compiler differs from the one used to build the kernel\n  The kernel was built by: gcc (GCC) 8.5.0\n  You are using:           gcc (GCC) 12.2.1\ncc1: error: unrecognized command line option '-mfoo-bar'\nPass 4: compilation failed.`,
  },
  {
    name: 'objtool missing',
    code: 'DEVEL_INCOMPLETE',
    log: `/bin/sh: 1: ./tools/objtool/objtool: not found\nmake[1]: *** [/tmp/stapQ/stap_1_src.o] Error 127\nWARNING: kbuild exited with status: 2\nPass 4: compilation failed.`,
  },
  {
    name: 'libelf',
    code: 'GCC_OR_BUILD_MISMATCH',
    log: `Makefile:976: *** "Cannot generate ORC metadata for CONFIG_UNWINDER_ORC=y, please install libelf-dev, libelf-devel or elfutils-libelf-devel".  Stop.\nWARNING: kbuild exited with status: 2`,
  },
];
