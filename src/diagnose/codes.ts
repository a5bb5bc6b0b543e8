/** The closed list of diagnosis codes. What each means stands in its file of faults/. */

export const DIAGNOSIS_CODES = [
  'DEVEL_MISSING',
  'DEVEL_VERSION_MISMATCH',
  'DEVEL_INCOMPLETE',
  'DEVEL_VENDOR_MISMATCH',
  'WRONG_VARIANT',
  'DEBUGINFO_MISSING',
  'DEBUGINFO_VERSION_MISMATCH',
  'DEBUGINFO_UNUSABLE',
  'USERSPACE_DEBUGINFO_MISSING',
  'REPO_NO_PACKAGE',
  'REPO_NOT_CONFIGURED',
  'REPO_MISCONFIGURED',
  'KERNEL_NOT_LATEST_INSTALLED',
  'STAP_TOO_OLD',
  'STAP_INSTALL_BROKEN',
  'GURU_MODVERSIONS',
  'SECUREBOOT_SIGNATURE',
  'GCC_OR_BUILD_MISMATCH',
  'CONTAINER_KERNEL_NOT_IN_IMAGE',
  'CUSTOM_KERNEL_NO_PACKAGE',
  'SYSMAP_STUB',
  'SYSMAP_MISSING',
  'KERNEL_TREE_NOT_BUILT',
  'PERM_GROUPS',
  'PERM_CONTROL_CHANNEL',
  'MODULE_NOT_IN_LIB_MODULES',
  'BAD_RELEASE_OPTION',
  'KERNEL_CONFIG',
  'STALE_CACHE',
  'STAPRUN_VERSION_MISMATCH',
  'NO_SPACE',
] as const;

export type DiagnosisCode = (typeof DIAGNOSIS_CODES)[number];

const KNOWN: ReadonlySet<string> = new Set(DIAGNOSIS_CODES);

/** Whether a word is the code of a diagnosis. */
export function isDiagnosisCode(text: string): text is DiagnosisCode {
  return KNOWN.has(text);
}
