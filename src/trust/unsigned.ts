/** What is said of a file that nobody signed. */
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';

/** The switch that lets it in all the same. */
export const UNSIGNED_SWITCH = '--allow-unsigned-packages';

/**
 * The refusal.
 * @param sentence which file, and why nobody vouches for it
 * @param without the switch that leaves it out, where there is one
 */
export function refuseUnsigned(
  sentence: string,
  facts: Readonly<Record<string, unknown>>,
  without: string | null = null,
): TapprepError {
  return new TapprepError('UNSIGNED', `${sentence}, and what nobody signed is not installed`, {
    remedy: tapprep('mirrors', 'list'),
    hint: `for sources that sign; ${without === null ? '' : `${without} does without it; `}${UNSIGNED_SWITCH} takes it all the same, and runs none of an rpm's scripts`,
    facts,
  });
}
