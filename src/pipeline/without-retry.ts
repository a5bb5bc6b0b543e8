/** What is advised after every way to a SystemTap has failed: not to try the same again. */
import { reachOf } from '../diagnose/place.ts';
import { renderRemedies } from '../diagnose/render-remedy.ts';
import { describeMachine } from '../diagnose/situation.ts';
import { tapprep } from '../make-remedy.ts';
import type { HostFacts, Remedy, VerifyReport } from '../types.ts';

/** Takes the remedy that looks for a SystemTap out of a report, and names what is left: to see what the kernel calls for. */
export function withoutRetry(report: VerifyReport, facts: HostFacts): VerifyReport {
  const { place } = describeMachine(facts, report.target, reachOf(facts));
  const diagnoses = report.diagnoses.map((each) => {
    const left = each.remedies.filter((remedy) => !looksForSystemtap(remedy));
    if (left.length === each.remedies.length) return each;
    const remedies = left.some(({ kind }) => kind !== 'empty-caches') ? left : [tapprep('mends', 'list'), ...left];
    return { ...each, remedies, fix: renderRemedies(remedies, place) };
  });
  return { ...report, diagnoses };
}

function looksForSystemtap(remedy: Remedy): boolean {
  return remedy.kind === 'prepare-kernel' && remedy.systemtap === 'auto';
}
