/** One answer from many findings: ready, or the shortest way there. Pure. */
import type { Diagnosis, HostFacts } from '../types.ts';
import type { DiagnosisCode } from './codes.ts';
import { asRoot, onTarget, prepareWithTapprep, tapprepCommand } from './commands.ts';
import type { Finding } from './finding.ts';
import { readLogFacts } from './log-facts.ts';
import { describeSituation } from './situation.ts';

export interface Verdict {
  readonly ready: boolean;
  /** To paste in this order, on the target. */
  readonly commands: readonly string[];
  /** What no command on the target can do; sentences. */
  readonly byHand: readonly string[];
}

/** What one run of install mends together: packages, SystemTap and what compiles modules. */
const INSTALLABLE: ReadonlySet<string> = new Set<DiagnosisCode>([
  'DEVEL_MISSING',
  'DEVEL_VERSION_MISMATCH',
  'DEVEL_INCOMPLETE',
  'DEVEL_VENDOR_MISMATCH',
  'WRONG_VARIANT',
  'DEBUGINFO_MISSING',
  'DEBUGINFO_VERSION_MISMATCH',
  'DEBUGINFO_UNUSABLE',
  'STAPRUN_VERSION_MISMATCH',
  'REPO_NO_PACKAGE',
  'REPO_NOT_CONFIGURED',
  'STAP_TOO_OLD',
]);
/** What nothing that is typed on the target can mend: packages for it would be of no use there. */
const ELSEWHERE: ReadonlySet<string> = new Set<DiagnosisCode>([
  'CONTAINER_KERNEL_NOT_IN_IMAGE',
  'CUSTOM_KERNEL_NO_PACKAGE',
  'KERNEL_CONFIG',
]);

/** One thing that must be mended, wherever it was seen. */
interface Problem {
  readonly diagnosis: Diagnosis;
  /** Name of the check; null for what a log told. */
  readonly check: string | null;
}

/**
 * Ready when no check found a problem and the log, where there is one, shows no failure. Of a log only the likeliest
 * explanation counts: the others are alternatives to it, not further problems.
 */
export function reachVerdict(facts: HostFacts, findings: readonly Finding[], log: readonly Diagnosis[] = []): Verdict {
  const problems: readonly Problem[] = [
    ...log.slice(0, 1).map((diagnosis) => ({ diagnosis, check: null })),
    ...findings.flatMap(({ status, diagnosis, check }) =>
      status === 'problem' && diagnosis !== null ? [{ diagnosis, check }] : [],
    ),
  ];
  if (problems.length === 0) return { ready: true, commands: [], byHand: [] };
  const elsewhere = problems.filter(({ diagnosis }) => ELSEWHERE.has(diagnosis.code));
  if (elsewhere.length > 0) return { ready: false, commands: [], byHand: [...new Set(elsewhere.flatMap(byHandOf))] };
  const situation = describeSituation(readLogFacts([]), facts, null);
  const installable = problems.some(isInstallable);
  const others = problems.filter((one) => !isInstallable(one)).flatMap(({ diagnosis }) => diagnosis.fix);
  const reboot = asRoot(situation, 'reboot');
  const caches = facts.systemtap?.cachePaths ?? [];
  const commands = [
    ...(installable ? [prepareWithTapprep(situation)] : []),
    ...others.filter((command) => command !== reboot),
    ...(installable && caches.length > 0 ? [onTarget(situation, `rm -rf ${caches.join(' ')}`)] : []),
    ...(installable ? [] : [tapprepCommand(situation, 'verify')]),
    ...(others.includes(reboot) ? [reboot] : []),
  ];
  return { ready: false, commands: [...new Set(commands)], byHand: [] };
}

/** A missing program of SystemTap or a missing compiler is a package too; a wrong mode is not. */
function isInstallable({ diagnosis, check }: Problem): boolean {
  if (check === 'compiler' || check === 'make' || INSTALLABLE.has(diagnosis.code)) return true;
  return diagnosis.code === 'STAP_INSTALL_BROKEN' && !diagnosis.fix.some((command) => command.includes('chmod'));
}

function byHandOf({ diagnosis }: Problem): readonly string[] {
  return [diagnosis.cause, ...(diagnosis.otherwise === null ? [] : [diagnosis.otherwise])];
}
