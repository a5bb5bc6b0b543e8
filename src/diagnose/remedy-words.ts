/** Remedies inside of sentences. Pure. */
import type { Remedy } from '../types.ts';
import { prepare } from '../make-remedy.ts';
import { renderRemedy } from './render-remedy.ts';
import { canPrepare, settleRemedies } from './settle-remedies.ts';
import type { Situation } from './situation.ts';

/** The commands of a remedy as one line for the target at hand. */
function inWords(situation: Situation, remedy: Remedy): string {
  return settleRemedies([remedy], situation)
    .flatMap((one) => renderRemedy(one, situation.place))
    .join(' && ');
}

/** A sentence about a remedy; null where it cannot be carried out on this target. */
export function withCommand(
  situation: Situation,
  remedy: Remedy,
  sentence: (command: string) => string,
): string | null {
  const command = inWords(situation, remedy);
  return command === '' ? null : sentence(command);
}

/** A sentence about letting tapprep prepare the kernel; null where it would refuse to. */
export function withPrepare(situation: Situation, sentence: (command: string) => string): string | null {
  return canPrepare(situation) ? withCommand(situation, prepare(), sentence) : null;
}
