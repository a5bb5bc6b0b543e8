/** The closed list of diagnosis codes, from the particular to the general: of two that are as likely the first comes first. */

export const DIAGNOSIS_CODES = [
  'STALE_CACHE',
  'CONTAINER_KERNEL_NOT_IN_IMAGE',
  'CUSTOM_KERNEL_NO_PACKAGE',
  'WRONG_VARIANT',
  'KERNEL_NOT_LATEST_INSTALLED',
  'NO_SPACE',
  'BAD_RELEASE_OPTION',
  'REPO_MISCONFIGURED',
  'DEVEL_VENDOR_MISMATCH',
  'DEVEL_VERSION_MISMATCH',
  'DEBUGINFO_VERSION_MISMATCH',
  'KERNEL_TREE_NOT_BUILT',
  'DEVEL_INCOMPLETE',
  'SECUREBOOT_SIGNATURE',
  'GURU_MODVERSIONS',
  'STAPRUN_VERSION_MISMATCH',
  'KERNEL_CONFIG',
  'PERM_GROUPS',
  'PERM_CONTROL_CHANNEL',
  'STAP_INSTALL_BROKEN',
  'GCC_OR_BUILD_MISMATCH',
  'STAP_TOO_OLD',
  'MODULE_NOT_IN_LIB_MODULES',
  'REPO_NOT_CONFIGURED',
  'REPO_NO_PACKAGE',
  'DEVEL_MISSING',
  'DEBUGINFO_UNUSABLE',
  'DEBUGINFO_MISSING',
  'USERSPACE_DEBUGINFO_MISSING',
  'SYSMAP_STUB',
  'SYSMAP_MISSING',
] as const;

export type DiagnosisCode = (typeof DIAGNOSIS_CODES)[number];

const KNOWN: ReadonlySet<string> = new Set(DIAGNOSIS_CODES);

/** Whether a word is the code of a diagnosis. */
export function isDiagnosisCode(text: string): text is DiagnosisCode {
  return KNOWN.has(text);
}
