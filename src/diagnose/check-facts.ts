/** Every check that explains a broken setup without any log: facts in, findings and one verdict out. Pure. */
import type { HostFacts, Target } from '../types.ts';
import { checkBuild, checkBuildTree } from './checks/build-tree.ts';
import { checkDebuginfo, checkSystemMap } from './checks/debuginfo.ts';
import { checkConfig, checkContainer, checkKernel, checkNewest } from './checks/kernel.ts';
import { checkModulePolicy, checkUser } from './checks/policy.ts';
import { checkSpace } from './checks/space.ts';
import { checkCache, checkSystemtap } from './checks/systemtap.ts';
import { checkCompiler, checkMake } from './checks/toolchain.ts';
import type { Check, Finding } from './finding.ts';
import { readLogFacts } from './log-facts.ts';
import type { Reach } from './place.ts';
import { describeSituation } from './situation.ts';

/** In this order: what makes everything behind it pointless comes first. */
const CHECKS: readonly Check[] = [
  checkKernel,
  checkContainer,
  checkConfig,
  checkModulePolicy,
  checkSystemtap,
  // The groups come with SystemTap.
  checkUser,
  checkBuildTree,
  checkBuild,
  checkCompiler,
  checkMake,
  checkSystemMap,
  checkDebuginfo,
  checkSpace,
  checkNewest,
  checkCache,
];

/** Runs every check; a failed one never hides another. @param reach how the machine is named and reached */
export function checkFacts(facts: HostFacts, target: Target | null, reach?: Reach): readonly Finding[] {
  const view = { facts, target, situation: describeSituation(readLogFacts([]), facts, target, reach) };
  return CHECKS.flatMap((check) => check(view));
}
