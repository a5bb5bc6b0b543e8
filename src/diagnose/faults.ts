/** Every fault, one file each: page, symptoms and remedy stand together. */
import type { DiagnosisCode } from './codes.ts';
import type { Fault } from './fault.ts';
import { DEVEL_MISSING } from './faults/devel-missing.ts';
import { DEVEL_VERSION_MISMATCH } from './faults/devel-version-mismatch.ts';
import { DEVEL_INCOMPLETE } from './faults/devel-incomplete.ts';
import { DEVEL_VENDOR_MISMATCH } from './faults/devel-vendor-mismatch.ts';
import { WRONG_VARIANT } from './faults/wrong-variant.ts';
import { DEBUGINFO_MISSING } from './faults/debuginfo-missing.ts';
import { DEBUGINFO_VERSION_MISMATCH } from './faults/debuginfo-version-mismatch.ts';
import { DEBUGINFO_UNUSABLE } from './faults/debuginfo-unusable.ts';
import { USERSPACE_DEBUGINFO_MISSING } from './faults/userspace-debuginfo-missing.ts';
import { REPO_NO_PACKAGE } from './faults/repo-no-package.ts';
import { REPO_NOT_CONFIGURED } from './faults/repo-not-configured.ts';
import { REPO_MISCONFIGURED } from './faults/repo-misconfigured.ts';
import { KERNEL_NOT_LATEST_INSTALLED } from './faults/kernel-not-latest-installed.ts';
import { STAP_TOO_OLD } from './faults/stap-too-old.ts';
import { STAP_INSTALL_BROKEN } from './faults/stap-install-broken.ts';
import { GURU_MODVERSIONS } from './faults/guru-modversions.ts';
import { SECUREBOOT_SIGNATURE } from './faults/secureboot-signature.ts';
import { GCC_OR_BUILD_MISMATCH } from './faults/gcc-or-build-mismatch.ts';
import { CONTAINER_KERNEL_NOT_IN_IMAGE } from './faults/container-kernel-not-in-image.ts';
import { CUSTOM_KERNEL_NO_PACKAGE } from './faults/custom-kernel-no-package.ts';
import { SYSMAP_STUB } from './faults/sysmap-stub.ts';
import { SYSMAP_MISSING } from './faults/sysmap-missing.ts';
import { KERNEL_TREE_NOT_BUILT } from './faults/kernel-tree-not-built.ts';
import { PERM_GROUPS } from './faults/perm-groups.ts';
import { PERM_CONTROL_CHANNEL } from './faults/perm-control-channel.ts';
import { MODULE_NOT_IN_LIB_MODULES } from './faults/module-not-in-lib-modules.ts';
import { BAD_RELEASE_OPTION } from './faults/bad-release-option.ts';
import { KERNEL_CONFIG } from './faults/kernel-config.ts';
import { STALE_CACHE } from './faults/stale-cache.ts';
import { STAPRUN_VERSION_MISMATCH } from './faults/staprun-version-mismatch.ts';
import { NO_SPACE } from './faults/no-space.ts';

export const FAULTS: Readonly<Record<DiagnosisCode, Fault>> = {
  DEVEL_MISSING,
  DEVEL_VERSION_MISMATCH,
  DEVEL_INCOMPLETE,
  DEVEL_VENDOR_MISMATCH,
  WRONG_VARIANT,
  DEBUGINFO_MISSING,
  DEBUGINFO_VERSION_MISMATCH,
  DEBUGINFO_UNUSABLE,
  USERSPACE_DEBUGINFO_MISSING,
  REPO_NO_PACKAGE,
  REPO_NOT_CONFIGURED,
  REPO_MISCONFIGURED,
  KERNEL_NOT_LATEST_INSTALLED,
  STAP_TOO_OLD,
  STAP_INSTALL_BROKEN,
  GURU_MODVERSIONS,
  SECUREBOOT_SIGNATURE,
  GCC_OR_BUILD_MISMATCH,
  CONTAINER_KERNEL_NOT_IN_IMAGE,
  CUSTOM_KERNEL_NO_PACKAGE,
  SYSMAP_STUB,
  SYSMAP_MISSING,
  KERNEL_TREE_NOT_BUILT,
  PERM_GROUPS,
  PERM_CONTROL_CHANNEL,
  MODULE_NOT_IN_LIB_MODULES,
  BAD_RELEASE_OPTION,
  KERNEL_CONFIG,
  STALE_CACHE,
  STAPRUN_VERSION_MISMATCH,
  NO_SPACE,
};
