/** The page of each diagnosis code: what it means, how to tell, what to do. Printed by `tapprep explain CODE`. */
import type { DiagnosisCode } from './codes.ts';

export interface Page {
  readonly meaning: string;
  /** How to see for oneself that this is the cause. */
  readonly tell: string;
  readonly todo: string;
}

export const PAGES: Readonly<Record<DiagnosisCode, Page>> = {
  DEVEL_MISSING: {
    meaning:
      'stap compiles a kernel module for every script, and for that it needs the build tree of exactly the kernel in question: configuration, symbol versions, makefiles and headers. It looks for it in /lib/modules/RELEASE/build, and the first file it opens there, .config, is not there.',
    tell: '"ls -l /lib/modules/$(uname -r)/build" shows no such file, or a link to a directory that does not exist, and no kernel-devel or linux-headers package of that release is installed.',
    todo: 'Install the package with the release in its name, not the newest one: "yum install kernel-devel" without a version takes the newest, which only fits after a reboot. Point releases leave the mirrors for a vault; tapprep install looks there as well.',
  },
  DEVEL_VERSION_MISMATCH: {
    meaning:
      'A kernel-devel or headers package is installed, but it belongs to another version of the kernel. The build link of the running kernel is then missing or leads nowhere, or the compiled module carries the other version.',
    tell: 'Compare "uname -r" with "rpm -q kernel-devel" or "dpkg -l \'linux-headers*\'". When a module was compiled nevertheless, dmesg shows both sides as "version magic A should be B".',
    todo: 'Install the package of the running kernel, or boot the kernel that the installed one belongs to. Do not link one release to the other: pass 2 and pass 5 find out.',
  },
  DEVEL_INCOMPLETE: {
    meaning:
      'The build tree exists, but a file is missing that every module build needs: .config, Module.symvers, Makefile, or the programs below scripts/.',
    tell: 'The message names the file. On Debian the scripts are in linux-kbuild and the shared headers in linux-headers-…-common; a tree of your own has no Module.symvers before a full build.',
    todo: 'Install the package again with its dependencies, or build the tree to the end.',
  },
  DEVEL_VENDOR_MISMATCH: {
    meaning:
      'Two vendors build kernels with the same name, version and release: CentOS and Scientific Linux, for instance. Their packages look alike, but the builds are not the same, and the module refuses to run because the build time of the tree is not that of the running kernel.',
    tell: 'The message shows both build times. "uname -v" must equal UTS_VERSION in include/generated/compile.h (or utsversion.h) of the build tree, and "rpm -qi" must name the same vendor and build host for kernel and kernel-devel.',
    todo: 'Replace the development package with that of the vendor whose kernel runs and delete the stap cache. Editing UTS_VERSION only silences the check.',
  },
  WRONG_VARIANT: {
    meaning:
      'The version is right, but the package is for another variant of the kernel: kernel-debug-devel or kernel-debug-debuginfo for the plain kernel, rt or 64k for a plain one, or the reverse. A dependency of systemtap-devel can pull in the debug variant by itself.',
    tell: '"uname -r" of a variant ends in +debug, .debug, +rt, +64k or the like; the name of its packages has the same word after "kernel-".',
    todo: 'Install the packages of the variant that runs. The others may stay, they do no harm.',
  },
  DEBUGINFO_MISSING: {
    meaning:
      'Probes on kernel functions and their variables need the debug information of exactly this kernel. stap names the build tree in its message, but that is not where it is missing. begin, timer and tracepoint probes work without it.',
    tell: 'There is no /usr/lib/debug/lib/modules/RELEASE/vmlinux. "stap -v -e \'probe begin { exit() }\'" works while "probe vfs.read" does not.',
    todo: 'Install kernel-debuginfo with its common package, -dbg (Debian) or -dbgsym (Ubuntu), with the release in the name. It takes 1 to 6 GB on disk.',
  },
  DEBUGINFO_VERSION_MISMATCH: {
    meaning:
      'Debug information is installed, but that of another build. Package managers install the newest when no version is given.',
    tell: 'The release in the package name differs from "uname -r", or the build-id of the vmlinux ("eu-readelf -n") differs from that in /sys/kernel/notes.',
    todo: 'Install the one of the running kernel; the common package must have the same version.',
  },
  DEBUGINFO_UNUSABLE: {
    meaning:
      'An image of the kernel was found, but no DWARF that belongs to it: the file is stripped, its debug information is split into .dwo files, or the debug file is of another build.',
    tell: '"eu-readelf -S" of the vmlinux shows no .debug_info, or its build-id is not the kernel\'s.',
    todo: 'Install the debug package of exactly this build. For a kernel of your own set CONFIG_DEBUG_INFO and neither SPLIT nor REDUCED.',
  },
  USERSPACE_DEBUGINFO_MISSING: {
    meaning:
      'The probe looks into a program or library, and it is that file which has no debug information. The kernel is fine.',
    tell: 'The message names a file such as a library below /usr/lib64, or a type that was not found in it.',
    todo: 'Install the debug package of exactly the installed build of that program (debuginfo-install, -dbgsym), or let debuginfod deliver it.',
  },
  REPO_NO_PACKAGE: {
    meaning:
      'The package manager works, its repositories answer, and none has the package. Point releases move to a vault, updates push older builds out, and some debug packages were never published.',
    tell: 'The exact name and version is not listed by "yum list --showduplicates", "dnf repoquery" or "apt-cache policy", although newer ones are.',
    todo: 'tapprep install asks vaults, archives and snapshots for exactly this build. If nobody kept it, boot a kernel whose packages exist.',
  },
  REPO_NOT_CONFIGURED: {
    meaning:
      'Debug packages are in repositories of their own, which no installation enables by itself: ddebs for Ubuntu, debuginfo for CentOS and its kin, debug for SUSE.',
    tell: 'No line of the package sources names such a repository, or it is disabled.',
    todo: 'Set it up with its key and refresh, or let tapprep fetch the packages from the mirror list.',
  },
  REPO_MISCONFIGURED: {
    meaning:
      'A repository is configured but cannot be used: an unexpanded variable or a wrong code name in its address, a key that is missing, or an address that has moved since the release went out of support.',
    tell: 'Refreshing the index fails for it: 404, no Release file, NO_PUBKEY, no valid baseurl, or a host that no longer exists.',
    todo: 'Correct that one source. Do not switch off signature checks for it.',
  },
  KERNEL_NOT_LATEST_INSTALLED: {
    meaning:
      'An update installed a newer kernel with its development or debug packages, and the machine still runs the older one.',
    tell: '"rpm -q kernel" or "ls /lib/modules" lists a newer release than "uname -r".',
    todo: 'Reboot, or install the packages of the kernel that runs.',
  },
  STAP_TOO_OLD: {
    meaning:
      'The environment is complete, but this SystemTap does not know this kernel: its runtime does not compile against it, or asks for functions that the kernel no longer has. Distributions often ship a SystemTap older than their kernel, and updates of stable kernels can break one that once worked. A SystemTap that is too new for an old kernel shows the same messages.',
    tell: 'The compiler stops in a file below share/systemtap/runtime. "stap -V" lists the kernels it was tested with, which is a hint and no proof in either direction.',
    todo: 'Use another SystemTap: a newer package, a portable one, or one built from source. Only compiling and loading hello world tells which fits.',
  },
  STAP_INSTALL_BROKEN: {
    meaning:
      'SystemTap is not installed, or only a part of it, or its parts come from different versions: a stap without its tapset, a tapset of another version, a staprun without its set-uid bit, a library that is missing.',
    tell: '"stap -v" says how many library scripts it read: a few hundred are normal, 0 is not. "type -a stap staprun" shows whether there is more than one.',
    todo: 'Install all its packages in one version again, and remove copies elsewhere in the PATH.',
  },
  GURU_MODVERSIONS: {
    meaning:
      'With -g stap switches symbol versions off while compiling, by design and since version 4.3. A kernel built with CONFIG_MODVERSIONS then refuses the module with "Invalid module format".',
    tell: 'The script runs without -g, and dmesg says that the module has no symbol version or a version magic without "modversions".',
    todo: 'Add -B CONFIG_MODVERSIONS=y to the command, after deleting the cache.',
  },
  SECUREBOOT_SIGNATURE: {
    meaning:
      'The kernel only loads modules with a signature it trusts, or none at all: Secure Boot with lockdown, module.sig_enforce=1, kernel.modules_disabled=1, or FIPS mode.',
    tell: '"mokutil --sb-state", /sys/kernel/security/lockdown, /sys/module/module/parameters/sig_enforce and /proc/sys/kernel/modules_disabled; dmesg names the reason.',
    todo: 'Let stap sign the module with a machine owner key (stap --sign-module), enrol the key with mokutil and confirm it at the next boot. modules_disabled can only be undone by a reboot.',
  },
  GCC_OR_BUILD_MISMATCH: {
    meaning:
      'The compiler is missing or not the one that the kernel was built with, or the symbol versions of the build tree are not those of the kernel.',
    tell: 'Compare "gcc --version" with /proc/version or CONFIG_CC_VERSION_TEXT; dmesg names the symbol that disagrees or is unknown.',
    todo: "Put the distribution's own compiler first in the PATH, install the version the kernel asks for, and take the build tree from the build that runs.",
  },
  CONTAINER_KERNEL_NOT_IN_IMAGE: {
    meaning:
      'A container runs on the kernel of its host. What its image has installed belongs to another kernel, and without privileges it may load no module.',
    tell: '"uname -r" names a release that the image\'s distribution never had, /.dockerenv exists, or the host name is twelve hexadecimal digits.',
    todo: "Prepare the host, or give the container the host's /lib/modules, /usr/src and /sys/kernel/debug and run it privileged.",
  },
  CUSTOM_KERNEL_NO_PACKAGE: {
    meaning:
      "Nobody publishes packages for this kernel: WSL2, Docker Desktop, Firecracker, a cloud vendor's or one that was built by hand.",
    tell: 'The release has the form of no distribution, and "rpm -qf /lib/modules/$(uname -r)" or dpkg -S know no owner.',
    todo: 'Get the built tree from whoever built the kernel and give it to stap -r, or boot a kernel of a distribution.',
  },
  SYSMAP_STUB: {
    meaning:
      'Debian and Ubuntu install a System.map of one line that only names the package with the real one. stap then knows no symbols; begin and timer probes do not mind.',
    tell: '"wc -l /boot/System.map-$(uname -r)" says 1.',
    todo: 'Install the debug package, or write /proc/kallsyms there as root.',
  },
  SYSMAP_MISSING: {
    meaning:
      "Neither the build tree nor /boot has a System.map, so stap has no table of the kernel's symbols. Probes by symbol name and return probes in programs need it.",
    tell: 'The warning "Kernel function symbol table missing" appears before pass 1.',
    todo: 'Install the debug package, write /proc/kallsyms there as root, or build the tree that -r names.',
  },
  KERNEL_TREE_NOT_BUILT: {
    meaning:
      'The tree that stap was pointed to holds the sources of a kernel, but was never configured or compiled, so it has neither configuration headers nor symbol versions.',
    tell: 'include/generated/autoconf.h, Module.symvers and vmlinux do not exist in it.',
    todo: 'Configure it as the kernel in question is configured, compile it completely, then name it with -r again.',
  },
  PERM_GROUPS: {
    meaning:
      'Who is not root needs groups: stapusr to start staprun, and stapdev to load modules that were compiled here. With stapusr alone only signed modules or those that root has put below /lib/modules/RELEASE/systemtap are loaded.',
    tell: '"id" shows the groups of the session; "ls -l $(command -v staprun)" must show root:stapusr and a set-uid bit.',
    todo: 'Add the user to stapusr and stapdev and log in again.',
  },
  PERM_CONTROL_CHANNEL: {
    meaning:
      'The module is in the kernel, but staprun cannot open the files through which it talks to it, in debugfs or /proc/systemtap.',
    tell: '/sys/kernel/debug is not mounted, has mode 0700, or belongs to another mount namespace; or the .ko file was renamed after it was compiled.',
    todo: 'Mount debugfs, run as root, and keep the file name of a compiled module.',
  },
  MODULE_NOT_IN_LIB_MODULES: {
    meaning:
      'stap looks for the files of probed modules only below /lib/modules/RELEASE and only for those that modules.dep lists. A module that was loaded from elsewhere has no debug information for it.',
    tell: '"modinfo -n MODULE" fails or names a path outside.',
    todo: 'Copy the module there, built with -g, and run depmod.',
  },
  BAD_RELEASE_OPTION: {
    meaning:
      'The argument of -r is neither a release that /lib/modules knows nor a directory with include/config/kernel.release.',
    tell: 'The message repeats the argument.',
    todo: 'Give the release as uname -r prints it, or the path of a configured and built tree.',
  },
  KERNEL_CONFIG: {
    meaning:
      'An option that SystemTap or this kind of probe needs is off in the kernel: MODULES, KPROBES, RELAY, DEBUG_FS, UPROBES, TRACEPOINTS, PERF_EVENTS or KALLSYMS.',
    tell: 'Look for it in /boot/config-RELEASE or /proc/config.gz.',
    todo: 'Use a kind of probe that does not need it, or boot a kernel that has it.',
  },
  STALE_CACHE: {
    meaning:
      'stap keeps compiled modules and does not notice that the packages below it were replaced: the old module is loaded and fails as before.',
    tell: 'Passes 3 and 4 say "using cached".',
    todo: 'Delete ~/.systemtap/cache after every repair, or run once with --poison-cache.',
  },
  STAPRUN_VERSION_MISMATCH: {
    meaning:
      'The protocol between module and staprun changed in 5.0. A module of a newer stap does not work with an older staprun and the reverse, also when it was compiled on another machine.',
    tell: 'Compare "stap -V" with "staprun -V".',
    todo: 'Install both from the same source in the same version.',
  },
  NO_SPACE: {
    meaning:
      'A place that is written to is full, missing or not writable: TMPDIR for the build, the stap cache in the home directory, /usr/lib/debug for debug information, the cache of the package manager.',
    tell: '"df -h" and "df -i" of the path in the message, and the value of TMPDIR, which may only hold letters, digits and -/._ .',
    todo: 'Free space, most easily by removing debug information of kernels that are gone, or point TMPDIR to a directory with room.',
  },
};
