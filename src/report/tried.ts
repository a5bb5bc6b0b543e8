/** What is told of a SystemTap that was tried, beside its reason: one sentence each. Pure. */
import type { TriedSystemtap } from '../pipeline/provide-systemtap.ts';
import { describeOutside } from '../systemtap/mends/choose-mends.ts';
import { describeLookedUp } from '../systemtap/mends/look-up.ts';

export function describeTried({ missing = [], outside = [], caseFile }: TriedSystemtap): readonly string[] {
  const kept = 'nothing that is known mends it; read the file that keeps the failure, and send it to whoever can';
  return [
    ...missing.map(describeLookedUp),
    ...outside.map(describeOutside),
    ...(caseFile === undefined ? [] : [`${kept}: ${caseFile}`]),
  ];
}
