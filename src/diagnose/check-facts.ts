/** Every check that explains a broken setup without any log: facts in, findings and one verdict out. Pure. */
import type { Diagnosis, HostFacts, Target } from '../types.ts';
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

/** Of what builds a module. A SystemTap in a folder of tapprep's own is not among the facts of a host. */
const OF_TOOLS = { installed: [checkSystemtap, checkCompiler, checkMake], placed: [checkCompiler, checkMake] } as const;

/** What is missing of the tools that verification needs. @param systemtap the distribution's, or one that tapprep placed */
export function checkTools(
  facts: HostFacts,
  target: Target,
  reach: Reach,
  systemtap: keyof typeof OF_TOOLS,
): readonly Diagnosis[] {
  const view = { facts, target, situation: describeSituation(readLogFacts([]), facts, target, reach) };
  const findings = OF_TOOLS[systemtap].flatMap((check) => check(view));
  return findings.flatMap(({ status, diagnosis }) => (status === 'problem' && diagnosis !== null ? [diagnosis] : []));
}

/** Runs every check; a failed one never hides another. @param reach how the machine is named and reached */
export function checkFacts(facts: HostFacts, target: Target | null, reach?: Reach): readonly Finding[] {
  const view = { facts, target, situation: describeSituation(readLogFacts([]), facts, target, reach) };
  return CHECKS.flatMap((check) => check(view));
}
