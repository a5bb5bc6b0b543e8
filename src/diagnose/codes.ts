/** The closed list of diagnosis codes, each with what it means in one line. */

export const DIAGNOSIS_CODES = {
  DEVEL_MISSING: 'no kernel-devel or headers package for the kernel in question',
  DEVEL_VERSION_MISMATCH: 'the build tree that is there belongs to another kernel version',
  DEVEL_INCOMPLETE: 'the build tree lacks .config, Module.symvers or Makefile',
  DEVEL_VENDOR_MISMATCH: 'the build tree has the right version but comes from another build of the kernel',
  WRONG_VARIANT: 'packages of another kernel variant (debug, rt, 64k) than the one that runs',
  DEBUGINFO_MISSING: 'no debug information of the kernel',
  DEBUGINFO_VERSION_MISMATCH: 'the debug information that is there belongs to another kernel',
  DEBUGINFO_UNUSABLE: 'debug information was found but holds no usable DWARF',
  USERSPACE_DEBUGINFO_MISSING: 'the debug information that is missing is that of a program or library',
  REPO_NO_PACKAGE: 'the repositories answer but do not carry the package',
  REPO_NOT_CONFIGURED: 'the repository with debug packages is not set up',
  REPO_MISCONFIGURED: 'a repository is set up wrongly or its address is dead',
  KERNEL_NOT_LATEST_INSTALLED: 'the packages fit a newer installed kernel, not the one that runs',
  STAP_TOO_OLD: 'this SystemTap does not support this kernel',
  STAP_INSTALL_BROKEN: 'SystemTap is missing, incomplete or mixed from several versions',
  GURU_MODVERSIONS: 'stap -g on a kernel built with CONFIG_MODVERSIONS',
  SECUREBOOT_SIGNATURE: 'the kernel refuses unsigned modules',
  GCC_OR_BUILD_MISMATCH: 'the compiler is missing, or it or the symbol versions differ from those of the kernel',
  CONTAINER_KERNEL_NOT_IN_IMAGE: 'this is a container: the kernel is that of the host',
  CUSTOM_KERNEL_NO_PACKAGE: 'no distribution publishes packages for this kernel',
  SYSMAP_STUB: 'System.map is the placeholder that Debian and Ubuntu install',
  SYSMAP_MISSING: 'System.map is absent or empty',
  KERNEL_TREE_NOT_BUILT: 'a kernel source tree that was never configured or built',
  PERM_GROUPS: 'the user is in none of the groups stapusr, stapsys and stapdev that the run needs',
  PERM_CONTROL_CHANNEL: 'the module was loaded but its control files cannot be reached',
  MODULE_NOT_IN_LIB_MODULES: 'the probed module lies outside /lib/modules',
  BAD_RELEASE_OPTION: 'stap -r names no usable release or build tree',
  KERNEL_CONFIG: 'a CONFIG_ option that SystemTap needs is off in this kernel',
  STALE_CACHE: 'a module from the stap cache was used again after the environment had changed',
  STAPRUN_VERSION_MISMATCH: 'stap and staprun are of different eras',
  NO_SPACE: 'a disk or TMPDIR is full, missing or not writable',
} as const satisfies Record<string, string>;

export type DiagnosisCode = keyof typeof DIAGNOSIS_CODES;

/** Whether a word is the code of a diagnosis. */
export function isDiagnosisCode(text: string): text is DiagnosisCode {
  return Object.hasOwn(DIAGNOSIS_CODES, text);
}
