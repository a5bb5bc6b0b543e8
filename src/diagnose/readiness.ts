/** One answer from many findings: ready, or the shortest way there. Pure. */
import { isStapCache } from '../detect/stap-cache.ts';
import type { Diagnosis, HostFacts, Remedy } from '../types.ts';
import type { DiagnosisCode } from './codes.ts';
import { FAULTS } from './faults.ts';
import type { Finding } from './finding.ts';
import { readLogFacts } from './log-facts.ts';
import { prepare, tapprep } from '../make-remedy.ts';
import type { Reach } from './place.ts';
import { renderRemedies } from './render-remedy.ts';
import { canPrepare, findDoubt, settleRemedies } from './settle-remedies.ts';
import { describeSituation } from './situation.ts';

export interface Readiness {
  readonly ready: boolean;
  /** In the order in which they help. */
  readonly remedies: readonly Remedy[];
  /** The same, to paste. */
  readonly commands: readonly string[];
  /** What no command on the target can do; sentences. */
  readonly byHand: readonly string[];
}

/**
 * Ready when no check found a problem and the log, where there is one, shows no failure. Of a log only the likeliest
 * explanation counts: the others are alternatives to it, not further problems.
 */
export function judgeReadiness(
  facts: HostFacts,
  findings: readonly Finding[],
  log: readonly Diagnosis[] = [],
  reach?: Reach,
): Readiness {
  const problems = [
    ...log.slice(0, 1),
    ...findings.flatMap(({ status, diagnosis }) => (status === 'problem' && diagnosis !== null ? [diagnosis] : [])),
  ];
  if (problems.length === 0) return { ready: true, remedies: [], commands: [], byHand: [] };
  const elsewhere = problems.filter(({ code }) => FAULTS[code as DiagnosisCode].beyondTarget);
  if (elsewhere.length > 0) {
    return { ready: false, remedies: [], commands: [], byHand: [...new Set(elsewhere.flatMap(byHandOf))] };
  }
  const situation = describeSituation(readLogFacts([]), facts, null, reach);
  const doubt = findDoubt(situation);
  if (doubt !== null) return { ready: false, remedies: [], commands: [], byHand: [doubt] };
  const byInstall = canPrepare(situation) ? problems.filter(isMendedByInstall) : [];
  const others = problems.filter((one) => !byInstall.includes(one)).flatMap(({ remedies }) => remedies);
  const caches = (facts.systemtap?.cachePaths ?? []).filter(isStapCache);
  const remedies = settleRemedies(
    [
      ...(byInstall.length > 0 ? [prepare()] : []),
      ...others.filter(({ kind }) => kind !== 'reboot'),
      ...(byInstall.length > 0 && caches.length > 0 ? [emptyCaches(caches)] : []),
      ...(byInstall.length > 0 ? [] : [tapprep('verify')]),
      ...others.filter(({ kind }) => kind === 'reboot'),
    ],
    situation,
  );
  return { ready: false, remedies, commands: renderRemedies(remedies, situation.place), byHand: [] };
}

function emptyCaches(paths: readonly string[]): Remedy {
  return { kind: 'empty-caches', by: 'tapprep', paths };
}

/** One run of install brings all packages that a proof needs: those of the kernel, SystemTap and what compiles modules. */
function isMendedByInstall({ remedies }: Diagnosis): boolean {
  return remedies.some(
    (remedy) =>
      remedy.kind === 'prepare-kernel' ||
      ((remedy.kind === 'install-packages' || remedy.kind === 'reinstall-packages') &&
        remedy.purpose !== 'program-debuginfo'),
  );
}

function byHandOf({ cause, otherwise }: Diagnosis): readonly string[] {
  return [cause, ...(otherwise === null ? [] : [otherwise])];
}
