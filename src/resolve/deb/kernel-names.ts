/** Names of what a plan for a Debian or Ubuntu kernel begins with, beside headers and debug package. Pure. */
import type { DebTarget } from '../../types.ts';
import { namePackages } from '../package-names.ts';
import type { PlanRequest } from '../plan.ts';
import type { WantedNames } from './reader.ts';

/** Compiler and make are what stap calls; no package of SystemTap depends on a compiler. */
export const TOOLCHAIN: readonly string[] = ['gcc', 'make'];
/** Its runtime and tapsets come along by their exact versions. */
export const SYSTEMTAP = 'systemtap';

/** Package names of the kernel itself, the one that a system boots first. */
export function imageNames({ release }: DebTarget): readonly string[] {
  return [`linux-image-${release}`, `linux-image-${release}-unsigned`, `linux-image-unsigned-${release}`];
}

/**
 * What the readers must be asked for so that `planDeb` can plan: the roots with all that they depend on, every kernel
 * that may explain a miss, and the installed packages, whose own dependencies an upgrade must not break.
 */
export function wantedNames(target: DebTarget, request: PlanRequest): WantedNames {
  const roots = [
    ...namePackages(target).map(({ name }) => name),
    ...imageNames(target),
    ...TOOLCHAIN,
    ...(request.roles.systemtap === 'distro' ? [SYSTEMTAP] : []),
  ];
  const installed = new Set(request.installed?.map(({ name }) => name));
  return { roots, wantsName: (name) => /^linux-(?:headers|image)-/.test(name) || installed.has(name) };
}
