/** The hints of errors, made at the edge: only here it is known which target the command was given. */
import { HERE, type Place, type Reach, reachByOptions } from '../diagnose/place.ts';
import { isRemedy, renderRemedy } from '../diagnose/render-remedy.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import { givenTarget, type Raw, readText } from './options.ts';

const NO_TARGET: Place = { reach: HERE, kernel: null, manager: null, sudo: false };

/** What to paste after an error, for the target at hand; null where nothing is known. */
export function hintOf({ hint, remedy }: TapprepError, place: Place = NO_TARGET): string | null {
  if (remedy === null || !isRemedy(remedy)) return hint;
  const commands = renderRemedy(remedy, place);
  return commands.length === 0 ? hint : commands.join('; ');
}

/** The same error with its hint as text. Anything else is given back as it is. */
export function withHint(error: unknown, place: Place): unknown {
  if (!isTapprepError(error) || error.remedy === null) return error;
  const { code, message, facts, cause } = error;
  const hint = hintOf(error, place);
  return new TapprepError(code, message, { ...(hint === null ? {} : { hint }), facts, cause });
}

/** The target as the options of a command name it. @param isRoot whether this process has root rights */
export function placeOfOptions(raw: Raw, isRoot: boolean): Place {
  const given = givenTarget(raw);
  const reach = reachByOptions(given, readText(raw, 'sshConfig'));
  return { reach, kernel: given.kernel, manager: null, sudo: needsSudo(reach, isRoot) };
}

function needsSudo(reach: Reach, isRoot: boolean): boolean {
  return reach.via === 'ssh' ? !/^(?:ssh:\/\/)?root@/.test(reach.destination) : !isRoot;
}
